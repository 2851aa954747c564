import { type ErrorDetails, type FairqError, usageError } from '../../core/errors/errors.js';

const A_LINE =
  'Each line is {"user": "…", "task": "…", "payload": …}; task and payload may be left out, and the user where there is a "queue".';

/** What is wrong with a line, by its number. */
export class BadLine extends Error {
  override readonly name = 'BadLine';
  /** What to do about it. */
  readonly hint: string;

  constructor(
    readonly line: number,
    reason: string,
    { hint = A_LINE, cause }: ErrorDetails = {},
  ) {
    super(reason, cause === undefined ? undefined : { cause });
    this.hint = hint;
  }
}

/** @param whatWasSent the end of the sentence */
export function badLine(
  name: string,
  { line, message, hint, cause }: BadLine,
  whatWasSent: string,
): FairqError {
  return usageError('BAD_LINE', `${name}, line ${line}: ${message}; ${whatWasSent}`, {
    hint,
    cause,
  });
}

export function noTasks(name: string): FairqError {
  return usageError('NO_TASKS', `${name} holds no task`, {
    hint: 'Write one task a line, such as {"user":"A","task":"noop","payload":"…"}.',
  });
}
