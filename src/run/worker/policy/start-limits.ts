import type { ToldLane } from '../../../core/explain/told.js';
import { type GrantQueues, grantQueuesOf } from '../../../core/policy/grant-queues.js';
import type { Cap, Rate } from '../../../core/policy/policy-document.js';
import { tokenPlan } from '../../../core/policy/token-plan.js';
import type { Gate } from '../../../core/scheduling/gate.js';
import type { ChannelDeps } from '../worker-contract.js';
import type { GrantOffice } from './grant-office.js';
import type { HandOwner } from './hand.js';
import { LimitGate } from './limit-gate.js';
import { type Limited, textOf } from './limited.js';
import { Permits } from './permits.js';
import { Tokens } from './tokens.js';

/** How long the broker keeps back what a lost connection held, where it can. Milliseconds. */
const LOST_FOR_MS = 5_000;
const MOST_LOST_FOR_MS = 60_000;
/** The broker ends what is unacknowledged for longer than its `consumer_timeout`: 30 minutes, unless it was set. */
const LONGEST_HOLD_MS = 29 * 60_000;

/** What keeps a user or a tenant from its next start. */
export type ToldLimits = Pick<ToldLane, 'blocked' | 'permits' | 'nextTokenMs'>;

/** What limits work with. */
export interface LimitParts {
  readonly deps: ChannelDeps;
  readonly office: GrantOffice;
  readonly slots: { readonly free: number };
  /** Somebody else has tasks here, or had some a moment ago, or may have some in a moment. */
  othersAreActive(): boolean;
  /** Resolves when what this gate has let go has ended, as far as that can be waited for. */
  giveUp(gate: Gate): Promise<void>;
  onWarning(text: string): void;
}

/**
 * The cap and the rate of a user or a tenant at this worker. At its turn a start takes a token, then a permit. Where one is
 * not there it takes no turns until that has come; neither is held meanwhile for longer than a moment.
 */
// long because: a start needs both limits at once, and each change of one changes what the other waits for.
export class StartLimits {
  #gate = new LimitGate(this);
  #permits: Permits | undefined;
  #tokens: Tokens | undefined;
  #whenBusy = false;
  /** What is set, as text: who is blocked goes on waiting where that has not changed. */
  #applied: string | undefined;
  /** Tasks of before run on without their permits. */
  #isSettling = false;
  /** Milliseconds on the monotonic clock. */
  #blockedSince: number | undefined;
  #tokensTimer: NodeJS.Timeout | undefined;
  readonly #closing = new Set<Promise<unknown>>();

  constructor(
    readonly whose: Limited,
    private readonly parts: LimitParts,
  ) {}

  get gate(): Gate {
    return this.#gate;
  }

  /** Since when it has had no start for lack of something; undefined while it may start. */
  get blockedSince(): number | undefined {
    return this.#blockedSince;
  }

  /** What others are told of it. @param isBlocked it takes no turns */
  told(isBlocked: boolean): ToldLimits {
    const [permits, tokens] = [this.#permits, this.#tokens];
    const lacksToken = tokens !== undefined && (!tokens.has || permits === undefined);
    const nextTokenMs = tokens?.nextMs;
    return {
      ...(isBlocked && { blocked: lacksToken ? 'rate' : 'cap' }),
      ...(permits !== undefined && { permits: permits.inHand }),
      ...(nextTokenMs !== undefined && { nextTokenMs }),
    };
  }

  /** Nothing is set any more. What it has let go runs on, and is told to it still. */
  unset(): void {
    this.#applyCap(undefined, () => 0);
    this.#applyRate(undefined);
  }

  /** What is set from now on. @param running tasks that run and are to have permits: all of them know this gate then */
  apply(cap: Cap | undefined, rate: Rate | undefined, running: () => number): void {
    const applied = JSON.stringify([cap, rate]);
    if (applied === this.#applied) return;
    this.#applied = applied;
    this.#applyCap(cap, running);
    this.#applyRate(rate);
    this.#letGo(false);
  }

  #applyCap(cap: Cap | undefined, running: () => number): void {
    this.#whenBusy = cap?.whenBusy === true;
    if (cap === undefined) {
      this.#retire(this.#permits, this.#permits?.close());
      this.#permits = undefined;
      return;
    }
    if (this.#permits !== undefined) {
      if (this.#permits.count !== cap.tasks) this.#permits.count = cap.tasks;
      return;
    }
    const { deps, office } = this.parts;
    const options = { queue: this.#queues.permits, count: cap.tasks, lostForMs: LOST_FOR_MS };
    const owner = this.#owner(
      () => this.#tokens !== undefined && !this.#tokens.has,
      () => this.#lost(),
    );
    this.#permits = new Permits(deps, office, options, owner);
    this.#permits.owes(running());
  }

  #applyRate(rate: Rate | undefined): void {
    if (rate === undefined) {
      this.#retire(this.#tokens, this.#tokens?.end());
      this.#tokens = undefined;
      return;
    }
    const { tokens: count, holdMs } = tokenPlan(rate);
    if (this.#tokens !== undefined) {
      this.#tokens.holdMs = holdMs;
      if (this.#tokens.count !== count) this.#tokens.count = count;
      return;
    }
    const { deps, office, onWarning } = this.parts;
    if (holdMs > LONGEST_HOLD_MS && !office.keepsBack) {
      onWarning(
        `${textOf(this.whose)} may start sooner than its rate says: RabbitMQ ${deps.connection.brokerVersion} takes a token back after its consumer_timeout, 30 minutes unless it was set`,
      );
    }
    const lostForMs = Math.min(MOST_LOST_FOR_MS, Math.max(LOST_FOR_MS, Math.ceil(holdMs)));
    const options = { queue: this.#queues.tokens, count, lostForMs };
    const owner = this.#owner(
      () => this.#permits !== undefined && !this.#permits.has,
      () => this.#tokensLost(),
    );
    this.#tokens = new Tokens(deps, office, options, owner, holdMs);
  }

  take(): boolean {
    const { office, slots, deps } = this.parts;
    const permits = this.#permits;
    const tokens = this.#tokens;
    if (office.isReady && !this.#isSettling) {
      const lacksToken = tokens !== undefined && !tokens.has;
      const lacksPermit = permits !== undefined && !permits.has && !this.#mayOwe();
      if (!lacksToken && !lacksPermit) {
        this.#blockedSince = undefined;
        tokens?.take();
        permits?.start();
        return true;
      }
      this.#want(Math.max(1, Math.min(slots.free, this.whose.tasksHere)));
    }
    this.#blockedSince ??= deps.clock.now();
    return false;
  }

  started(): void {
    this.#tokens?.started();
  }

  ended(): void {
    this.#permits?.ended();
  }

  notStarted(): void {
    this.#tokens?.notStarted();
    this.#permits?.ended();
  }

  /** Asked at every end: after a freeze the permits may long be somebody else's. */
  isLost(): boolean {
    const { office } = this.parts;
    if (this.#permits === undefined || this.#permits.running === 0 || office.lease.holds) return false;
    office.isOver();
    return true;
  }

  /** Something that lanes were blocked for may be there. */
  goOn(): void {
    this.#letGo(true);
  }

  /** Now and then. */
  check(now: number): void {
    this.#permits?.check(now);
    this.#tokens?.check(now);
    if (this.#mayOwe() || (!this.#isWaiting && this.whose.tasksHere > 0)) this.#letGo(true);
  }

  /** What it asked for was withdrawn, or went back, while it had nothing here to start. */
  arrived(): void {
    if (!this.#isWaiting) this.#letGo(true);
  }

  /** What is held on the connection may be somebody else's. */
  drop(): void {
    this.#tokens?.drop();
    this.#permits?.drop();
  }

  /** @returns how many tokens went back before their time was over */
  async close(): Promise<number> {
    clearTimeout(this.#tokensTimer);
    const [tokens, permits] = [this.#tokens, this.#permits];
    this.#tokens = undefined;
    this.#permits = undefined;
    const [early = 0] = await Promise.all([tokens?.end(), permits?.close(), ...this.#closing]);
    return typeof early === 'number' ? early : 0;
  }

  get #isWaiting(): boolean {
    return this.#tokens?.isWaiting === true || this.#permits?.isWaiting === true;
  }

  get #queues(): GrantQueues {
    return grantQueuesOf(this.parts.deps.names, this.whose.of, this.whose.name);
  }

  /** With a cap that binds only while others wait: nobody else has anything here that could start. */
  #mayOwe(): boolean {
    return this.#whenBusy && !this.parts.othersAreActive();
  }

  #owner(waitsForAnother: () => boolean, onLost: () => void): HandOwner {
    const { whose } = this;
    return {
      onFree: () => this.#letGo(true),
      onLost,
      onWarning: (text) => this.parts.onWarning(text),
      get waitsForAnother() {
        return waitsForAnother() || whose.waitsForOther;
      },
      get tasksHere() {
        return whose.tasksHere;
      },
    };
  }

  /** The token first: a permit is not held while its start waits for a token. */
  #want(count: number): void {
    const tokens = this.#tokens;
    // All users of a tenant wait for what that lacks, and a token waits in vain for its permit.
    const isTenant = this.whose.of === 'tenant';
    if (tokens === undefined || tokens.has) this.#permits?.want(count, isTenant || tokens !== undefined);
    else if (tokens.mayAsk) tokens.want(count, isTenant);
  }

  /** Lets it go where it is blocked and could start, and asks for what is still lacking. */
  #letGo(credit: boolean): void {
    if (this.#isSettling || !this.whose.isBlocked) return;
    const { office } = this.parts;
    const lacks = [this.#tokens, this.#permits].some((hand) => hand !== undefined && !hand.has);
    if (credit && office.isReady && lacks && !this.#mayOwe()) this.#want(1);
    else this.whose.letGo(credit);
  }

  /** Permits went with their channel. What ran under them is given up, and nothing starts until that has ended. */
  #lost(): void {
    const before = this.#gate;
    before.end();
    this.#gate = new LimitGate(this);
    this.#isSettling = true;
    this.whose.setGate(this.#gate);
    this.parts.giveUp(before).then(() => {
      this.#isSettling = false;
      this.#letGo(false);
    });
  }

  /** Tokens went with their channel; what has started goes on. */
  #tokensLost(): void {
    const tokens = this.#tokens;
    if (tokens === undefined) return;
    clearTimeout(this.#tokensTimer);
    this.#tokensTimer = setTimeout(() => this.#letGo(false), tokens.holdMs + 1);
    if (tokens.mayAsk) this.#letGo(false);
  }

  /** What it was there for is not set any more. */
  #retire(hand: Permits | Tokens | undefined, closing: Promise<unknown> | undefined): void {
    if (hand === undefined || closing === undefined) return;
    this.#closing.add(closing);
    const ended = closing.finally(() => this.#closing.delete(closing));
    ended.then(
      () => hand.retired(),
      () => {}, // what it held went with its connection
    );
  }
}
