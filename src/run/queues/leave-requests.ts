import type { Connection } from '../../broker/connection/connection.js';
import type { ReconnectingChannel } from '../../broker/connection/reconnecting-channel.js';
import {
  announce,
  type ControlMessage,
  type LeaveAnswer,
  listen,
  ROLL_CALL_MS,
  WORKER_GONE_AFTER_MS,
} from '../../broker/control/control.js';
import type { Names } from '../../core/queues/names.js';

/** Workers that can answer have done so by then. */
const PATIENCE_MS = 500;

interface Request {
  /** Workers that have not answered. */
  readonly awaited: Set<string>;
  /** How many have left each queue. */
  readonly left: Map<string, number>;
  readonly kept: Set<string>;
  onAnswer(): void;
}

/**
 * Asks the workers to leave queues alone that are to be deleted. All of them are asked: one may hold tasks of a
 * queue that it does not consume at the moment, and the broker says that of nobody.
 */
export class LeaveRequests {
  readonly #requests = new Map<string, Request>();
  /** When each worker was last heard; milliseconds. */
  readonly #workers = new Map<string, number>();
  #channel: ReconnectingChannel | undefined;

  private constructor(
    private readonly names: Names,
    private readonly newId: () => string,
    private readonly now: () => number,
  ) {}

  static async open(
    connection: Connection,
    names: Names,
    newId: () => string,
    now: () => number,
    onFailure: (error: Error) => void,
  ): Promise<LeaveRequests> {
    const requests = new LeaveRequests(names, newId, now);
    requests.#channel = await listen(connection, names, {
      onMessage: (message) => requests.#heard(message),
      onFailure,
    });
    return requests;
  }

  /**
   * Finds out which workers there are.
   *
   * @param expected how many there may be: when so many have answered nobody else is waited for; undefined
   *   where that is not known
   */
  async rollCall(expected: number | undefined): Promise<void> {
    if (expected === 0) return;
    await this.#request([], ROLL_CALL_MS, () => expected !== undefined && this.#workers.size >= expected);
  }

  /**
   * @param consumers how many each of the queues has
   * @returns those that nobody holds a task of and that all of their consumers have left. A worker that does not
   *   answer may hold tasks of any, and a consumer that is no fairq stays.
   */
  async ask(consumers: ReadonlyMap<string, number>): Promise<ReadonlySet<string>> {
    for (const [id, at] of this.#workers)
      if (this.now() - at > WORKER_GONE_AFTER_MS) this.#workers.delete(id);
    const queues = [...consumers.keys()];
    const isConsumed = [...consumers.values()].some((count) => count > 0);
    if (queues.length === 0 || (this.#workers.size === 0 && !isConsumed)) return new Set(queues);
    const { awaited, kept, left } = await this.#request(
      queues,
      PATIENCE_MS,
      (request) => request.awaited.size === 0 && this.#workers.size > 0,
    );
    if (awaited.size > 0) return new Set();
    return new Set(
      queues.filter((queue) => !kept.has(queue) && (left.get(queue) ?? 0) >= (consumers.get(queue) ?? 0)),
    );
  }

  /** Workers take the queue up again, or for the first time. */
  tellOf(queue: string): void {
    const channel = this.#channel?.current;
    if (channel !== undefined) announce(channel, this.names, { kind: 'queue', queue });
  }

  close(): void {
    this.#channel?.close();
  }

  async #request(
    queues: readonly string[],
    patienceMs: number,
    isAnswered: (request: Request) => boolean,
  ): Promise<Request> {
    const id = this.newId();
    const request: Request = {
      awaited: new Set(this.#workers.keys()),
      left: new Map(),
      kept: new Set(),
      onAnswer: () => {},
    };
    const channel = this.#channel?.current;
    // While it cannot be asked, nothing is known of anybody.
    if (channel === undefined) return { ...request, awaited: new Set(['nobody can be asked']) };
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((done) => {
      timer = setTimeout(done, patienceMs);
      request.onAnswer = () => {
        if (isAnswered(request)) done();
      };
      this.#requests.set(id, request);
      announce(channel, this.names, { kind: 'leave', request: id, queues });
    });
    clearTimeout(timer);
    this.#requests.delete(id);
    return request;
  }

  #heard(message: ControlMessage): void {
    switch (message.kind) {
      case 'worker':
        this.#workers.set(message.worker.id, this.now());
        return;
      case 'bye':
        this.#gone(message.id);
        return;
      case 'left':
        this.#answered(message);
        return;
    }
  }

  #gone(id: string): void {
    this.#workers.delete(id);
    for (const request of this.#requests.values()) {
      request.awaited.delete(id);
      request.onAnswer();
    }
  }

  #answered({ request: id, worker, left, kept }: LeaveAnswer): void {
    this.#workers.set(worker, this.now());
    const request = this.#requests.get(id);
    if (request === undefined) return;
    for (const queue of kept) request.kept.add(queue);
    for (const queue of left) request.left.set(queue, (request.left.get(queue) ?? 0) + 1);
    request.awaited.delete(worker);
    request.onAnswer();
  }
}
