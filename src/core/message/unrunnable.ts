/** A task that no further attempt would run: it is a dead letter at once, with this message as its reason. */
export class Unrunnable extends Error {
  override readonly name: string = 'Unrunnable';
}

/** A task that was there each time when so many workers died. */
export class WorkerKiller extends Unrunnable {
  override readonly name = 'WorkerKiller';
}
