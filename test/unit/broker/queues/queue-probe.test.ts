import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Channel } from '../../../../src/broker/connection/channel.js';
import type { Connection } from '../../../../src/broker/connection/connection.js';
import { QueueProbe } from '../../../../src/broker/queues/queue-probe.js';

/** Answers for every queue but those that are down, for which it ends the connection that asks. */
class Broker {
  opened = 0;
  /** Questions at the most that were under way at the same time. */
  most = 0;
  #asked = 0;

  constructor(private readonly down: readonly string[]) {}

  readonly another = async (): Promise<Connection> => {
    this.opened++;
    const gone = new AbortController();
    const get = async (queue: string) => {
      this.most = Math.max(this.most, ++this.#asked);
      try {
        await turn();
        if (this.down.includes(queue)) gone.abort(new Error('Channel ended, no reply will be forthcoming'));
        gone.signal.throwIfAborted();
        return false;
      } finally {
        this.#asked--;
      }
    };
    const channel: Partial<Channel> = {
      checkQueue: async (queue) => ({ queue, messageCount: 0, consumerCount: 0 }),
      get: get as Channel['get'],
      once: () => {},
    };
    const connection: Partial<Connection> = { channel: async () => channel as Channel, abandon: () => {} };
    return connection as Connection;
  };
}

async function thatAnswer(broker: Broker, queues: readonly string[]): Promise<string[]> {
  const probe = new QueueProbe(broker);
  const answers = await Promise.all(
    queues.map(async (queue) => [queue, await probe.answers(queue)] as const),
  );
  return answers.filter(([, isThere]) => isThere).map(([queue]) => queue);
}

const QUEUES = Array.from({ length: 100 }, (_, i) => `q${i}`);

describe('queues that are asked whether they answer', () => {
  it('are asked side by side on one connection', async () => {
    const broker = new Broker([]);
    expect(await thatAnswer(broker, QUEUES)).toEqual(QUEUES);
    expect(broker.opened).toBe(1);
    expect(broker.most).toBe(8);
  });

  it('are each told from those that are down and end the connection of others', async () => {
    const broker = new Broker(['q3', 'q50', 'q51']);
    const there = QUEUES.filter((queue) => !['q3', 'q50', 'q51'].includes(queue));
    expect(await thatAnswer(broker, QUEUES)).toEqual(there);
    // One for each that ends it, and for each that is asked alone.
    expect(broker.opened).toBeLessThanOrEqual(1 + 3 * 9);
  });
});
