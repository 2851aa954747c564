import { Problem } from './problem.js';

/** What an answer says of a document that has revisions. */
export function etagOf(revision: number): string {
  return `"${revision}"`;
}

/**
 * The revision that whoever asks has seen; undefined for `*`, which is whichever there is. A proxy that compresses marks
 * an ETag as weak, and what counts is the revision in it.
 *
 * @throws Problem 400, 428
 */
export function revisionSeen({ headers }: Pick<Request, 'headers'>): number | undefined {
  const said = headers.get('if-match')?.trim();
  if (said === undefined) {
    throw new Problem(
      428,
      'precondition-required',
      'A change says what it was made from',
      'Send If-Match with the ETag of what you have looked at, or with * to change whatever there is.',
    );
  }
  if (said === '*') return undefined;
  const revision = /^(?:W\/)?"(\d{1,15})"$/.exec(said)?.[1];
  if (revision !== undefined) return Number(revision);
  throw new Problem(
    400,
    'bad-etag',
    'This is no ETag of the policy',
    'Send If-Match with one ETag as GET /v1/policy gives it, quotes and all, or with *.',
  );
}

/** Whoever asks has this revision already. */
export function hasRevision({ headers }: Pick<Request, 'headers'>, revision: number): boolean {
  const tags = headers.get('if-none-match')?.split(',') ?? [];
  return tags.some((tag) => tag.trim().replace(/^W\//, '') === etagOf(revision));
}
