import { randomUUID } from 'node:crypto';
import type { Connection } from '../connection/connection.js';
import { sendAlone, sizeLimitIn } from '../connection/send-alone.js';

/** What every broker takes that was not set up for smaller tasks on purpose: nobody is asked about these. */
const SURELY_TAKEN = 64 * 1024;

/**
 * How large a task the broker takes: 128 MiB before RabbitMQ 4.0, 16 MiB since, or what it is set to. No handshake says
 * it, and a message that is too large closes its channel, with all that is under way on it. So before the first task of
 * an unusual size a message of that size is sent to nobody, on a channel of its own.
 */
export class SizeLimit {
  /** Tasks up to this size can be sent. */
  taken = SURELY_TAKEN;
  /** Known once something was refused. */
  #most: number | undefined;

  constructor(private readonly connection: Connection) {}

  /** @returns the most that the broker takes, where these bytes are more; undefined where it takes them */
  async refusing(bytes: number): Promise<number | undefined> {
    while (bytes > this.taken) {
      if (this.#most !== undefined) return this.#most;
      const most = await this.#ask(bytes);
      if (most === 'lost') continue; // `channel` waits for the next connection
      if (most === undefined) this.taken = Math.max(this.taken, bytes);
      else {
        this.#most = most;
        this.taken = Math.max(this.taken, most);
      }
    }
    return undefined;
  }

  async #ask(bytes: number): Promise<number | 'lost' | undefined> {
    const channel = await this.connection.confirmChannel();
    // Nobody has such a queue; what goes to the default exchange and is not `mandatory` is dropped.
    const answer = await sendAlone(channel, '', `nobody/${randomUUID()}`, Buffer.alloc(bytes), {});
    return answer.kind === 'closed' ? (sizeLimitIn(answer.reason) ?? 'lost') : undefined;
  }
}
