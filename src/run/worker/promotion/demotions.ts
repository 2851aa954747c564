import type { Connection } from '../../../broker/connection/connection.js';
import type { Management } from '../../../broker/management/management.js';
import { PROMOTED } from '../../../broker/queues/topology.js';
import { FairqError, messageOf } from '../../../core/errors/errors.js';
import type { Names } from '../../../core/queues/names.js';
import type { Clock } from '../../../core/values/clock.js';
import { Pruner } from '../../queues/prune/prune.js';
import type { ConsumedQueue } from '../intake/consumed-queue.js';

const MOST_AT_ONCE = 500;
const CONCURRENCY = 8;
/** What was on its way into a queue has arrived so long after it was unbound; milliseconds. */
const GRACE_MS = 500;
/** So often idle queues are looked for, as a part of the time after which they are idle. */
const LOOKS = 4;
const LOOK_AT_LEAST_EVERY_MS = 5_000;

export interface DemotionsDeps {
  readonly connection: Connection;
  readonly management: Management;
  readonly names: Names;
  readonly clock: Clock;
  readonly newId: () => string;
}

export interface DemotionsParts {
  /** The queues of users that are served here. */
  queues(): Iterable<ConsumedQueue>;
  /** Spread queues are served here: a user without a queue has a place. */
  hasSpread(): boolean;
  /** Something is set for the user that a queue of its own keeps. */
  mustHaveOne(user: string): boolean;
  /** Of all workers one does it. */
  isMine(): boolean;
  /** How many workers there are. */
  workers(): number;
}

export interface DemotionsListener {
  onDemoted(queues: number): void;
  onWarning(text: string): void;
}

/**
 * Takes the queues of users away again that workers have made for them, and that have been empty for a while. Whoever has a
 * task after that shares a queue again. It goes by the rules of the pruner, so nothing is lost; a publisher does not wait
 * meanwhile, since what it sends goes to a spread queue.
 */
export class Demotions {
  /** Queues that were their user's own before, and stay. */
  readonly #notPromoted = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #underWay: Promise<void> | undefined;
  #pruner: Pruner | undefined;
  #isClosed = false;
  /** Why it could not be done, as somebody was told. */
  #said: string | undefined;
  /** Queues that were taken away. */
  demoted = 0;

  /** @param idleMs a queue that has been empty for so long is taken away */
  constructor(
    private readonly deps: DemotionsDeps,
    private readonly parts: DemotionsParts,
    private readonly idleMs: number,
    private readonly listener: DemotionsListener,
  ) {}

  begin(): void {
    const everyMs = Math.min(LOOK_AT_LEAST_EVERY_MS, this.idleMs / LOOKS);
    this.#timer = setInterval(() => this.#look(), everyMs).unref();
  }

  /** Begins nothing new; resolves when what was begun has ended. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#pruner?.stop();
    await this.#underWay;
  }

  #look(): void {
    if (this.#underWay !== undefined || !this.parts.hasSpread() || !this.parts.isMine()) return;
    const idle = this.#idle();
    if (idle.length === 0) return;
    this.#underWay = this.#demote(idle)
      .then(
        () => {
          this.#said = undefined;
        },
        (error) => this.#failed(error),
      )
      .finally(() => {
        this.#underWay = undefined;
      });
  }

  #failed(error: Error): void {
    // An operator prunes, or the connection is away: there is another time.
    if (error instanceof FairqError && error.code === 'PRUNE_RUNNING') return;
    if (this.#isClosed || !this.deps.connection.isConnected || this.#said === error.message) return;
    this.#said = error.message;
    this.listener.onWarning(`queues of users that have nothing left stay for now: ${messageOf(error)}`);
  }

  #idle(): string[] {
    const now = this.deps.clock.now();
    const names: string[] = [];
    for (const { name, lane, outstanding, paused, lastTraffic } of this.parts.queues()) {
      if (outstanding > 0 || paused || now - lastTraffic < this.idleMs) continue;
      if (this.#notPromoted.has(name) || this.parts.mustHaveOne(lane.user)) continue;
      names.push(name);
      if (names.length === MOST_AT_ONCE) break;
    }
    return names;
  }

  async #demote(idle: readonly string[]): Promise<void> {
    const { connection, management, names, clock, newId } = this.deps;
    const promoted = await management.queuesWithArgument(PROMOTED);
    for (const name of idle) if (!promoted.has(name)) this.#notPromoted.add(name);
    const candidates = idle.flatMap((name) => {
      const type = promoted.get(name);
      return type === undefined ? [] : [{ name, type, consumers: this.parts.workers() }];
    });
    if (candidates.length === 0 || this.#isClosed) return;
    const deps = { connection, names, clock, newId, management };
    const options = { concurrency: CONCURRENCY, graceMs: GRACE_MS, workers: this.parts.workers() };
    let demoted = 0;
    const pruner = await Pruner.open(deps, options, {
      onOutcome: ({ outcome }) => {
        if (outcome === 'pruned') demoted++;
      },
      onStep: () => {},
      onWarning: (text) => this.listener.onWarning(text),
    });
    this.#pruner = pruner;
    try {
      if (!this.#isClosed) await pruner.prune(candidates);
    } finally {
      this.#pruner = undefined;
      this.demoted += demoted;
      if (demoted > 0) this.listener.onDemoted(demoted);
      await pruner.close();
    }
  }
}
