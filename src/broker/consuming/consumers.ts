import { AckLedger } from '../../core/scheduling/ack-ledger.js';
import type { Channel } from '../connection/channel.js';
import { ChannelPool } from '../connection/channel-pool.js';
import { type Connection, ConnectionClosed, replyCode } from '../connection/connection.js';
import type { Delivery } from '../connection/delivery.js';
import { ReconnectingChannel } from '../connection/reconnecting-channel.js';
import { absent } from '../queues/queue-presence.js';
import { IS_DOWN } from '../queues/queue-probe.js';
import { ConsumeTrial, type Refusal } from './consume-trial.js';
import { consumerChannels } from './consumer-channels.js';
import { SuspectQueues } from './suspect-queues.js';

const ASKING_CHANNELS = 4;

/** A channel with consumers on it. Deliveries belong to it: when it closes the broker requeues them. */
export class ConsumerChannel {
  readonly ledger = new AckLedger();
  open = true;
  /** Prefetch that the next consumer on this channel gets. */
  prefetch = 0;
  /** Consumers that the broker has not said yes to yet. */
  starting = 0;
  /** It was lost since the broker does not let a queue be consumed. */
  hasRefused = false;

  constructor(readonly channel: Channel) {}

  /** Nothing would be delivered again if the channel were lost. */
  get isQuiet(): boolean {
    return this.open && this.starting === 0 && this.ledger.isEmpty;
  }

  /** Tells the broker of everything finished. */
  acknowledge(): void {
    if (this.open) acknowledgeAll(this.channel, this.ledger);
  }

  /** Resolves when the broker has done all that it was told on this channel so far. */
  async settled(): Promise<void> {
    // Any request that changes nothing.
    if (this.open) await this.channel.prefetch(this.prefetch).catch(() => {}); // what hung on it is gone with it
  }

  /** Gives a delivery back, to be delivered again to anybody. */
  giveBack(tag: number): void {
    if (!this.open) return;
    this.channel.nack(tagged(tag), false, true);
    this.ledger.givenBack(tag);
  }
}

/** One frame for the prefix, one for each beyond it. The channel has to be open. */
export function acknowledgeAll(channel: Channel, ledger: AckLedger): void {
  const { upTo, singles } = ledger.drain();
  if (upTo > 0) channel.ack(tagged(upTo), true);
  for (const tag of singles) channel.ack(tagged(tag), false);
}

/** amqplib takes a whole message to acknowledge one, and reads nothing of it but the tag. */
const reused = { fields: { deliveryTag: 0 } };
function tagged(tag: number): typeof reused {
  reused.fields.deliveryTag = tag;
  return reused;
}

export interface ConsumersListener<S> {
  onDelivery(source: S, message: Delivery, channel: ConsumerChannel): void;
  /** The queue is not there (any more), or the broker refuses it: its consumer is no more. */
  onQueueGone(source: S, refusal?: Refusal): void;
  /**
   * The broker has ended the consumer of a queue that is still there: something of it was unacknowledged for
   * too long (from 4.3, on a quorum queue), and is delivered again. Another consumer starts after this.
   */
  onConsumerEnded(source: S, channel: ConsumerChannel): void;
  /** The channel is gone, and every delivery of it is void. Its consumers are taken up again. */
  onChannelLost(channel: ConsumerChannel): void;
  /** The broker closed a channel for this reason, and not for a queue that is gone or refused. */
  onChannelRefused(reason: string): void;
  /** A channel could not be opened again. */
  onFailure(error: Error): void;
}

interface Consumer<S> {
  readonly source: S;
  readonly queue: string;
  prefetch: number;
  tag: string | undefined;
  /** Index of its channel. */
  readonly place: number;
  /** It is not known yet whether the broker allows it: a channel that comes back leaves it alone. */
  onTrial: boolean;
  cancelled: boolean;
}

/**
 * Consumers of many queues over a few channels. A queue's prefetch is its consumer's: a
 * channel gives each new consumer the prefetch set last, so a prefetch is changed by starting a
 * consumer with the new one and cancelling the old.
 */
export class Consumers<S> {
  readonly #places: (ConsumerChannel | undefined)[] = [];
  readonly #channels: ReconnectingChannel[] = [];
  readonly #byQueue = new Map<string, Consumer<S>>();
  /** Of the channels. */
  #count = 1;
  #next = 0;
  /** A queue that is not there costs the channel that asks, and is not to cost one that consumes. */
  readonly #asking: ChannelPool;
  readonly #trial: ConsumeTrial;
  readonly #suspects: SuspectQueues;
  /** Queues that the broker has let us consume. */
  readonly #allowed = new Set<string>();
  /** The broker has refused a queue: there may be more of that kind. */
  #hasRefused = false;
  #checks: Promise<void> = Promise.resolve();

  constructor(
    private readonly connection: Connection,
    private readonly listener: ConsumersListener<S>,
  ) {
    this.#asking = new ChannelPool(connection, ASKING_CHANNELS);
    this.#trial = new ConsumeTrial(connection);
    this.#suspects = new SuspectQueues(connection);
  }

  async open(): Promise<void> {
    this.#count = consumerChannels(this.connection.channelMax);
    await Promise.all(Array.from({ length: this.#count }, (_, place) => this.#openChannel(place)));
  }

  /** Tasks that wait in a queue, by its own count; 0 where nobody can tell. */
  async depth(queue: string): Promise<number> {
    try {
      return (await this.#asking.with((channel) => channel.checkQueue(queue))).messageCount;
    } catch {
      return 0; // it is gone, and the channel with it: no consumer's
    }
  }

  /**
   * Starts to consume. Resolves when the broker has said yes, or the queue is not there, or is refused.
   *
   * @param atStake tasks run here: no channel that has some is to be lost over a queue that cannot be consumed
   */
  async subscribe(queue: string, source: S, prefetch: number, atStake: boolean): Promise<void> {
    const isNew = !this.#allowed.has(queue);
    const quiet = isNew && atStake && !this.#hasRefused ? this.#quietPlace() : undefined;
    const isSuspect = this.#suspects.has(queue);
    const onTrial = isSuspect || (isNew ? this.#hasRefused || (atStake && quiet === undefined) : atStake);
    const place = quiet ?? this.#next++ % this.#count;
    const consumer: Consumer<S> = {
      source,
      queue,
      prefetch,
      place,
      onTrial,
      tag: undefined,
      cancelled: false,
    };
    this.#byQueue.set(queue, consumer);
    if (onTrial && !(await this.#passes(consumer, isNew))) return;
    await this.#start(consumer);
  }

  /** One that was consumed before may have gone meanwhile, which a look shows without touching its tasks. */
  async #passes(consumer: Consumer<S>, isNew: boolean): Promise<boolean> {
    const { queue } = consumer;
    if (await this.#suspects.isDown(queue)) {
      this.#gone(consumer, { reason: IS_DOWN, isDown: true });
      return false;
    }
    const verdict = await (isNew ? this.#trial.mayConsume(queue) : this.#trial.isThere(queue));
    consumer.onTrial = false;
    if (verdict.is === 'allowed') return this.#byQueue.get(queue) === consumer;
    this.#gone(consumer, verdict.is === 'refused' ? verdict : undefined);
    return false;
  }

  #quietPlace(): number | undefined {
    for (let i = 0; i < this.#count; i++) {
      const place = (this.#next + i) % this.#count;
      if (this.#places[place]?.isQuiet !== true) continue;
      this.#next = place + 1;
      return place;
    }
    return undefined;
  }

  async resize(queue: string, prefetch: number): Promise<void> {
    const old = this.#byQueue.get(queue);
    if (old === undefined || old.prefetch === prefetch) return;
    if (old.onTrial) {
      old.prefetch = prefetch; // it starts with that
      return;
    }
    const fresh: Consumer<S> = { ...old, prefetch, tag: undefined };
    this.#byQueue.set(queue, fresh);
    await this.#start(fresh);
    await this.#cancel(old);
  }

  /** Whether the broker has said yes, and has not been asked to end it since. */
  consumes(queue: string): boolean {
    const consumer = this.#byQueue.get(queue);
    return consumer?.tag !== undefined && this.#places[consumer.place]?.open === true;
  }

  async unsubscribe(queue: string): Promise<void> {
    const consumer = this.#byQueue.get(queue);
    if (consumer === undefined) return;
    this.#byQueue.delete(queue);
    await this.#cancel(consumer);
  }

  acknowledge(): void {
    for (const channel of this.#places) channel?.acknowledge();
  }

  /** Resolves when the broker has done all that it was told on all channels so far. What it sent before has come. */
  async settled(): Promise<void> {
    await Promise.all(this.#places.map((channel) => channel?.settled()));
  }

  /** Before the channels are closed: nothing is sent on them from here on. */
  closing(): void {
    for (const channel of this.#channels) channel.close();
    for (const channel of this.#places) if (channel !== undefined) channel.open = false;
  }

  async #openChannel(place: number): Promise<void> {
    const channel = await ReconnectingChannel.open(
      () => this.connection.channel(),
      async (channel) => {
        this.#places[place] = new ConsumerChannel(channel);
      },
      {
        onOpen: () => {
          for (const consumer of this.#byQueue.values())
            if (consumer.place === place && !consumer.onTrial) void this.#startAgain(consumer);
        },
        onLost: (_, reason) => {
          const lost = this.#places[place];
          this.#places[place] = undefined;
          if (lost === undefined) return;
          lost.open = false;
          this.listener.onChannelLost(lost);
          // Whoever wanted to consume is told at the same time.
          if (reason !== undefined) setImmediate(() => this.#explain(lost, reason));
        },
        // Every refusal is about another queue, which is let go.
        refusalsTolerated: Number.POSITIVE_INFINITY,
        onFailure: (error) => this.listener.onFailure(error),
      },
    );
    this.#channels.push(channel);
  }

  #explain(lost: ConsumerChannel, reason: string): void {
    if (!lost.hasRefused) this.listener.onChannelRefused(reason);
  }

  /** Where the broker has refused a queue, one that it has not said yes to could cost the channel again. */
  async #startAgain(consumer: Consumer<S>): Promise<void> {
    const isNew = !this.#allowed.has(consumer.queue);
    if (this.#suspects.has(consumer.queue) || (this.#hasRefused && isNew)) {
      consumer.onTrial = true;
      if (!(await this.#passes(consumer, isNew))) return;
    }
    await this.#start(consumer);
  }

  async #start(consumer: Consumer<S>): Promise<void> {
    const on = this.#places[consumer.place];
    if (!on?.open) return; // where it is on its way back, it takes up every consumer then
    if (on.prefetch !== consumer.prefetch) {
      on.prefetch = consumer.prefetch;
      on.channel.prefetch(consumer.prefetch).catch(() => {}); // fails only as the channel does
    }
    on.starting++;
    try {
      const { consumerTag } = await on.channel.consume(consumer.queue, (message) =>
        this.#delivered(consumer, message, on),
      );
      on.starting--;
      consumer.tag = consumerTag;
      this.#allowed.add(consumer.queue);
      if (consumer.cancelled) await this.#cancel(consumer);
    } catch (error) {
      // One failure closes the channel with every consumer on it; only the queue at fault is let go.
      const mine = error instanceof Error && error.message.startsWith('Operation failed');
      if (!mine) {
        this.#suspects.unanswered(consumer.queue);
        return;
      }
      on.hasRefused = true;
      this.#gone(consumer, replyCode(error) === 404 ? undefined : { reason: error.message });
    }
  }

  #delivered(consumer: Consumer<S>, message: Delivery | null, on: ConsumerChannel): void {
    if (message === null) {
      this.#ended(consumer, on);
      return;
    }
    on.ledger.delivered(message.fields.deliveryTag);
    this.listener.onDelivery(consumer.source, message, on);
  }

  /** The broker says no more than that the consumer has ended: nearly always since its queue was deleted. */
  #ended(consumer: Consumer<S>, on: ConsumerChannel): void {
    // Many may end at once, and each check of a queue that is not there costs a channel.
    this.#checks = this.#checks
      .then(async () => {
        const isCurrent = () => on.open && this.#byQueue.get(consumer.queue) === consumer;
        if (!isCurrent()) return;
        const isGone = (await absent(this.connection, [consumer.queue])).length > 0;
        if (!isCurrent()) return;
        if (isGone) {
          this.#gone(consumer);
          return;
        }
        this.listener.onConsumerEnded(consumer.source, on);
        await this.#start(consumer);
      })
      .catch((error) => {
        // Where the channel went meanwhile, so did the connection of the look, and all is taken up again.
        if (on.open && !(error instanceof ConnectionClosed)) this.listener.onFailure(error);
      });
  }

  #gone(consumer: Consumer<S>, refusal?: Refusal): void {
    if (this.#byQueue.get(consumer.queue) !== consumer) return;
    this.#byQueue.delete(consumer.queue);
    this.#allowed.delete(consumer.queue);
    if (refusal !== undefined && !refusal.isDown) this.#hasRefused = true;
    this.listener.onQueueGone(consumer.source, refusal);
  }

  async #cancel(consumer: Consumer<S>): Promise<void> {
    consumer.cancelled = true;
    const on = this.#places[consumer.place];
    if (!on?.open || consumer.tag === undefined) return;
    await on.channel.cancel(consumer.tag).catch(() => {}); // a closed channel has no consumers
  }
}
