/** Queues of tasks by number. A task is in one queue at most, so a link for each is all the room that any number of queues takes. */
export class Fifos {
  readonly #first: Int32Array;
  readonly #last: Int32Array;
  readonly #next: Int32Array;
  /** Tasks in each. */
  readonly sizes: Uint32Array;

  constructor(queues: number, tasks: number) {
    this.#first = new Int32Array(queues);
    this.#last = new Int32Array(queues);
    this.#next = new Int32Array(tasks);
    this.sizes = new Uint32Array(queues);
  }

  push(queue: number, task: number): void {
    if (this.sizes[queue]!++ === 0) this.#first[queue] = task;
    else this.#next[this.#last[queue]!] = task;
    this.#last[queue] = task;
  }

  /** The oldest of a queue that has one. */
  first(queue: number): number {
    return this.#first[queue]!;
  }

  /** Takes out the oldest of a queue that has one. */
  shift(queue: number): number {
    const task = this.#first[queue]!;
    this.#first[queue] = this.#next[task]!;
    this.sizes[queue]!--;
    return task;
  }
}
