import { explainRefusal } from '../../../broker/connection/refusal.js';
import { type Grant, GrantQueue } from '../../../broker/policy/grant-queue.js';
import { FairqError } from '../../../core/errors/errors.js';
import type { ChannelDeps } from '../worker-contract.js';
import type { GrantOffice } from './grant-office.js';

/** A grant that was of use stays so long for the next task. Milliseconds. */
const IDLE_MS = 10;
/** One that has to wait for another limit's stays longer: else a user with both would seldom have both. */
const IDLE_BESIDE_MS = 100;
/** Nothing has come for so long: some may be missing. Longer where the broker keeps back what was lost. */
const MISSED_AFTER_MS = 2_000;
const MISSED_AFTER_LOSS_MS = 8_000;
const MOST_PATIENCE_MS = 60_000;
const FILL_AGAIN_MS = 250;
const COUNT_AGAIN_MS = 1_500;
/** The queue may not be there yet, as somebody else is making it. */
const ASK_AGAIN_MS = 20;
const SILENT_AGAIN_MS = 2_000;
/** The broker's no stays one until somebody grants a right, or removes what is in the way. */
const REFUSED_AGAIN_MS = 5_000;
/** Without use for so long, its channel is closed. Others that wait for one have it sooner. */
const CHANNEL_KEPT_MS = 30_000;
/** Others that have no channel get this one, where nothing has come on it for so long. */
const MAKES_WAY_AFTER_MS = 1_000;

/** What a hand is there for. */
export interface HandOwner {
  /** Something has come, or come free: a start may take it. */
  onFree(): void;
  /** All that was in the hand is void. */
  onLost(): void;
  onWarning(text: string): void;
  /** It is asked for a start, and another limit that the start has to pass lacks something. */
  readonly waitsForAnother: boolean;
  /** Tasks here that one would let start. */
  readonly tasksHere: number;
}

export interface HandOptions {
  readonly queue: string;
  /** Its numbers are 1 to this one. */
  readonly count: number;
  readonly lostForMs: number;
}

interface Idle {
  readonly grant: Grant;
  readonly since: number;
  readonly forMs: number;
  /** No task has used it here yet. */
  readonly isFresh: boolean;
}

/** Grants of one kind of a user or a tenant, as far as this worker has some in hand. */
// long because: asking, keeping, giving back and filling all go by what is in the hand.
export abstract class Hand {
  protected readonly queue: GrantQueue;
  readonly #idle: Idle[] = [];
  #count: number;
  #idleTimer: NodeJS.Timeout | undefined;
  #fillTimer: NodeJS.Timeout | undefined;
  #againTimer: NodeJS.Timeout | undefined;
  #verifyTimer: NodeJS.Timeout | undefined;
  /** Since when it waits for one that has not come. */
  #waitsSince: number | undefined;
  #patienceMs: number;
  /** So many it would take. */
  #wished = 1;
  /** Its next channel comes before those of others: it has waited for one before, or something waits in its hand. */
  #isNext = false;
  #isFilling = false;
  #lastUse: number;
  #lastCheck: number;
  #closed = false;
  #saidSilent = false;
  #saidRefused = false;
  /** Another worker waits for one. */
  protected othersWait = false;

  constructor(
    protected readonly deps: ChannelDeps,
    protected readonly office: GrantOffice,
    protected readonly options: HandOptions,
    protected readonly owner: HandOwner,
  ) {
    this.#count = options.count;
    this.#patienceMs = this.#firstPatience;
    this.#lastUse = deps.clock.now();
    this.#lastCheck = this.#lastUse;
    const listener = {
      onGrant: (grant: Grant) => this.#came(grant),
      onLost: (grants: readonly Grant[]) => this.#lost(grants.length > 0),
      onMissing: () => this.#fill(),
      onRefused: (error: Error) => this.#sayRefused(error),
    };
    const now = () => deps.clock.now();
    this.queue = new GrantQueue(deps.connection, options.queue, now, listener, office.channels);
    office.add(this.queue);
  }

  /** There is one for the next start. */
  get has(): boolean {
    return this.#idle.length > 0;
  }

  /** In use, or for the next start. */
  get inHand(): number {
    return this.queue.held;
  }

  get count(): number {
    return this.#count;
  }

  /** It changes from here on: what is over the number goes as it comes free. */
  set count(count: number) {
    const isRaised = count > this.#count;
    this.#count = count;
    for (const { grant } of this.#idle.splice(0)) this.keep(grant, true);
    if (isRaised) {
      this.#askAgain();
      this.#fill();
    }
  }

  /** Takes the one for this start; there has to be one. */
  use(): Grant {
    const { grant } = this.#idle.pop()!;
    return grant;
  }

  /** Waits for so many, or as many as it may. @param isNext before others that wait for a channel */
  want(count: number, isNext = false): void {
    this.#isNext ||= isNext;
    this.#wished = this.isWaiting ? Math.max(this.#wished, count) : count;
    this.#waitsSince ??= this.deps.clock.now();
    this.#askAgain();
  }

  /** One is asked for, and has not come. */
  get isWaiting(): boolean {
    return this.#waitsSince !== undefined;
  }

  /** Waits for none. */
  withdraw(): void {
    this.#waitsSince = undefined;
    this.queue.withdraw();
  }

  /** Now and then. */
  check(now: number): void {
    const sinceLast = now - this.#lastCheck;
    this.#lastCheck = now;
    // Who is in the line for a channel misses no grant yet.
    if (this.queue.isInLine && this.#waitsSince !== undefined) this.#waitsSince += sinceLast;
    if (this.queue.held > 0 || this.queue.waiting > 0) {
      this.#lastUse = now;
      void this.#lookForOthers();
    } else if (now - this.#lastUse > CHANNEL_KEPT_MS) this.queue.release();
    if (this.owner.tasksHere === 0 && (this.queue.waiting > 0 || this.queue.isInLine)) this.withdraw();
    this.queue.makeWay(MAKES_WAY_AFTER_MS);
    if (this.#waitsSince !== undefined && now - this.#waitsSince > this.#patienceMs) {
      this.#patienceMs = Math.min(MOST_PATIENCE_MS, this.#patienceMs * 2);
      void this.#fillIfMissing();
    }
    if (this.othersWait) this.#passFreshOn(now);
  }

  /** What it holds may be somebody else's. */
  drop(): void {
    this.queue.drop();
  }

  /** Gives back what it has, and resolves when the broker has it. */
  async close(kept?: ReadonlySet<Grant>): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#idleTimer);
    clearTimeout(this.#fillTimer);
    clearTimeout(this.#againTimer);
    clearTimeout(this.#verifyTimer);
    this.#idle.length = 0;
    await this.queue.close(kept);
    this.office.remove(this.queue);
  }

  /** Nothing is set any more that it was there for, and it is closed: its queue goes with the last worker that has something of it. */
  retired(): void {
    void this.office.clear(this.#wanted);
  }

  #askAgain(): void {
    const most = this.#count - this.queue.held;
    if (this.#waitsSince === undefined || most <= 0) return;
    this.queue.ask(Math.min(this.#wished, most), this.#isNext);
    this.#isNext = false;
  }

  /** All that is in use is void as well. */
  protected abstract lost(): void;

  /** It is free: for the next task here, which it is kept for so long, or to go if it is one too many. */
  protected keep(grant: Grant, isFresh = false, forMs = IDLE_MS): void {
    if (grant.number! > this.#count) {
      this.queue.discard(grant);
      return;
    }
    this.#idle.push({ grant, since: this.deps.clock.now(), forMs, isFresh });
    this.#idleTimer ??= setTimeout(() => this.#idleCheck(), IDLE_MS);
  }

  #came(grant: Grant): void {
    this.#waitsSince = undefined;
    this.#patienceMs = this.#firstPatience;
    this.keep(grant, true);
    this.owner.onFree();
  }

  /** @param hadSome otherwise nothing is void: its channel goes when the queue is not there yet, for one */
  #lost(hadSome: boolean): void {
    if (!hadSome) {
      this.#againTimer ??= setTimeout(() => this.#afterLoss(), ASK_AGAIN_MS);
      return;
    }
    this.#idle.length = 0;
    this.#waitsSince = undefined;
    this.lost();
    this.owner.onLost();
  }

  /** It waited for some, and waits on. Who fills the queue asks by itself. */
  #afterLoss(): void {
    this.#againTimer = undefined;
    if (!this.#closed && !this.#isFilling) this.#askAgain();
  }

  get #firstPatience(): number {
    return this.office.keepsBack ? MISSED_AFTER_LOSS_MS : MISSED_AFTER_MS;
  }

  /** Gives back what nobody here has used for a moment. A fresh one waits for a slot as long as there is a task. */
  #idleCheck(): void {
    this.#idleTimer = undefined;
    const now = this.deps.clock.now();
    const { waitsForAnother, tasksHere } = this.owner;
    const stays = this.#idle.filter(({ grant, since, forMs, isFresh }) => {
      const isForLater = isFresh && tasksHere > 0 && !waitsForAnother;
      const left = since + (waitsForAnother ? IDLE_BESIDE_MS : forMs) - now;
      if (isForLater || left > 0) return true;
      this.queue.giveBack(grant);
      return false;
    });
    this.#idle.splice(0, this.#idle.length, ...stays);
    if (stays.length > 0) this.#idleTimer = setTimeout(() => this.#idleCheck(), IDLE_MS);
  }

  #passFreshOn(now: number): void {
    for (let i = this.#idle.length - 1; i >= 0; i--) {
      const { grant, since } = this.#idle[i]!;
      if (now - since < MISSED_AFTER_MS / 2) continue;
      this.#idle.splice(i, 1);
      this.queue.rotate(grant);
    }
  }

  /** Every consumer beside those that hold one waits. */
  async #lookForOthers(): Promise<void> {
    const counts = await this.queue.counts();
    if (counts === undefined) return;
    this.othersWait = counts.ready === 0 && counts.consumers - this.queue.waiting > this.#count;
  }

  async #fillIfMissing(): Promise<void> {
    if (this.#isFilling || (await this.office.areAllHeld(this.#wanted))) return;
    if (this.#waitsSince !== undefined) this.#fill();
  }

  async #verify(): Promise<void> {
    this.#verifyTimer = undefined;
    if (!this.#closed && !(await this.office.areAllHeld(this.#wanted))) this.#fill();
  }

  get #wanted() {
    const { queue, lostForMs } = this.options;
    return { queue, count: this.#count, lostForMs };
  }

  #fill(): void {
    if (this.#isFilling || this.#closed) return;
    this.#isFilling = true;
    const { count, queue } = this;
    this.office
      .fill({ ...this.#wanted, wasMissing: () => queue.isMissing })
      .then(
        (filled) => {
          if (filled === undefined) return undefined;
          if (filled.is === 'filled' && count !== this.#count) return 0;
          if (filled.is === 'absent') return FILL_AGAIN_MS;
          if (filled.is === 'filled') return filled.isSure ? undefined : COUNT_AGAIN_MS;
          if (filled.is === 'locked') {
            // Who has the lock fills it, unless it dies at it, or knows of another number.
            this.#verifyTimer ??= setTimeout(() => this.#verify(), COUNT_AGAIN_MS);
            return undefined;
          }
          this.#saySilent();
          return SILENT_AGAIN_MS;
        },
        (error) => this.#notFilled(error),
      )
      .then((againAfterMs) => {
        this.#isFilling = false;
        if (this.#closed) return;
        this.#isNext = true;
        if (againAfterMs === undefined) this.#fillTimer = setTimeout(() => this.#askAgain(), ASK_AGAIN_MS);
        else this.#fillTimer = setTimeout(() => this.#fill(), againAfterMs);
      });
  }

  /** @returns when to try again, milliseconds */
  #notFilled(error: unknown): number {
    const refusal = explainRefusal(error, `the queue "${this.options.queue}"`);
    // What went with its connection is no refusal.
    if (!(refusal instanceof FairqError) || refusal.kind !== 'refused') return FILL_AGAIN_MS;
    this.#sayRefused(refusal);
    return REFUSED_AGAIN_MS;
  }

  #sayRefused(error: Error): void {
    if (this.#saidRefused) return;
    this.#saidRefused = true;
    this.owner.onWarning(
      `${error.message}; what "${this.options.queue}" limits does not start here, and is tried again`,
    );
  }

  #saySilent(): void {
    if (this.#saidSilent) return;
    this.#saidSilent = true;
    this.owner.onWarning(
      `"${this.options.queue}" cannot be counted now: a worker that holds something of it does not answer; it is tried again`,
    );
  }
}
