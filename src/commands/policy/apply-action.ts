import { stringify } from 'smol-toml';
import { usageError } from '../../core/errors/errors.js';
import { differenceOf, rulesInForce } from '../../core/policy/policy-changes.js';
import type { PolicyRule } from '../../core/policy/policy-document.js';
import { BadPolicyFile, fileOfRules, rulesOfFile } from '../../core/policy/policy-file.js';
import { renderDifference } from '../../render/policy/list-text.js';
import { readTable } from '../flags/table-file.js';
import { confirmedLines } from '../shared/confirm.js';
import type { CommandResult, Context } from '../shared/context.js';
import { ownName } from '../shared/own-name.js';
import type { ApplyFlags } from './apply-command.js';
import { carryOut, epochMs } from './carry-out.js';
import { policyNow } from './look-action.js';

const EXAMPLE = '[users.A] and then weight = 2';

export async function apply(flags: ApplyFlags, context: Context): Promise<CommandResult> {
  const now = epochMs(context);
  const by = flags.by ?? ownName(context);
  const file = await readTable(flags.file, flags.file, 'POLICY_NOT_READ', EXAMPLE);
  const before = await policyNow(context, 'fairq policy apply');
  const inForce = rulesInForce(before.rules, now);
  const rules = rulesFrom(flags.file, file, { by, at: now, before: inForce });
  const changes = differenceOf({ rules: inForce }, { rules });
  const isOfTenants = rules.some(({ of }) => of === 'tenant');
  const head = {
    schemaVersion: 1,
    kind: 'policy-plan',
    revision: before.revision,
    dryRun: flags.dryRun === true,
    changed: false,
    changes: changes.map((change) => ({
      ...change,
      before: change.before ?? null,
      after: change.after ?? null,
    })),
  };
  if (changes.length === 0) {
    return {
      document: head,
      text: () => `The policy is what ${flags.file} says (revision ${before.revision}).`,
    };
  }
  const count = `${changes.length} ${changes.length === 1 ? 'setting' : 'settings'}`;
  if (flags.dryRun === true) {
    return {
      document: head,
      text: (style) => `${renderDifference(changes, style)}\n\n${count} would change. Nothing was changed.`,
    };
  }
  const difference = renderDifference(changes, context.style);
  if (
    !(await confirmedLines(context, difference, `${count} of the policy would change.`, flags.yes === true))
  ) {
    return { document: head, text: () => 'Nothing was changed.' };
  }
  return carryOut(context, {
    verb: 'fairq policy apply',
    by,
    flags,
    seen: before.revision,
    text: () => `${count} changed`,
    next: () => ({ rules, what: `${count} from a file`, ...(isOfTenants && { of: 'tenant' }) }),
  });
}

export async function exported(_flags: object, context: Context): Promise<CommandResult> {
  const { rules, revision } = await policyNow(context, 'fairq policy export');
  const file = fileOfRules(rulesInForce(rules, epochMs(context)));
  const toml = Object.keys(file).length === 0 ? '# Nothing is set.' : stringify(file).trimEnd();
  return {
    document: { schemaVersion: 1, kind: 'policy-export', revision, policy: file },
    text: () => toml,
  };
}

function rulesFrom(name: string, file: unknown, applied: Parameters<typeof rulesOfFile>[1]): PolicyRule[] {
  try {
    return rulesOfFile(file, applied);
  } catch (error) {
    if (!(error instanceof BadPolicyFile)) throw error;
    throw usageError('BAD_POLICY_FILE', `${name}: ${error.message}; nothing was changed`, {
      hint: `Write a table for each name, such as: ${EXAMPLE}. "fairq policy export" writes the policy that counts.`,
      cause: error,
    });
  }
}
