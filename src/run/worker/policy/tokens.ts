import { setTimeout as delay } from 'node:timers/promises';
import type { Grant } from '../../../broker/policy/grant-queue.js';
import type { ChannelDeps } from '../worker-contract.js';
import type { GrantOffice } from './grant-office.js';
import { Hand, type HandOptions, type HandOwner } from './hand.js';

/** An orderly stop waits so long for tokens whose time is not over. Milliseconds. */
const STOP_WAITS_MS = 2_000;

/** A user that waits for its rate has one task here at a time: the next one is on its way for so long. Milliseconds. */
const NEXT_TASK_MS = 100;

interface Held {
  readonly grant: Grant;
  /** Its time is over then; milliseconds on the monotonic clock. */
  readonly until: number;
  readonly timer: NodeJS.Timeout;
}

/** A user's tokens: each start takes one, and the worker holds it for its time. */
export class Tokens extends Hand {
  /** Taken for a start that has not begun yet. */
  readonly #taken: Grant[] = [];
  readonly #held = new Set<Held>();
  /** Below 4.3 what a lost connection held is there at once: nothing is taken before its time is over. */
  #notBefore = 0;

  /** @param holdMs for which a start has its token; read at each start */
  constructor(
    deps: ChannelDeps,
    office: GrantOffice,
    options: HandOptions,
    owner: HandOwner,
    public holdMs: number,
  ) {
    super(deps, office, options, owner);
  }

  /** It may be asked for. */
  get mayAsk(): boolean {
    return this.deps.clock.now() >= this.#notBefore;
  }

  /** Until the time of one of its tokens is over, milliseconds; undefined where this worker holds none. */
  get nextMs(): number | undefined {
    const now = this.deps.clock.now();
    const until = Math.min(...[...this.#held].map((held) => held.until));
    if (Number.isFinite(until)) return Math.max(0, until - now);
    return this.mayAsk ? undefined : this.#notBefore - now;
  }

  take(): void {
    this.#taken.push(this.use());
  }

  /** The handler of a task has begun: the time of its token counts from here. */
  started(): void {
    const grant = this.#taken.pop();
    if (grant !== undefined) this.#hold(grant, this.deps.clock.now() + this.holdMs);
  }

  /** What was taken for a start is free again. */
  notStarted(): void {
    const grant = this.#taken.pop();
    if (grant === undefined) return;
    this.keep(grant);
    this.owner.onFree();
  }

  /** @returns how many tokens went back before their time was over, below 4.3 */
  async end(): Promise<number> {
    if (!this.office.keepsBack && this.#held.size > 0) await this.#untilOver(STOP_WAITS_MS);
    const kept = new Set([...this.#held].map(({ grant }) => grant));
    for (const { timer } of this.#held) clearTimeout(timer);
    this.#held.clear();
    await this.close(kept);
    return this.office.keepsBack ? 0 : kept.size;
  }

  protected lost(): void {
    if (!this.office.keepsBack && this.#held.size + this.#taken.length > 0) {
      this.#notBefore = this.deps.clock.now() + this.holdMs;
    }
    this.#taken.length = 0;
    for (const { timer } of this.#held) clearTimeout(timer);
    this.#held.clear();
  }

  #hold(grant: Grant, until: number): void {
    const held: Held = {
      grant,
      until,
      timer: setTimeout(
        () => {
          this.#held.delete(held);
          // A timer may be early by a part of a millisecond.
          if (this.deps.clock.now() < until) this.#hold(grant, until);
          else this.#over(grant);
        },
        Math.max(1, Math.ceil(until - this.deps.clock.now())),
      ),
    };
    this.#held.add(held);
  }

  #over(grant: Grant): void {
    if (grant.number! > this.count) this.queue.discard(grant);
    else if (this.owner.tasksHere > 0) this.queue.rotate(grant);
    else if (this.othersWait) this.queue.giveBack(grant);
    else {
      this.keep(grant, false, NEXT_TASK_MS);
      this.owner.onFree();
    }
  }

  async #untilOver(ms: number): Promise<void> {
    const until = this.deps.clock.now() + ms;
    while (this.#held.size > 0 && this.deps.clock.now() < until) {
      await delay(10);
    }
  }
}
