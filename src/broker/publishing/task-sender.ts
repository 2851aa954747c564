import type { Names } from '../../core/queues/names.js';
import type { ConfirmedSender } from '../connection/confirmed-sender.js';
import type { Connection } from '../connection/connection.js';
import { sendAlone } from '../connection/send-alone.js';
import { type OutgoingTask, optionsOf } from './outgoing-task.js';
import type { AloneAnswer } from './refused-routes.js';
import type { Pending, Way } from './route.js';
import type { Sharing } from './sharing.js';
import { SizeLimit } from './size-limit.js';
import { WayToUsers } from './way-to-users.js';

export interface TaskSenderListener {
  /** The task is not sent. @param most what the broker takes; bytes */
  onTooLarge(pending: Pending, most: number): void;
  onFailure(error: Error): void;
}

/**
 * Sends tasks to the queues of their routes. Before a task of an unusual size the broker is asked whether it takes that
 * much (`SizeLimit`), and before the first of all by which way tasks get to users (`WayToUsers`).
 */
export class TaskSender {
  readonly #way: WayToUsers;
  readonly #sizes: SizeLimit;
  /** Tasks for users, in their order: they wait until it is known how to get there. */
  #held: Pending[] = [];
  /** Sent straight to a user's queue on a channel of its own, and without an answer. */
  #directAlone = 0;

  constructor(
    private readonly connection: Connection,
    names: Names,
    private readonly sharing: Sharing,
    private readonly sender: ConfirmedSender<Pending>,
    private readonly listener: TaskSenderListener,
  ) {
    this.#sizes = new SizeLimit(connection);
    this.#way = new WayToUsers(connection, names, sharing, {
      isDirectSettled: () => this.#isDirectSettled(),
      onKnown: () => this.#sendHeld(),
      onFailure: (error) => listener.onFailure(error),
    });
  }

  /** False where tasks are sent past the exchange, straight to their queues, or where the way is not known. */
  get usesExchange(): boolean {
    return this.#way.current === 'exchange' || this.#way.current === 'spread';
  }

  /** Sends the task, or keeps it until it can be sent. While the channel is away it is not kept here. */
  send(pending: Pending): void {
    const { task, route } = pending;
    if (task.payload.length > this.#sizes.taken) {
      this.#askSize(pending);
      return;
    }
    const way = this.#wayOf(route.way, task);
    if (way === undefined) {
      this.#held.push(pending);
      return;
    }
    pending.isDirect = way.isDirect;
    this.sender.send(pending, way.exchange, way.key, task.payload, optionsOf(task));
  }

  /** Sends the task on a channel that nothing else uses. */
  async sendAlone(pending: Pending): Promise<AloneAnswer> {
    const { task, route } = pending;
    const channel = await this.connection.confirmChannel();
    const way = this.#wayOf(route.way, task);
    if (way === undefined) {
      channel.close().catch(() => {}); // it has gone
      return 'refused'; // the task is tried again
    }
    const { isDirect } = way;
    if (isDirect) this.#directAlone++;
    const { kind } = await sendAlone(channel, way.exchange, way.key, task.payload, optionsOf(task));
    if (isDirect) this.#directAlone--;
    if (kind === 'closed') pending.isUnsure = true;
    return kind === 'confirmed' || kind === 'returned' ? kind : 'refused';
  }

  /** Each task is to be sent again: none is kept here any more. */
  channelLost(): void {
    this.#held = [];
  }

  /** The broker has closed the channel. */
  channelClosed(reason: string | undefined): void {
    if (this.sharing.channelClosed(reason)) this.#way.forget();
  }

  /** The route's own way, or another where tasks go straight to their queue; undefined where that is not known yet. */
  #wayOf(
    { exchange, ofTask, ...way }: Way,
    task: OutgoingTask,
  ): (Pick<Way, 'exchange' | 'key'> & { readonly isDirect: boolean }) | undefined {
    if (exchange === '') return { exchange, key: way.key, isDirect: false };
    this.#way.use();
    const { key, queue } = ofTask?.(task) ?? way;
    if (this.usesExchange) return { exchange, key, isDirect: false };
    return this.#way.current && { exchange: '', key: queue, isDirect: true };
  }

  /** It is known how to get to users: what has waited for that goes, in its order. */
  #sendHeld(): void {
    const held = this.#held;
    this.#held = [];
    for (const pending of held) this.#goOn(pending);
  }

  /** What had to be known is known. A task that the others wait for is sent; another waits where it has to by now. */
  #goOn(pending: Pending): void {
    if (pending.route.isProbe(pending)) this.send(pending);
    else pending.route.take(pending);
  }

  #isDirectSettled(): boolean {
    if (this.#directAlone > 0) return false;
    for (const { isSent, isDirect } of this.sender.unconfirmed) if (isSent && isDirect) return false;
    return true;
  }

  /** The user's other tasks wait for the answer. */
  #askSize(pending: Pending): void {
    const { task, route } = pending;
    route.waitFor(pending);
    this.sender.whileCurrent(
      this.#sizes.refusing(task.payload.length),
      (most) => {
        if (most === undefined) this.#goOn(pending);
        else this.listener.onTooLarge(pending, most);
      },
      (error) => this.listener.onFailure(error),
    );
  }
}
