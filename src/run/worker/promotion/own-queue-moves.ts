import { type Confirmable, ConfirmedSender } from '../../../broker/connection/confirmed-sender.js';
import type { PublishProperties } from '../../../broker/connection/publish-properties.js';
import { MOVED_HEADER } from '../../../core/message/moved.js';
import { republishableHeaders, republishableProperties } from '../../../core/message/republishable.js';
import type { DeliveredTask } from '../task/delivered-task.js';
import type { ChannelDeps } from '../worker-contract.js';

/** A queue that took no task is tried again so often. */
const TRY_AGAIN_MS = 2_000;

export interface OwnQueueMovesListener {
  /** The task is in its user's own queue, and its delivery may be acknowledged. */
  onMoved(task: DeliveredTask): void;
  /** No queue takes what is to go to this one: resolves when it is there, and bound. */
  makeQueue(queue: string): Promise<void>;
  onFailure(error: Error): void;
}

interface Move extends Confirmable {
  readonly task: DeliveredTask;
  readonly key: string;
  readonly properties: PublishProperties;
}

/**
 * Moves tasks from a spread queue to the queue that their user has now. A task goes by the exchange, as a publisher's
 * does. So whoever deletes that queue at the same time finds it there, or has it sent to a spread queue again.
 *
 * A delivery is acknowledged after the broker has confirmed its copy. In between the task is there twice, never not at all.
 */
export class OwnQueueMoves {
  readonly #sender: ConfirmedSender<Move>;
  /** What its user's queue does not take for now, until it is tried again. */
  readonly #later = new Map<Move, NodeJS.Timeout>();
  #whenSettled: (() => void)[] = [];
  #isClosed = false;

  private constructor(
    private readonly deps: ChannelDeps,
    private readonly listener: OwnQueueMovesListener,
  ) {
    this.#sender = new ConfirmedSender<Move>(deps.connection, {
      prepare: async () => {},
      sendAgain: (move) => this.#send(move),
      onConfirmed: (move) => this.#moved(move),
      onReturned: (move) => this.#makeAndSend(move),
      // Its user's queue is full, or its node is away: the task stays where it is until the queue takes it.
      onNacked: (move) => this.#sendLater(move),
      onFailure: (error) => listener.onFailure(error),
    });
  }

  static async open(deps: ChannelDeps, listener: OwnQueueMovesListener): Promise<OwnQueueMoves> {
    const moves = new OwnQueueMoves(deps, listener);
    await moves.#sender.open();
    return moves;
  }

  /** Tasks on their way, but for those whose user's queue does not take them for now. */
  get pending(): number {
    return this.#sender.unconfirmed.size - this.#later.size;
  }

  *tasks(): Iterable<DeliveredTask> {
    for (const { task } of this.#sender.unconfirmed) yield task;
  }

  /** @param key of the user, on the task exchange */
  move(task: DeliveredTask, key: string): void {
    const { properties } = task.message;
    const move: Move = {
      id: task.id,
      isSent: false,
      nacks: 0,
      task,
      key,
      properties: {
        messageId: task.id,
        ...republishableProperties(properties),
        headers: { ...republishableHeaders(properties.headers), [MOVED_HEADER]: true },
        persistent: true,
        mandatory: true,
      },
    };
    this.#sender.add(move);
    this.#send(move);
  }

  /** Resolves when nothing is on its way. */
  async settled(): Promise<void> {
    if (this.pending > 0) await new Promise<void>((resolve) => this.#whenSettled.push(resolve));
  }

  close(): void {
    this.#isClosed = true;
    for (const timer of this.#later.values()) clearTimeout(timer);
    this.#sender.close();
    this.#tellSettled();
  }

  #send(move: Move): void {
    const { task, key, properties } = move;
    this.#sender.send(move, this.deps.names.taskExchange, key, task.message.content, properties);
  }

  #moved(move: Move): void {
    this.listener.onMoved(move.task);
    if (this.pending === 0) this.#tellSettled();
  }

  #makeAndSend(move: Move): void {
    this.#sender.whileCurrent(
      this.listener.makeQueue(move.task.queue.name),
      () => this.#send(move),
      (error) => this.listener.onFailure(error),
    );
  }

  #sendLater(move: Move): void {
    if (this.#isClosed) return;
    const { generation } = this.#sender;
    const timer = setTimeout(() => {
      this.#later.delete(move);
      // What is sent on the next channel has been sent by then.
      if (this.#sender.generation === generation) this.#send(move);
    }, TRY_AGAIN_MS);
    this.#later.set(move, timer);
    if (this.pending === 0) this.#tellSettled();
  }

  #tellSettled(): void {
    for (const resolve of this.#whenSettled.splice(0)) resolve();
  }
}
