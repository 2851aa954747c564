import { ChannelPool } from '../connection/channel-pool.js';
import { type Connection, replyCode } from '../connection/connection.js';
import { explainRefusal } from '../connection/refusal.js';
import { isUnreachable } from './queue-presence.js';

/** A queue that says nothing for so long has nobody who could. */
const ANSWERS_WITHIN_MS = 10_000;
/** Questions at a time: where one of them ends the connection, the others are asked again. */
const AT_ONCE = 8;

/** Why a queue is left alone that does not answer. */
export const IS_DOWN =
  'it is down: most of the nodes with its tasks are away, and until they are back nobody knows what is in it';

/** It comes back with its nodes, and is tried again after so long: its tasks are not to wait for longer than that takes. */
export const DOWN_PAUSE_MS = 5_000;

/** Undefined: the connection has gone, or nothing was said. */
type Answer = boolean | undefined;

/**
 * Asks queues whether they answer. A quorum queue without most of its nodes says that it is empty, and the broker ends
 * the connection of whoever wants a message of it (code 541; seen on 3.10, 4.0 and 4.3). So the question has a connection
 * of its own.
 */
export class QueueProbe {
  #shared: Promise<Connection> | undefined;
  #channels: ChannelPool | undefined;
  /** Questions that have no answer yet, and how many of them are under way. */
  #asking = 0;
  #underWay = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(private readonly connection: Pick<Connection, 'another'>) {}

  /**
   * Whether a queue can say what is in it. One that is not there can. No task is taken: one that comes in that moment is
   * given back.
   *
   * @throws FairqError where the broker refuses the question, or cannot be reached
   */
  async answers(queue: string): Promise<boolean> {
    this.#asking++;
    try {
      const answer = await this.#inTurn(() => this.#askTogether(queue));
      if (answer !== undefined) return answer;
      // Another queue may have ended the connection: this one is asked again, on a connection that it has for itself.
      return await this.#inTurn(() => this.#askAlone(queue));
    } finally {
      if (--this.#asking === 0) await this.#close();
    }
  }

  async #inTurn<A>(askOne: () => Promise<A>): Promise<A> {
    while (this.#underWay >= AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#underWay++;
    try {
      return await askOne();
    } finally {
      this.#underWay--;
      this.#waiting.shift()?.();
    }
  }

  async #askTogether(queue: string): Promise<Answer> {
    this.#shared ??= this.connection.another();
    const shared = this.#shared;
    const connection = await shared;
    if (this.#shared !== shared) return undefined;
    this.#channels ??= new ChannelPool(connection, AT_ONCE);
    const answer = await ask(this.#channels, queue);
    if (answer === undefined && this.#shared === shared) await this.#close();
    return answer;
  }

  async #askAlone(queue: string): Promise<boolean> {
    const connection = await this.connection.another();
    try {
      return (await ask(new ChannelPool(connection, 1), queue)) ?? false;
    } finally {
      connection.abandon();
    }
  }

  async #close(): Promise<void> {
    const shared = this.#shared;
    this.#shared = undefined;
    this.#channels = undefined;
    await shared?.then((connection) => connection.abandon());
  }
}

async function ask(channels: ChannelPool, queue: string): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, ANSWERS_WITHIN_MS, undefined);
  });
  try {
    return await Promise.race([silence, wantOne(channels, queue)]);
  } finally {
    clearTimeout(timer);
  }
}

async function wantOne(channels: ChannelPool, queue: string): Promise<Answer> {
  try {
    await channels.with(async (channel) => {
      const { messageCount } = await channel.checkQueue(queue);
      if (messageCount > 0) return;
      const message = await channel.get(queue);
      if (message !== false) channel.nack(message, false, true);
    });
    return true;
  } catch (error) {
    const code = replyCode(error);
    if (code === 404) return !isUnreachable(error);
    // A queue with a single active consumer gives nobody else a message, which it says itself.
    if (code === 405) return true;
    if (code === 403) throw explainRefusal(error, `the queue "${queue}"`);
    return undefined;
  }
}
