import { z } from 'zod';
import type { Claimed } from '../checked-identity.js';
import { isRole } from '../roles.js';

/** Whose a token is, and what the token's SHA-256 is. */
export interface KnownToken extends Claimed {
  readonly hash: Buffer;
}

const schema = z.strictObject({
  user: z.string().min(1),
  tenant: z.string().min(1).optional(),
  roles: z.array(z.string().refine(isRole, 'is not one of user, viewer and operator')).default([]),
  /** For those who keep the file. */
  note: z.string().optional(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'is not 64 hexadecimal digits in lower case'),
});

/** A line of the file, which `parseTokens` reads. */
export type TokenLine = z.input<typeof schema>;

/**
 * A JSON object a line, for each token. Empty lines and lines that begin with # say nothing.
 *
 * @throws Error which names the line
 */
export function parseTokens(text: string): KnownToken[] {
  const lineOf = new Map<string, number>();
  return text.split('\n').flatMap((line, index) => {
    const written = line.trim();
    if (written === '' || written.startsWith('#')) return [];
    const { user, tenant, roles, sha256 } = parseLine(written, index + 1);
    const before = lineOf.get(sha256);
    if (before !== undefined) throw new Error(`line ${index + 1} has the same token as line ${before}`);
    lineOf.set(sha256, index + 1);
    return [{ user, tenant, roles, hash: Buffer.from(sha256, 'hex') }];
  });
}

function parseLine(line: string, number: number): z.output<typeof schema> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    // What the parser says shows a part of the line.
    throw new Error(`line ${number} is not JSON`, { cause });
  }
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  const issue = error.issues[0];
  throw new Error(`line ${number}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'is wrong'}`);
}

const READ_BY_OTHERS = 0o004;
const WRITTEN_BY_OTHERS = 0o022;

/** Why a file with this mode is not safe; undefined where it is. */
export function unsafeMode(mode: number): string | undefined {
  if ((mode & WRITTEN_BY_OTHERS) !== 0) return 'others may write it, and give themselves any role: chmod 600';
  if ((mode & READ_BY_OTHERS) !== 0) return 'every user of this machine may read it: chmod 600';
  return undefined;
}
