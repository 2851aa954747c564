import type { Connection } from '../connection/connection.js';
import { QueueProbe } from '../queues/queue-probe.js';

/** With this code the broker ends the connection of whoever wants to consume a queue that is down. */
const INTERNAL_ERROR = 541;

/**
 * Queues that were asked for when the broker ended the connection: one of them may be down, and would end the next
 * connection as well.
 */
export class SuspectQueues {
  readonly #suspects = new Set<string>();
  readonly #probe: QueueProbe;

  constructor(private readonly connection: Connection) {
    this.#probe = new QueueProbe(connection);
  }

  has(queue: string): boolean {
    return this.#suspects.has(queue);
  }

  /** The broker was asked to let a queue be consumed, and has not answered before its connection went. */
  unanswered(queue: string): void {
    if (this.connection.endedBy === INTERNAL_ERROR) this.#suspects.add(queue);
  }

  /** Whether a queue is down that was a suspect. One that is not is a suspect no longer. */
  async isDown(queue: string): Promise<boolean> {
    if (!this.#suspects.has(queue)) return false;
    // A broker that is away, or refuses the question, says the same to whoever consumes.
    if (!(await this.#probe.answers(queue).catch(() => true))) return true;
    this.#suspects.delete(queue);
    return false;
  }
}
