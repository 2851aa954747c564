import { setTimeout as delay } from 'node:timers/promises';
import type { Names } from '../../core/queues/names.js';
import { type Connection, ConnectionClosed } from '../connection/connection.js';
import { isLocked } from '../queues/lock.js';
import { DirectSender } from './direct-senders.js';
import type { Sharing } from './sharing.js';
import { unroutableComesBack } from './unroutable.js';

/**
 * So often it is asked again whether what finds no queue comes back: somebody may give the exchange an alternate one at
 * any time. What is sent to a missing queue in between goes astray.
 */
const ASK_EVERY_MS = 2_000;
const ASK_AGAIN_MS = 200;
const LOOK_FOR_PRUNER_MS = 100;
const SETTLED_LOOK_MS = 20;

export interface WayListener {
  /** Whether nothing that was sent straight to a queue is without its answer. */
  isDirectSettled(): boolean;
  /** `current` is known now, or is another. */
  onKnown(): void;
  onFailure(error: Error): void;
}

/**
 * How tasks get to the queues of users. The usual way is the exchange, which returns what finds no queue, so that the
 * publisher knows that the queue is missing or somebody prunes it. An alternate exchange, as a policy gives it to all
 * exchanges, swallows what would be returned. Then tasks go `direct`, by the default exchange to the queue of their
 * user's name: no policy reaches it, and it returns what finds no queue.
 *
 * Where light users share queues, the alternate exchange is fairq's own. Then tasks go to the exchange, too, and nothing
 * is expected to come back: that way is `spread`. Whoever gives each user a queue of its own goes `direct` instead.
 *
 * A pruner unbinds a queue before it deletes it, which does not stop what goes direct. So a publisher says first that it
 * does (`DirectSender`) and then waits for a pruner that is at work; pruners take their lock first and then ask for such
 * publishers, and refuse.
 */
export class WayToUsers {
  /** Undefined while it is not known: nothing may be sent. */
  current: 'exchange' | 'spread' | 'direct' | undefined;
  /** Something was sent since the last look. */
  #used = false;
  #asking = false;
  #closed = false;
  #marker: DirectSender | undefined;
  readonly #timer: NodeJS.Timeout;

  constructor(
    private readonly connection: Connection,
    private readonly names: Names,
    private readonly sharing: Pick<Sharing, 'isOff' | 'isSpread' | 'isStillBroken' | 'look'>,
    private readonly listener: WayListener,
  ) {
    this.#timer = setInterval(() => this.#check(), ASK_EVERY_MS).unref();
    connection.lost.catch(() => this.#close());
  }

  /** Something is about to be sent; call it each time. */
  use(): void {
    this.#used = true;
    if (this.current === undefined) this.#ask();
  }

  /** What is known is true no longer: it is asked again before anything is sent. */
  forget(): void {
    this.current = undefined;
  }

  #close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
  }

  #check(): void {
    // While nothing is sent nothing is asked either, and the next task waits for the answer.
    if (!this.#used && this.current !== 'direct') this.current = undefined;
    else if (this.#used || this.current === 'direct') this.#ask();
    this.#used = false;
  }

  #ask(): void {
    if (this.#asking || this.#closed) return;
    this.#asking = true;
    this.#find()
      .catch((error: Error) => {
        if (error instanceof ConnectionClosed) this.#close();
        if (!this.#closed) this.listener.onFailure(error);
      })
      .finally(() => {
        this.#asking = false;
      });
  }

  async #find(): Promise<void> {
    const way = await this.#usualWay();
    if (way === 'direct') await this.#goDirect();
    else await this.#goByExchange(way);
    this.listener.onKnown();
  }

  async #usualWay(): Promise<'exchange' | 'spread' | 'direct'> {
    const { sharing } = this;
    if (await sharing.isStillBroken()) return 'direct';
    const spread = sharing.isOff ? 'direct' : 'spread';
    // What asks whether it comes back would stay in a queue that users share. So it is sent where none is known.
    if (sharing.isSpread && (await sharing.look())) return spread;
    if (await this.#comesBack()) return 'exchange';
    return (await sharing.look()) ? spread : 'direct';
  }

  async #comesBack(): Promise<boolean> {
    for (;;) {
      const answer = await unroutableComesBack(this.connection, this.names.taskExchange);
      if (answer !== undefined) return answer;
      await delay(ASK_AGAIN_MS);
    }
  }

  async #goByExchange(way: 'exchange' | 'spread'): Promise<void> {
    const marker = this.#marker;
    if (marker !== undefined) {
      this.current = undefined;
      while (!this.listener.isDirectSettled()) await delay(SETTLED_LOOK_MS);
      this.#marker = undefined;
      await marker.end();
    }
    this.current = way;
  }

  async #goDirect(): Promise<void> {
    while (this.#marker === undefined) {
      this.current = undefined;
      this.#marker = await DirectSender.begin(this.connection, this.names, () => this.#lostMarker());
      while (await isLocked(this.connection, this.names.pruneLock)) await delay(LOOK_FOR_PRUNER_MS);
    }
    this.current = 'direct';
  }

  #lostMarker(): void {
    this.#marker = undefined;
    this.current = undefined;
  }
}
