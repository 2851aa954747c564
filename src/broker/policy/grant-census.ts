import { setTimeout as delay } from 'node:timers/promises';
import type { Names } from '../../core/queues/names.js';
import type { Channel, ConfirmChannel } from '../connection/channel.js';
import { type Connection, isNack, replyCode } from '../connection/connection.js';
import type { Delivery } from '../connection/delivery.js';
import { explainRefusal } from '../connection/refusal.js';
import { takeLock } from '../queues/lock.js';
import { absent, isThere } from '../queues/queue-presence.js';
import { grantNumberOf, grantQueueOptions, keepsBackWhatIsLost } from './grant-kind.js';
import type { GrantAnswers, GrantTalk } from './grant-talk.js';

/** Who does not answer within that time is silent. Milliseconds. */
const PATIENCE_MS = 2_500;
/** A worker may have died after its answer: everybody is asked again, and has twice as long to answer. */
const ASK_AGAIN_MS = 500;
const LOOK_EVERY_MS = 10;
/** The counts have to be right so often in a row: quorum queues tell them a moment late. */
const LOOKS_IN_A_ROW = 2;
/** What the broker keeps back is there a moment after its time. */
const LATE_MS = 300;
/**
 * What is given back has no consumer for a moment, and what came to a consumer that was just ended has none until its
 * process reads that. Nobody counts it then but its holder, who may be slow.
 */
const ON_ITS_WAY_MS = 1_000;
/** A queue that refuses a message since it is being deleted is gone within that time. */
const GOES_WITHIN_MS = 2_000;
/** Those that rest go on by themselves after some seconds: they are asked again before. */
const KEEP_AT_REST_MS = 3_000;

/** What a queue of grants is to have. */
export interface GrantsWanted {
  readonly queue: string;
  /** The numbers 1 to this one. */
  readonly count: number;
  /** How long the broker keeps back what a lost connection held, where it can. */
  readonly lostForMs: number;
  /** The broker has just said that it is not there, and nobody has counted it since. Asked when it is counted. */
  readonly wasMissing?: () => boolean;
}

export type Filled =
  /** Somebody else is at it. */
  | { readonly is: 'locked' }
  /** Somebody has grants, or waits for some, and does not answer. @see answered */
  | { readonly is: 'silent'; readonly answered: ReadonlySet<string> }
  /** Somebody deleted the queue meanwhile. */
  | { readonly is: 'absent' }
  /** @see isSure every number was seen, and not only heard of from somebody who had it a moment ago */
  | {
      readonly is: 'filled';
      readonly added: readonly number[];
      readonly removed: number;
      readonly isSure: boolean;
    };

/** A queue of grants that is to go. */
export interface GrantsUnneeded extends Pick<GrantsWanted, 'queue' | 'lostForMs'> {
  /** It had the numbers 1 to this one; undefined: nobody can tell, so some may be kept back. 0: nothing can be. */
  readonly count: number | undefined;
  /** What the broker may keep back is waited for. */
  readonly waits: boolean;
}

export type Removed =
  | { readonly is: 'locked' }
  | { readonly is: 'silent'; readonly answered: ReadonlySet<string> }
  /** It stays, since the broker may keep something back that somebody had who is gone. */
  | { readonly is: 'kept-back' }
  /** It stays, since these have something of it. @see holders names of workers */
  | { readonly is: 'held'; readonly holders: readonly string[] }
  | { readonly is: 'removed' }
  /** It was not there, or somebody else deleted it meanwhile. */
  | { readonly is: 'absent' };

/** Whether every number is held by somebody who says so. Nobody rests for it. */
export async function areAllHeld(talk: GrantTalk, { queue, count }: GrantsWanted): Promise<boolean> {
  const question = talk.ask(queue, false);
  const deadline = performance.now() + PATIENCE_MS;
  try {
    while (performance.now() < deadline) {
      await delay(LOOK_EVERY_MS);
      if (missingOf(count, numbersIn(question.answers)).length === 0) return true;
    }
    return false;
  } finally {
    question.forget();
  }
}

/**
 * Makes a queue of grants hold the numbers that it is to have, each once, whoever else is at it and whoever dies
 * meanwhile. It counts over AMQP: the management API tells late, and not what the broker keeps back.
 *
 * All of it is on one connection. Who has lost that has lost the lock, and can publish nothing any more.
 */
export async function fillGrants(
  connection: Connection,
  names: Names,
  talk: GrantTalk,
  wanted: GrantsWanted,
): Promise<Filled> {
  return locked(connection, names, talk, wanted.queue, (on) => new Census(connection, talk, wanted).fill(on));
}

/**
 * Deletes a queue of grants, unless somebody holds one of them or does not say whether it does. All of them are in our hand
 * then, so nobody can get one meanwhile. Who needs the queue all the same makes it again, and runs nothing under an old one.
 */
export async function removeGrants(
  connection: Connection,
  names: Names,
  talk: GrantTalk,
  unneeded: GrantsUnneeded,
): Promise<Removed> {
  const { queue } = unneeded;
  if ((await absent(connection, [queue])).length > 0) return { is: 'absent' };
  return locked(connection, names, talk, queue, (on) =>
    new Census(connection, talk, unneeded).remove(unneeded, on),
  );
}

async function locked<Result>(
  connection: Connection,
  names: Names,
  talk: GrantTalk,
  queue: string,
  work: (on: CensusChannel) => Promise<Result>,
): Promise<Result | { readonly is: 'locked' } | { readonly is: 'absent' }> {
  const lock = await takeLock(connection, lockOf(names, queue), () => connection.confirmChannel());
  if (lock === undefined) return { is: 'locked' };
  const on = new CensusChannel(connection, lock.channel);
  try {
    return await work(on);
  } catch (error) {
    if (replyCode(error) === 404 || (await isGone(connection, queue, error))) return { is: 'absent' };
    throw error;
  } finally {
    talk.goOn(queue);
    await lock.release(on.open);
  }
}

/**
 * Whether a count failed since the queue was deleted meanwhile. A quorum queue that is being deleted refuses what is on its
 * way to it, a moment before it is gone, and RabbitMQ 4.3 may end the channel. A connection that is lost tells nothing.
 */
async function isGone(connection: Connection, queue: string, error: unknown): Promise<boolean> {
  const until = performance.now() + (isNack(error) ? GOES_WITHIN_MS : 0);
  try {
    while ((await absent(connection, [queue])).length === 0) {
      if (performance.now() >= until) return false;
      await delay(LOOK_EVERY_MS);
    }
    return true;
  } catch (trouble) {
    if (connection.isConnected) throw trouble;
    return false;
  }
}

/** All of a count is done on one channel, that of its lock: a glob may have thousands of queues filled. */
class CensusChannel {
  #isOpen = true;

  constructor(
    private readonly connection: Connection,
    private channel: ConfirmChannel,
  ) {
    this.#watch();
  }

  /** Undefined where the broker has closed it, with a refusal. */
  get open(): ConfirmChannel | undefined {
    return this.#isOpen ? this.channel : undefined;
  }

  /** Another one after a refusal. */
  async current(): Promise<ConfirmChannel> {
    if (!this.#isOpen) {
      this.channel = await this.connection.confirmChannel();
      this.#isOpen = true;
      this.#watch();
    }
    return this.channel;
  }

  #watch(): void {
    this.channel.once('close', () => {
      this.#isOpen = false;
    });
  }
}

function lockOf({ prefix }: Names, queue: string): string {
  return `${prefix}.lock.${queue.slice(prefix.length + 1)}`;
}

interface Seen {
  readonly is: 'seen';
  /** Numbers that are there. */
  readonly numbers: readonly number[];
  /** Those that somebody holds: of these a second one is one too many. */
  readonly held: readonly number[];
  /** By the names of those who have them. */
  readonly byHolder: ReadonlyMap<string, readonly number[]>;
}

interface Silent {
  readonly is: 'silent';
  readonly answered: ReadonlySet<string>;
}

class Census {
  /** What was in the queue, or came back: it is in our hand. */
  readonly #ours: Delivery[] = [];
  /** What was in our hand when everybody was asked last. */
  #before: ReadonlySet<Delivery> = new Set();
  readonly #wasMissing: boolean;

  constructor(
    private readonly connection: Connection,
    private readonly talk: GrantTalk,
    private readonly wanted: GrantsWanted | GrantsUnneeded,
  ) {
    this.#wasMissing = 'wasMissing' in wanted && wanted.wasMissing?.() === true;
  }

  async fill(on: CensusChannel): Promise<Filled> {
    const isNew = await this.#make(on);
    return this.#counted(on, async (channel) => {
      const first = await this.#allThatIsThere(channel, isNew);
      // A number that came to us after its holder was asked may be what that one has given back since.
      const seen = this.#doubts(first).length > 0 ? await this.#everybodys(channel) : first;
      if (seen.is === 'silent') return seen;
      const added = this.#missing(seen.numbers);
      // One that dies at it leaves some: the next count finds them.
      await Promise.all(added.map((number) => this.#publish(channel, number)));
      const seenByNow = [...seen.held, ...added, ...this.#ours.map(numberOf)];
      const isSure = missingOf(this.#count, seenByNow).length + this.#doubts(seen).length === 0;
      const removed = this.#removeTooMany(channel, seen);
      return { is: 'filled', added, removed, isSure };
    });
  }

  /** The queue has to be there. */
  remove(unneeded: GrantsUnneeded, on: CensusChannel): Promise<Removed> {
    return this.#counted(on, async (channel) => {
      const { waits } = unneeded;
      const seen = await (waits ? this.#allThatIsThere(channel, false) : this.#everybodys(channel));
      if (seen.is === 'silent') return seen;
      const ours = new Set(this.#ours.map(numberOf));
      const holders = [...seen.byHolder].filter(([, numbers]) => numbers.some((number) => !ours.has(number)));
      if (seen.held.length + holders.length > 0)
        return { is: 'held', holders: holders.map(([name]) => name) };
      if (!waits && this.#mayBeKeptBack(seen)) return { is: 'kept-back' };
      try {
        await channel.deleteQueue(this.wanted.queue);
      } catch (error) {
        throw explainRefusal(error, `the queue "${this.wanted.queue}"`);
      }
      this.#ours.length = 0;
      return { is: 'removed' };
    });
  }

  /** Takes all that is in the queue into our hand meanwhile. */
  async #counted<Result>(
    on: CensusChannel,
    work: (channel: ConfirmChannel) => Promise<Result>,
  ): Promise<Result> {
    const channel = await on.current();
    const { consumerTag } = await this.#consume(channel);
    try {
      return await work(channel);
    } finally {
      await this.#leave(channel, consumerTag);
    }
  }

  async #consume(channel: Channel) {
    try {
      return await channel.consume(this.wanted.queue, (message) => {
        if (message !== null) this.#ours.push(message);
      });
    } catch (error) {
      throw replyCode(error) === 403 ? explainRefusal(error, `the queue "${this.wanted.queue}"`) : error;
    }
  }

  /** With what the broker keeps back, or what is on its way. @param isNew nothing of it can be lost yet */
  async #allThatIsThere(channel: Channel, isNew: boolean): Promise<Seen | Silent> {
    const seen = await this.#everybodys(channel);
    if (seen.is === 'silent' || isNew) return seen;
    const waitMs = this.#mayBeKeptBack(seen) ? this.wanted.lostForMs + LATE_MS : this.#onItsWayMs(seen);
    if (waitMs === 0) return seen;
    await this.#whileAtRest(waitMs);
    return this.#everybodys(channel);
  }

  #onItsWayMs({ numbers }: Seen): number {
    // Of a queue that was not there a moment ago, and of which nobody has anything, nobody had anything.
    const isUnused = this.#wasMissing && numbers.length + this.#ours.length === 0;
    return isUnused || this.#missing(numbers).length === 0 ? 0 : ON_ITS_WAY_MS;
  }

  #mayBeKeptBack({ numbers }: Seen): boolean {
    return this.#keepsBack && (this.wanted.count === undefined || this.#missing(numbers).length > 0);
  }

  get #count(): number {
    return this.wanted.count ?? 0;
  }

  get #keepsBack(): boolean {
    return keepsBackWhatIsLost(this.connection.brokerVersion);
  }

  /** @returns whether it was not there; false where nobody can tell */
  async #make(on: CensusChannel): Promise<boolean> {
    const { queue, lostForMs } = this.wanted;
    // Where the broker keeps nothing back it makes no difference who has made it.
    const isSoonMade = !this.#keepsBack && this.#wasMissing;
    if (!isSoonMade && (await isThere(await on.current(), queue))) return false;
    const channel = await on.current();
    try {
      await channel.assertQueue(queue, grantQueueOptions(this.connection.brokerVersion, lostForMs));
    } catch (error) {
      // Somebody may have made it in the meantime, as another kind, or with a right that this user does not have.
      if (isSoonMade && (await isThere(await on.current(), queue))) return false;
      throw explainRefusal(error, `the queue "${queue}"`);
    }
    return !isSoonMade;
  }

  /** Every number that others have. Each consumer beside ours has to be of a number that was answered. */
  async #everybodys(channel: Channel): Promise<Seen | Silent> {
    const deadline = performance.now() + PATIENCE_MS;
    for (let patienceMs = ASK_AGAIN_MS; ; patienceMs *= 2) {
      this.#before = new Set(this.#ours);
      const question = this.talk.ask(this.wanted.queue, true);
      try {
        const askAgainAt = performance.now() + patienceMs;
        let inARow = 0;
        while (performance.now() < askAgainAt) {
          await delay(LOOK_EVERY_MS);
          const { consumerCount, messageCount } = await channel.checkQueue(this.wanted.queue);
          const isAnswered = question.isOut && consumerCount === 1 + heldIn(question.answers);
          const isRight = messageCount === 0 && isAnswered;
          inARow = isRight ? inARow + 1 : 0;
          if (inARow === LOOKS_IN_A_ROW) return seenIn(question.answers);
        }
        if (performance.now() >= deadline)
          return { is: 'silent', answered: new Set(question.answers.keys()) };
      } finally {
        question.forget();
      }
    }
  }

  #missing(others: readonly number[]): number[] {
    return missingOf(this.#count, [...others, ...this.#ours.map(numberOf)]);
  }

  /** What the broker keeps back comes to us meanwhile. */
  async #whileAtRest(ms: number): Promise<void> {
    const until = performance.now() + ms;
    for (let left = ms; left > 0; left = until - performance.now()) {
      this.talk.ask(this.wanted.queue, true).forget();
      await delay(Math.min(left, KEEP_AT_REST_MS));
    }
  }

  async #publish(confirmed: ConfirmChannel, number: number): Promise<void> {
    const { queue } = this.wanted;
    await new Promise<void>((resolve, reject) => {
      const properties = { messageId: String(number), persistent: true };
      confirmed.sendToQueue(queue, Buffer.alloc(0), properties, (error) => {
        if (error) reject(explainRefusal(error, `the queue "${queue}"`));
        else resolve();
      });
    });
  }

  /** What is in our hand and was held by somebody when that one was asked, unless it was in our hand before. */
  #doubts(seen: Seen | Silent): Delivery[] {
    if (seen.is === 'silent') return [];
    const held = new Set(seen.held);
    return this.#ours.filter((message) => held.has(numberOf(message)) && !this.#before.has(message));
  }

  /** One too many, or one that is there twice, ends here. @returns how many did */
  #removeTooMany(channel: Channel, seen: Seen): number {
    const doubts = new Set(this.#doubts(seen));
    const others = new Set(seen.held);
    const found = this.#ours.splice(0);
    for (const message of found) {
      const number = numberOf(message);
      const isTwice = others.has(number) && !doubts.has(message);
      const isToStay = number >= 1 && number <= this.#count && !isTwice;
      others.add(number);
      if (isToStay) this.#ours.push(message);
      else channel.ack(message);
    }
    return found.length - this.#ours.length;
  }

  /** A nack is at once for whoever waits; what goes with its channel may be kept back. */
  async #leave(channel: Channel, consumerTag: string): Promise<void> {
    try {
      await channel.cancel(consumerTag);
      for (const message of this.#ours) channel.nack(message, false, true);
    } catch {
      // It went with its connection, which gives back what was in our hand.
    }
  }
}

function seenIn(answers: GrantAnswers): Seen {
  const held = [...answers.values()].flatMap((answer) => answer.held);
  const byHolder = new Map<string, readonly number[]>();
  for (const { name, held, known } of answers.values()) {
    byHolder.set(name, [...(byHolder.get(name) ?? []), ...held, ...known]);
  }
  return { is: 'seen', numbers: numbersIn(answers), held, byHolder };
}

function heldIn(answers: GrantAnswers): number {
  let count = 0;
  for (const { held } of answers.values()) count += held.length;
  return count;
}

function numbersIn(answers: GrantAnswers): number[] {
  return [...answers.values()].flatMap(({ held, known }) => [...held, ...known]);
}

function missingOf(count: number, numbers: readonly number[]): number[] {
  const there = new Set(numbers);
  const missing: number[] = [];
  for (let number = 1; number <= count; number++) if (!there.has(number)) missing.push(number);
  return missing;
}

/** 0 for a message that is no grant. */
function numberOf(message: Delivery): number {
  return grantNumberOf(message) ?? 0;
}
