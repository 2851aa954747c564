/** No further attempt would run the task: the task is a dead letter at once, with this message as its reason. */
export class NonRetryableError extends Error {
  override readonly name: string = 'NonRetryableError';
}

/** The task was there each time when so many workers died. */
export class WorkerKiller extends NonRetryableError {
  override readonly name = 'WorkerKiller';
}
