import { usageError } from '../../core/errors/errors.js';
import { routingKeyOf } from '../../core/queues/names.js';
import { hashOf, newToken } from '../../serve/auth/tokens/token.js';
import type { TokenLine } from '../../serve/auth/tokens/tokens-file.js';
import type { CommandResult, Context } from '../shared/context.js';
import type { TokenFlags } from './token-command.js';

/** Nothing is written anywhere: where the line goes is the caller's matter. */
export async function token(flags: TokenFlags, context: Context): Promise<CommandResult> {
  const { user, role, tenant, note } = flags;
  routingKeyOf((await context.config()).names, user);
  if (tenant === '')
    throw usageError('EMPTY_TENANT', '--tenant is empty', { hint: 'Name one, or leave it out.' });
  const made = newToken();
  const line: TokenLine = {
    user,
    ...(tenant !== undefined && { tenant }),
    ...(role !== undefined && { roles: [role] }),
    ...(note !== undefined && { note }),
    sha256: hashOf(made).toString('hex'),
  };
  const text = JSON.stringify(line);
  return {
    document: { schemaVersion: 1, kind: 'token', token: made, line: text },
    text: () =>
      `token  ${made}\nline   ${text}\n\nThe token is not shown again. Append the line to the file of --tokens-file.`,
  };
}
