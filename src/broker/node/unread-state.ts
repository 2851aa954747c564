import { messageOf, refusedError } from '../../core/errors/errors.js';

const NOT_THERE = new Set(['ENOENT', 'ENOTDIR']);

/**
 * Of a kept node's file or folder that could not be read: one that is not there says that there is no node. Of any
 * other nobody knows, and a broker that is not meant would be used instead: throws `STATE_NOT_READ`.
 */
export function throwUnlessMissing(path: string, error: unknown): void {
  if (error instanceof Error && 'code' in error && NOT_THERE.has(String(error.code))) return;
  throw refusedError(
    'STATE_NOT_READ',
    `whether fairq's own broker runs is not known, for ${path} cannot be read: ${messageOf(error)}`,
    {
      hint: 'It may belong to another user. Name the broker with --uri or FAIRQ_URI, or a folder of your own in XDG_STATE_HOME.',
      cause: error,
    },
  );
}
