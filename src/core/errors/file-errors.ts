import { FairqError, messageOf, refusedError, usageError } from './errors.js';

/** The disk is full or read-only, or the file is as large as it may be: no other name would help. */
const OF_THE_DISK = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EFBIG', 'EIO', 'ENFILE', 'EMFILE']);

/**
 * A file that cannot be written, or a folder that cannot be made. What is wrong with its name is the command line's
 * matter, and what is wrong with the disk is not.
 *
 * @param what the flag with the file's name, or the file
 * @param hint where the name is wrong
 */
export function notWritten(code: string, what: string, error: unknown, hint: string): FairqError {
  const message = `${what}: it cannot be written: ${messageOf(error)}`;
  if (!isOfDisk(error)) return usageError(code, message, { hint, cause: error });
  return refusedError(code, message, {
    hint: 'Make room on the disk, or name a place on another one.',
    cause: error,
  });
}

/** An error of the system about a disk, which nobody has explained yet; any other stays as it is. */
export function explainDisk(error: unknown): unknown {
  if (error instanceof FairqError || !isOfDisk(error)) return error;
  const hint = 'Make room on the disk, or name a place on another one.';
  return refusedError('DISK', `a file cannot be written: ${messageOf(error)}`, { hint, cause: error });
}

function isOfDisk(error: unknown): boolean {
  return error instanceof Error && 'code' in error && OF_THE_DISK.has(String(error.code));
}
