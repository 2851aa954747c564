import type { Channel } from '../connection/channel.js';
import { type Connection, replyCode } from '../connection/connection.js';
import type { Delivery } from '../connection/delivery.js';
import { explainRefusal } from '../connection/refusal.js';
import { absent } from '../queues/queue-presence.js';
import type { ChannelUser, GrantChannels } from './grant-channels.js';
import { grantNumberOf } from './grant-kind.js';

/** What was given back so long ago has long been seen by whoever counts. Milliseconds. */
const JUST_RETURNED_MS = 1_000;

/** A numbered grant that this process holds: it is nobody else's until it goes back. */
export class Grant {
  /** That of the consumer that has it; undefined where it has none any more. */
  tag: string | undefined;

  /**
   * @param number undefined for a message that is none
   * @param message what the broker is told about
   * @param since on the monotonic clock
   */
  constructor(
    readonly number: number | undefined,
    readonly message: Pick<Delivery, 'fields'>,
    readonly since: number,
    tag: string,
  ) {
    this.tag = tag;
  }
}

/** The numbers that a process has, for who counts them. */
export interface HeldNumbers {
  /** Each with a consumer of its own on the queue. */
  readonly held: readonly number[];
  /** It has no consumer for these any more, and they are there. */
  readonly known: readonly number[];
}

export interface GrantQueueListener {
  onGrant(grant: Grant): void;
  /** These are not this process's any more: its channel went, or the broker took them away. */
  onLost(grants: readonly Grant[]): void;
  /** The queue is not there: somebody has to make and fill it. Ask again then. */
  onMissing(): void;
  /** The broker does not let this user consume it. */
  onRefused(error: Error): void;
}

/**
 * One user's queue of numbered grants, as a worker uses it: on a channel that nothing else is on meanwhile, with one consumer
 * of prefetch 1 for each grant. So it never holds more than it asks for, and its consumers can be counted. It waits for a
 * channel when it is asked for something, and leaves it to others when nothing is on it.
 */
// long because: what is held, waited for and given back changes with one channel, and is counted as one.
export class GrantQueue implements ChannelUser {
  readonly #held = new Set<Grant>();
  /** Consumers that have none, by their tags. */
  readonly #waiting = new Set<string>();
  /** Consumers that are being ended: what still comes to them goes back. */
  readonly #ending = new Set<string>();
  readonly #returned = new Map<number, number>();
  #channel: Channel | undefined;
  #tags = 0;
  #wanted = 0;
  /** Since when its consumers have had nothing; milliseconds on the monotonic clock. */
  #waitsSince = 0;
  /** Somebody counts: nothing is taken and nothing given back. */
  #resting = false;
  #isMissing = false;
  #deferred: (() => void)[] = [];
  readonly #underWay = new Set<Promise<unknown>>();
  /** What was asked on the channel so far has its answer. */
  #answered: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(
    private readonly connection: Connection,
    readonly name: string,
    private readonly now: () => number,
    private readonly listener: GrantQueueListener,
    private readonly channels: GrantChannels,
  ) {}

  /** Grants in hand. */
  get held(): number {
    return this.#held.size;
  }

  /** It waits for so many. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** The broker has said that it is not there, and nobody has counted it since. */
  get isMissing(): boolean {
    return this.#isMissing;
  }

  /** It waits for a channel, and so for nothing yet. */
  get isInLine(): boolean {
    return this.channels.waits(this);
  }

  /**
   * Waits for so many from here on, and for more only when asked again.
   *
   * @param isFirst others wait as long as it waits: it gets the next channel
   */
  ask(count: number, isFirst = false): void {
    this.#wanted = count;
    if (this.#closed || this.#resting || this.#waiting.size >= count) return;
    if (this.#channel === undefined) {
      this.channels.ask(this, isFirst);
      return;
    }
    this.channels.isBusy(this);
    if (this.#waiting.size === 0) this.#waitsSince = this.now();
    while (this.#waiting.size < count) this.#consume(this.#channel);
  }

  /** Waits for none any more. */
  withdraw(): void {
    this.#wanted = 0;
    this.channels.leave(this);
    if (!this.#resting) for (const tag of [...this.#waiting]) this.#run(this.#cancel(tag));
  }

  /** Where it has waited in vain for so long: lets one that has no channel wait in its place, and waits for a channel. */
  makeWay(afterMs: number): void {
    const isInVain =
      this.#held.size === 0 && this.#waiting.size > 0 && this.now() - this.#waitsSince > afterMs;
    if (!isInVain || this.#resting || this.#closed || this.channels.waiting === 0) return;
    const wanted = this.#wanted;
    this.withdraw();
    Promise.allSettled([...this.#underWay]).then(() => this.ask(Math.max(wanted, this.#wanted)));
  }

  onChannel(channel: Channel): void {
    this.#channel = channel;
    this.ask(this.#wanted);
    this.#lookIdle();
  }

  onTaken(): void {
    this.#channel = undefined;
  }

  onLost(): void {
    this.#channel = undefined;
    this.#waiting.clear();
    this.#ending.clear();
    this.#deferred = [];
    const lost = [...this.#held];
    this.#held.clear();
    if (!this.#closed) this.listener.onLost(lost);
  }

  /** To whoever waits for it. This process asks anew when it wants another. */
  giveBack(grant: Grant): void {
    this.#end(grant, (channel) => {
      this.#noteReturned(grant);
      channel.nack(grant.message, false, true);
    });
  }

  /** There is one too many: it is no more. */
  discard(grant: Grant): void {
    this.#end(grant, (channel) => channel.ack(grant.message));
  }

  /** To who has waited longest; this process goes on waiting. Where nobody else waits it comes straight back. */
  rotate(grant: Grant): void {
    if (this.#defers(() => this.rotate(grant)) || !this.#held.delete(grant)) return;
    const channel = this.#channel;
    if (channel === undefined || channel.isClosing) return;
    if (grant.tag !== undefined) this.#waiting.add(grant.tag);
    this.#noteReturned(grant);
    channel.nack(grant.message, false, true);
  }

  /** How many consumers there are on the queue, whoever's, and how many grants wait for one; undefined where nobody can tell. */
  async counts(): Promise<{ readonly consumers: number; readonly ready: number } | undefined> {
    const channel = this.#channel;
    if (channel === undefined || channel.isClosing) return undefined;
    try {
      const { consumerCount, messageCount } = await this.#request(() => channel.checkQueue(this.name));
      return { consumers: consumerCount, ready: messageCount };
    } catch {
      return undefined; // it went with its channel, which is told
    }
  }

  /**
   * Somebody counts the grants: takes none and gives none back until `goOn`. A grant that is held keeps its consumer,
   * and no other consumer is left.
   */
  async rest(): Promise<HeldNumbers> {
    this.#resting = true;
    this.#isMissing = false;
    await Promise.allSettled([...this.#underWay]);
    await Promise.allSettled([...this.#waiting].map((tag) => this.#run(this.#cancel(tag))));
    await this.counts(); // the queue has what was given back
    return this.numbers();
  }

  /** What it has, without a rest. */
  numbers(): HeldNumbers {
    const held: number[] = [];
    const known: number[] = [];
    for (const { number, tag } of this.#held)
      if (number !== undefined) (tag === undefined ? known : held).push(number);
    const since = this.now() - JUST_RETURNED_MS;
    for (const [number, at] of this.#returned) {
      if (at > since) known.push(number);
      else this.#returned.delete(number);
    }
    return { held, known };
  }

  goOn(): void {
    if (!this.#resting) return;
    this.#resting = false;
    for (const act of this.#deferred.splice(0)) act();
    this.ask(this.#wanted);
    this.#lookIdle();
  }

  /** Has no channel until it is asked again, where it has nothing on it. */
  release(): void {
    if (this.#channel === undefined || !this.#isIdle) return;
    this.#channel = undefined;
    this.channels.giveUp(this);
  }

  /** What it holds may not be its any more: drops the channel, as if it had been lost. */
  drop(): void {
    if (this.#channel === undefined) return;
    this.onLost();
    this.channels.giveUp(this);
  }

  /**
   * Gives everything back, and resolves when the broker has it.
   *
   * @param kept these are left to the broker, which gives them out when it has kept them back for long enough
   */
  async close(kept: ReadonlySet<Grant> = new Set()): Promise<void> {
    this.#closed = true;
    this.goOn();
    this.withdraw();
    for (const grant of [...this.#held]) if (!kept.has(grant)) this.giveBack(grant);
    await Promise.allSettled([...this.#underWay]);
    this.#channel = undefined;
    await this.channels.end(this);
  }

  /** Nothing is held, and nothing is under way. */
  get #isIdle(): boolean {
    return !this.#resting && this.#held.size + this.#waiting.size + this.#underWay.size === 0;
  }

  #lookIdle(): void {
    if (this.#channel !== undefined && this.#isIdle && !this.#closed) this.channels.isIdle(this);
  }

  #consume(channel: Channel): void {
    const tag = `g${++this.#tags}`;
    this.#waiting.add(tag);
    const deliver = (message: Delivery | null) => this.#delivered(channel, tag, message);
    const started = this.#request(() => channel.consume(this.name, deliver, { consumerTag: tag }));
    this.#run(
      started.catch((error) => {
        this.#waiting.delete(tag);
        const code = replyCode(error);
        if (code === 404) this.#isGone();
        else if (code !== undefined)
          this.listener.onRefused(explainRefusal(error, `the queue "${this.name}"`));
      }),
    );
  }

  #delivered(channel: Channel, tag: string, message: Delivery | null): void {
    if (channel !== this.#channel) return;
    if (message === null) {
      this.#run(this.#consumerEnded(tag));
      return;
    }
    if (this.#ending.has(tag)) {
      this.#noteReturned({ number: grantNumberOf(message) });
      channel.nack(message, false, true);
      return;
    }
    this.#waiting.delete(tag);
    if (this.#wanted > 0) this.#wanted--;
    const grant = new Grant(grantNumberOf(message), message, this.now(), tag);
    const isDouble = [...this.#held].some(({ number }) => number === grant.number);
    this.#held.add(grant);
    if (grant.number === undefined || isDouble) this.discard(grant);
    else this.listener.onGrant(grant);
  }

  /** Its queue was deleted, or the broker has taken away what it held for too long. */
  async #consumerEnded(tag: string): Promise<void> {
    const wasWaiting = this.#waiting.delete(tag);
    const grant = [...this.#held].find((one) => one.tag === tag);
    if (grant !== undefined) grant.tag = undefined;
    const isGone = (await absent(this.connection, [this.name])).length > 0;
    if (isGone) this.#isGone();
    else if (grant !== undefined && this.#held.delete(grant)) this.listener.onLost([grant]);
    else if (wasWaiting) this.ask(this.#wanted);
  }

  #isGone(): void {
    this.#isMissing = true;
    this.#returned.clear();
    this.listener.onMissing();
  }

  #end(grant: Grant, tell: (channel: Channel) => void): void {
    if (this.#defers(() => this.#end(grant, tell)) || !this.#held.delete(grant)) return;
    const { tag } = grant;
    const channel = this.#channel;
    if (channel === undefined) return;
    const isOurs = () => !channel.isClosing && (this.#channel === channel || this.#closed);
    if (tag === undefined) {
      if (isOurs()) tell(channel);
      return;
    }
    // Its consumer goes first, or the grant would come straight back. Both are sent at once: between them the grant is in no
    // queue, and has no consumer. Who counts then, and does not hear of it in time, takes it for missing.
    this.#request(async () => {
      if (!isOurs()) return; // the channel has gone, and the grant with it
      const ended = channel.cancel(tag);
      tell(channel);
      await ended;
    });
  }

  #defers(act: () => void): boolean {
    if (this.#resting) this.#deferred.push(act);
    return this.#resting;
  }

  async #cancel(tag: string): Promise<void> {
    const channel = this.#channel;
    this.#waiting.delete(tag);
    if (channel === undefined) return;
    this.#ending.add(tag);
    await this.#request(() => channel.cancel(tag)).catch(() => {}); // a closed channel has no consumers
    this.#ending.delete(tag);
  }

  #noteReturned({ number }: Pick<Grant, 'number'>): void {
    if (number !== undefined) this.#returned.set(number, this.now());
  }

  /** One after the other: amqplib would keep the next one back, while what needs no answer went before it. */
  #request<Result>(ask: () => Promise<Result>): Promise<Result> {
    const asked = this.#answered.then(ask);
    this.#answered = asked.catch(() => {}); // whoever asked is told
    return this.#run(asked);
  }

  #run<Result>(work: Promise<Result>): Promise<Result> {
    this.channels.isBusy(this);
    const tracked = work.finally(() => {
      this.#underWay.delete(tracked);
      this.#lookIdle();
    });
    this.#underWay.add(tracked);
    tracked.catch(() => {}); // whoever has an interest is told otherwise
    return tracked;
  }
}
