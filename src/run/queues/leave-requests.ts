import type { Connection } from '../../broker/connection.js';
import { announce, type LeaveAnswer, listen } from '../../broker/control.js';
import type { LastingChannel } from '../../broker/lasting-channel.js';
import type { Names } from '../../core/names.js';

/** Workers that answer at all have answered by then. */
const PATIENCE_MS = 500;

interface Request {
  /** Answers that are still to come, by queue. */
  readonly expected: Map<string, number>;
  readonly kept: Set<string>;
  done(): void;
}

/** Asks the workers to leave queues alone that are to be deleted. */
export class LeaveRequests {
  readonly #requests = new Map<string, Request>();
  #channel: LastingChannel | undefined;

  private constructor(
    private readonly names: Names,
    private readonly newId: () => string,
  ) {}

  static async open(
    connection: Connection,
    names: Names,
    newId: () => string,
    onFailure: (error: Error) => void,
  ): Promise<LeaveRequests> {
    const requests = new LeaveRequests(names, newId);
    requests.#channel = await listen(connection, names, {
      onMessage: (message) => {
        if (message.kind === 'left') requests.#answered(message);
      },
      onFailure,
    });
    return requests;
  }

  /**
   * @param consumers how many each queue has
   * @returns the queues that all of their consumers have left, holding nothing of them. One that has gone
   *   without a word, or is no fairq, counts as one that stays.
   */
  async ask(consumers: ReadonlyMap<string, number>): Promise<ReadonlySet<string>> {
    const channel = this.#channel?.current;
    if (channel === undefined || consumers.size === 0) return new Set();
    const id = this.newId();
    let timer: NodeJS.Timeout | undefined;
    const expected = new Map(consumers);
    const kept = new Set<string>();
    await new Promise<void>((done) => {
      timer = setTimeout(done, PATIENCE_MS);
      this.#requests.set(id, { expected, kept, done });
      announce(channel, this.names, { kind: 'leave', request: id, queues: [...consumers.keys()] });
    });
    clearTimeout(timer);
    this.#requests.delete(id);
    return new Set([...consumers.keys()].filter((queue) => !expected.has(queue) && !kept.has(queue)));
  }

  /** Workers take the queue up again, or for the first time. */
  tellOf(queue: string): void {
    const channel = this.#channel?.current;
    if (channel !== undefined) announce(channel, this.names, { kind: 'queue', queue });
  }

  close(): void {
    this.#channel?.close();
  }

  #answered({ request: id, left, kept }: LeaveAnswer): void {
    const request = this.#requests.get(id);
    if (request === undefined) return;
    for (const queue of kept) request.kept.add(queue);
    for (const queue of [...left, ...kept]) {
      const open = request.expected.get(queue);
      if (open === undefined) continue;
      if (open > 1) request.expected.set(queue, open - 1);
      else request.expected.delete(queue);
    }
    if (request.expected.size === 0) request.done();
  }
}
