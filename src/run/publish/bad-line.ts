import { type FairqError, usageError } from '../../errors.js';

/** What is wrong with a line, by its number. */
export class BadLine extends Error {
  override readonly name = 'BadLine';

  constructor(
    readonly line: number,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(reason, options);
  }
}

/** @param whatWasSent the end of the sentence */
export function badLine(name: string, { line, message, cause }: BadLine, whatWasSent: string): FairqError {
  return usageError('BAD_LINE', `${name}, line ${line}: ${message}; ${whatWasSent}`, {
    hint: 'Each line is {"user": "…", "task": "…", "payload": …}; task and payload may be left out, and the user where there is a "queue".',
    cause,
  });
}

export function noTasks(name: string): FairqError {
  return usageError('NO_TASKS', `${name} holds no task`, {
    hint: 'Write one task a line, such as {"user":"A","task":"noop","payload":"…"}.',
  });
}
