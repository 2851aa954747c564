import type { Channel } from '../../../broker/connection/channel.js';
import type { Delivery } from '../../../broker/connection/delivery.js';
import { ReconnectingChannel } from '../../../broker/connection/reconnecting-channel.js';
import { SuspectQueues } from '../../../broker/consuming/suspect-queues.js';
import { absent } from '../../../broker/queues/queue-presence.js';
import { DOWN_PAUSE_MS } from '../../../broker/queues/queue-probe.js';
import { assertDelayQueues, type QueueType } from '../../../broker/queues/topology.js';
import { waitLeft } from '../../../core/message/dead-letter.js';
import { delayOfQueue, delayQueueOf } from '../../../core/queues/names.js';
import type { ChannelDeps } from '../worker-contract.js';

/** Held of one delay queue: enough to hide the round trip when many are due at once. */
const PREFETCH = 200;
/** The broker takes a delivery for lost after 30 minutes: what is due later than so stays in its queue. */
const HOLD_AT_MOST_MS = 5 * 60_000;

/** A task in a delay queue, until it is acknowledged or given back. */
export interface WaitingTask {
  readonly channel: Channel;
  readonly message: Delivery;
}

export interface DelayQueueOptions {
  readonly queueType: QueueType;
  /** The delays of this worker: their queues are made where they are not there. Milliseconds. */
  readonly delaysMs: readonly number[];
  readonly holdAtMostMs?: number;
}

export interface DelayQueueListener {
  /** Its wait is over. */
  onDue(task: WaitingTask): void;
  /** What was delivered is void; it is delivered again. */
  onLost(): void;
  onFailure(error: Error): void;
}

interface DelayQueue {
  readonly name: string;
  readonly delayMs: number;
  /** It is one of this worker's. */
  readonly own: boolean;
  /** Undefined while it is not consumed. */
  consumerTag: string | undefined;
  /** What it holds waits for longer than a delivery is held, or it is down: it is looked at again when this fires. */
  again: NodeJS.Timeout | undefined;
  readonly waiting: Map<WaitingTask, NodeJS.Timeout>;
}

/**
 * Watches over the tasks that wait in the delay queues for their next attempt, those of other workers too,
 * which may have gone: consumes the queues, and holds each task unacknowledged until it is due. A queue has
 * one delay, so its tasks are due in its order, and it is enough to hold the first few.
 */
export class DelayQueueConsumer {
  readonly #queues = new Map<string, DelayQueue>();
  readonly #holdAtMostMs: number;
  readonly #suspects: SuspectQueues;
  #channel: ReconnectingChannel | undefined;
  #isBegun = false;
  #stopped = false;
  #consumers = 0;

  private constructor(
    private readonly deps: ChannelDeps,
    private readonly options: DelayQueueOptions,
    private readonly listener: DelayQueueListener,
  ) {
    this.#holdAtMostMs = options.holdAtMostMs ?? HOLD_AT_MOST_MS;
    this.#suspects = new SuspectQueues(deps.connection);
    for (const delayMs of options.delaysMs) this.#add(delayQueueOf(deps.names, delayMs), delayMs, true);
  }

  /** This worker's delay queues are there when it resolves. Nothing is consumed, and nothing told, before `begin`. */
  static async open(
    deps: ChannelDeps,
    options: DelayQueueOptions,
    listener: DelayQueueListener,
  ): Promise<DelayQueueConsumer> {
    const waits = new DelayQueueConsumer(deps, options, listener);
    waits.#channel = await ReconnectingChannel.open(
      () => deps.connection.channel(),
      (channel) => waits.#setUp(channel),
      {
        onLost: () => waits.#lost(),
        onOpen: (channel) => {
          if (waits.#isBegun) void waits.#consumeAll(channel);
        },
        onFailure: (error) => listener.onFailure(error),
      },
    );
    return waits;
  }

  /** Resolves when every delay queue that is known is consumed, or will be with the next channel. */
  async begin(): Promise<void> {
    this.#isBegun = true;
    const channel = this.#channel?.current;
    if (channel !== undefined) await this.#consumeAll(channel);
  }

  /** Tasks held here that wait in one of this worker's own queues. */
  get ownHeld(): number {
    let count = 0;
    for (const { own, waiting } of this.#queues.values()) if (own) count += waiting.size;
    return count;
  }

  /** All tasks held here, of whatever delay. */
  *held(): Iterable<Delivery> {
    for (const { waiting } of this.#queues.values()) for (const { message } of waiting.keys()) yield message;
  }

  /** Those that wait, with what is left of their waits in milliseconds. */
  *waits(): Iterable<{ readonly message: Delivery; readonly leftMs: number }> {
    const now = this.deps.clock.epochMicros();
    for (const { waiting, delayMs } of this.#queues.values()) {
      for (const { message } of waiting.keys()) {
        yield { message, leftMs: waitLeft(message.properties.headers, delayMs, now) };
      }
    }
  }

  /** Takes up the delay queues among these that it does not know yet. */
  take(queues: readonly string[]): void {
    for (const name of queues) {
      const delayMs = delayOfQueue(this.deps.names, name);
      if (delayMs === undefined || this.#queues.has(name)) continue;
      const queue = this.#add(name, delayMs, false);
      const channel = this.#channel?.current;
      if (channel !== undefined && this.#isBegun) void this.#consumeOrLose(channel, queue);
    }
  }

  /** Takes no more, and gives back what is not due; what was due is not touched. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const channel = this.#channel?.current;
    this.#channel?.close();
    const queues = [...this.#queues.values()];
    await Promise.all(queues.map((queue) => channel && cancel(channel, queue)));
    for (const queue of queues) giveBackAll(queue);
  }

  close(): void {
    this.#stopped = true;
    this.#channel?.close();
    for (const queue of this.#queues.values()) forget(queue);
  }

  #add(name: string, delayMs: number, own: boolean): DelayQueue {
    const queue = { name, delayMs, own, consumerTag: undefined, again: undefined, waiting: new Map() };
    this.#queues.set(name, queue);
    return queue;
  }

  async #setUp(channel: Channel): Promise<void> {
    const { queueType, delaysMs } = this.options;
    for (const queue of this.#queues.values()) forget(queue); // what came on a channel that never was in use
    await assertDelayQueues(this.deps.connection, this.deps.names, queueType, delaysMs);
    const others = [...this.#queues.values()].filter(({ own }) => !own).map(({ name }) => name);
    for (const name of await absent(this.deps.connection, others)) this.#queues.delete(name);
    await channel.prefetch(PREFETCH);
  }

  #lost(): void {
    for (const queue of this.#queues.values()) forget(queue);
    if (this.#isBegun) this.listener.onLost();
  }

  async #consume(channel: Channel, queue: DelayQueue): Promise<void> {
    // The first deliveries come before the answer, so the tag is chosen here.
    const consumerTag = `waits-${++this.#consumers}`;
    queue.consumerTag = consumerTag;
    const onMessage = (message: Delivery | null) => {
      // Deleted, or it was held for too long: the channel is of no use, and the next one looks what is there.
      if (message === null) void channel.close().catch(() => {});
      else this.#delivered(queue, { channel, message });
    };
    await channel.consume(queue.name, onMessage, { consumerTag });
  }

  async #consumeAll(channel: Channel): Promise<void> {
    // A copy: one that is found meanwhile is consumed by who finds it.
    for (const queue of [...this.#queues.values()]) await this.#consumeOrLose(channel, queue);
  }

  /** Where the queue has gone meanwhile the channel goes too, and the next one does without it. */
  async #consumeOrLose(channel: Channel, queue: DelayQueue): Promise<void> {
    try {
      if (await this.#suspects.isDown(queue.name)) this.#tryAgain(queue, channel, DOWN_PAUSE_MS);
      else await this.#consume(channel, queue);
    } catch {
      this.#suspects.unanswered(queue.name);
    }
  }

  #tryAgain(queue: DelayQueue, channel: Channel, afterMs: number): void {
    queue.again = setTimeout(() => {
      queue.again = undefined;
      if (this.#channel?.current === channel) void this.#consumeOrLose(channel, queue);
    }, afterMs);
  }

  #delivered(queue: DelayQueue, task: WaitingTask): void {
    const { headers } = task.message.properties;
    const waitMs = waitLeft(headers, queue.delayMs, this.deps.clock.epochMicros());
    if (this.#stopped || queue.again !== undefined) {
      giveBack(task);
    } else if (waitMs > this.#holdAtMostMs) {
      this.#leaveForLater(queue, task.channel);
      giveBack(task);
    } else if (waitMs === 0) {
      this.listener.onDue(task);
    } else {
      queue.waiting.set(
        task,
        setTimeout(() => this.#due(queue, task), waitMs),
      );
    }
  }

  #due(queue: DelayQueue, task: WaitingTask): void {
    queue.waiting.delete(task);
    this.listener.onDue(task);
  }

  /** What comes after this one is due even later: nothing of the queue is wanted for a while. */
  #leaveForLater(queue: DelayQueue, channel: Channel): void {
    this.#tryAgain(queue, channel, this.#holdAtMostMs);
    void cancel(channel, queue);
  }
}

async function cancel(channel: Channel, queue: DelayQueue): Promise<void> {
  const { consumerTag } = queue;
  queue.consumerTag = undefined;
  if (consumerTag !== undefined) await channel.cancel(consumerTag).catch(() => {}); // it has gone by itself
}

function giveBackAll(queue: DelayQueue): void {
  const tasks = [...queue.waiting.keys()];
  forget(queue);
  for (const task of tasks) giveBack(task);
}

/** Nothing of it is due here any more. */
function forget(queue: DelayQueue): void {
  for (const timer of queue.waiting.values()) clearTimeout(timer);
  queue.waiting.clear();
  clearTimeout(queue.again);
  queue.again = undefined;
  queue.consumerTag = undefined;
}

/** On a channel that has gone there is nothing left to say: it is delivered again. */
export function acknowledge({ channel, message }: WaitingTask): void {
  try {
    channel.ack(message);
  } catch {
    // It is delivered again.
  }
}

export function giveBack({ channel, message }: WaitingTask): void {
  try {
    channel.nack(message);
  } catch {
    // It is delivered again.
  }
}
