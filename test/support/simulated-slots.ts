import { expectedCharge } from '../../src/core/scheduling/charging.js';
import { FairScheduler } from '../../src/core/scheduling/fair-scheduler.js';
import type { Gate } from '../../src/core/scheduling/gate.js';
import type { Lane } from '../../src/core/scheduling/scheduler.js';
import { ServiceGaps } from './service-gaps.js';
import { CHANNELS, type Profile, type Step } from './slot-steps.js';

interface Task {
  readonly user: number;
  readonly number: number;
}

interface Running {
  readonly user: number;
  readonly cost: number;
  charged: number;
  readonly gate: Gate | undefined;
}

/** Largest so far. */
interface Extremes {
  cost: number;
  /** Of what was charged at the start, below the cost and above it. */
  under: number;
  over: number;
}

/** Charges that a user may be behind that its gate has let go. */
const CREDIT = 16;

/** As the runner follows its means. */
const MEAN_GAIN = 0.1;

/**
 * A worker without a broker: a scheduler and a number of slots. It throws when a user gains more on a
 * backlogged one than `#bound`, when the pick is not the least in order of those that may start, or when the held
 * tasks are miscounted. A user whose gate is shut is backlogged until its turn comes, and no longer.
 *
 * A lane that has run empty rests when its next task arrives, also if some of its tasks still run: the
 * broker had none for a while.
 */
export class SimulatedSlots {
  readonly #scheduler: FairScheduler<Task>;
  readonly #lanes: readonly Lane<Task>[];
  readonly #gaps: ServiceGaps;
  readonly #running: Running[] = [];
  readonly #served: number[];
  readonly #extremes: Extremes[];
  /** Users whose gates say no. */
  readonly #shut = new Set<number>();
  /** Users that have ever been let go with credit. */
  readonly #credited = new Set<number>();
  /** Starts that the gates have let go and that have not ended. */
  #letGo = 0;
  #meanCost: number | undefined;
  #pausedFor = 0;
  #arrived = 0;

  /** @param charging `exact` if the cost is known when a task starts, else `estimated` and put right at its end */
  constructor(
    private readonly profiles: readonly Profile[],
    private readonly slots: number,
    private readonly charging: 'exact' | 'estimated',
  ) {
    this.#scheduler = new FairScheduler<Task>(
      (user) => profiles[Number(user)]!.weight,
      (lane) =>
        charging === 'exact' ? this.#costOf(Number(lane.user)) : expectedCharge(lane, this.#meanCost),
    );
    this.#lanes = profiles.map((_, user) => this.#scheduler.lane(`${user}`));
    for (const lane of this.#lanes) {
      this.#scheduler.setGate(lane, {
        take: () => {
          if (this.#shut.has(Number(lane.user))) return false;
          this.#letGo++;
          return true;
        },
        ended: () => this.#letGo--,
        notStarted: () => this.#letGo--,
      });
    }
    this.#gaps = new ServiceGaps(profiles.length, (ahead, behind) => this.#bound(ahead, behind));
    this.#served = profiles.map(() => 0);
    this.#extremes = profiles.map(() => ({ cost: 0, under: 0, over: 0 }));
  }

  run(steps: readonly Step[]): void {
    for (const step of steps) {
      this.#do(step);
      this.#pausedFor--;
      this.#noteBacklogs();
      const held = this.#lanes.reduce((sum, lane) => sum + lane.prefetched.size, 0);
      if (held !== this.#scheduler.prefetched)
        throw new Error(`${held} are held, not ${this.#scheduler.prefetched}`);
      const startable = this.#lanes.reduce((sum, lane) => sum + (lane.blocked ? 0 : lane.prefetched.size), 0);
      if (startable !== this.#scheduler.startable)
        throw new Error(`${startable} may start, not ${this.#scheduler.startable}`);
      if (this.#letGo !== this.#running.length)
        throw new Error(`${this.#letGo} were let go, and ${this.#running.length} run`);
    }
  }

  #noteBacklogs(): void {
    for (const [user, { prefetched: held, blocked }] of this.#lanes.entries())
      this.#gaps.backlog(user, held.size > 0 && !blocked);
  }

  /**
   * With exact charges one largest cost of each user. Estimates add the errors of tasks that run: virtual
   * times are off from the service by so much. At a pick they are in the other slots, `slots - 1`.
   *
   * - When `ahead` is picked, its virtual time is at most that of `behind`. So it leads by no more than its
   *   cost and the errors at this moment: its own too low, or the other's too high, in the same slots.
   * - When it began, `behind` led by its cost and its own errors too low, as of its last pick; and `ahead`
   *   was behind by its own too high, as of the pick that set the virtual time from which it started. These
   *   may be two moments, for a user can return from rest while its tasks run, so both count in full.
   * - Whom its gate has let go with credit may be behind by so much more.
   */
  #bound(ahead: number, behind: number): number {
    const a = this.#weighted(ahead);
    const b = this.#weighted(behind);
    const credit = this.#credited.has(ahead) ? CREDIT * (a.cost + a.over) : 0;
    return credit + a.cost + b.cost + (this.slots - 1) * (Math.max(a.under, b.over) + b.under + a.over);
  }

  #weighted(user: number): Extremes {
    const { cost, under, over } = this.#extremes[user]!;
    const { weight } = this.#lanes[user]!;
    return { cost: cost / weight, under: under / weight, over: over / weight };
  }

  #costOf(user: number): number {
    const { costs } = this.profiles[user]!;
    return costs[this.#served[user]! % costs.length]!;
  }

  #do(step: Step): void {
    switch (step.kind) {
      case 'pick':
        if (this.#pausedFor <= 0 && this.#running.length < this.slots) this.#pick();
        break;
      case 'arrive':
        this.#arrive(this.#laneOf(step), step.count);
        break;
      case 'finish':
        this.#finish(Math.round(step.at * (this.#running.length - 1)));
        break;
      case 'watch':
        this.#watch(step.part);
        break;
      case 'pause':
        this.#pausedFor = step.steps;
        break;
      case 'shut':
        this.#shut.add(step.user % this.#lanes.length);
        break;
      case 'letGo': {
        const lane = this.#laneOf(step);
        this.#shut.delete(Number(lane.user));
        if (step.credit && lane.blocked) this.#credited.add(Number(lane.user));
        this.#scheduler.letGo(lane, step.credit);
        break;
      }
      case 'weigh': {
        const lane = this.#laneOf(step);
        this.#scheduler.setWeight(lane, step.weight);
        this.#gaps.reweighed(Number(lane.user));
        break;
      }
      case 'takeBack':
        for (let i = 0; i < step.count; i++) this.#scheduler.takeBack(this.#laneOf(step));
        break;
      case 'drop':
        this.#scheduler.dropUnless(({ number }) => number % CHANNELS !== step.channel);
    }
  }

  #laneOf({ user }: { readonly user: number }): Lane<Task> {
    return this.#lanes[user % this.#lanes.length]!;
  }

  #arrive(lane: Lane<Task>, count: number): void {
    this.#scheduler.rest(lane);
    for (let i = 0; i < count; i++) {
      this.#scheduler.push(lane, { user: Number(lane.user), number: this.#arrived++ });
    }
  }

  #pick(): void {
    const least = this.#lanes
      .filter(
        ({ user, prefetched: held, blocked }) => held.size > 0 && !blocked && !this.#shut.has(Number(user)),
      )
      .reduce<Lane<Task> | undefined>((a, b) => (a === undefined || inOrder(b, a) ? b : a), undefined);
    const task = this.#scheduler.next();
    // Whose turn it was and who may not start is backlogged no more when the next one starts.
    for (const [user, { blocked }] of this.#lanes.entries()) if (blocked) this.#gaps.backlog(user, false);
    if (task === undefined) {
      if (least !== undefined) throw new Error(`user ${least.user} has tasks, and none is picked`);
      return;
    }
    const { user } = task;
    const lane = this.#lanes[user]!;
    if (lane !== least) throw new Error(`user ${user} is picked, and it is the turn of ${least?.user}`);
    const charged = lane.charge;
    const cost = this.#costOf(user);
    if (this.charging === 'exact' && charged !== cost) throw new Error(`charged ${charged}, not ${cost}`);
    this.#running.push({ user, charged, cost, gate: this.#scheduler.gateOf(lane) });
    this.#served[user]!++;
    const extremes = this.#extremes[user]!;
    extremes.cost = Math.max(extremes.cost, cost);
    extremes.under = Math.max(extremes.under, cost - charged);
    extremes.over = Math.max(extremes.over, charged - cost);
    this.#gaps.served(user, cost / lane.weight);
  }

  /** As the runner does it: what runs longer than was expected is charged for at once. */
  #watch(part: number): void {
    for (const running of this.#running) {
      const elapsed = part * running.cost;
      const lane = this.#lanes[running.user]!;
      if (elapsed > (lane.taskMs ?? 0)) lane.taskMs = elapsed;
      if (elapsed > running.charged) this.#charge(running, elapsed);
    }
  }

  #finish(index: number): void {
    const [ended] = this.#running.splice(index, 1);
    if (ended === undefined) return;
    const { cost } = ended;
    ended.gate?.ended();
    const lane = this.#lanes[ended.user]!;
    lane.taskMs = follow(lane.taskMs, cost);
    this.#meanCost = follow(this.#meanCost, cost);
    this.#charge(ended, cost);
  }

  #charge(running: Running, charge: number): void {
    this.#scheduler.correct(this.#lanes[running.user]!, charge - running.charged);
    running.charged = charge;
  }
}

function inOrder(a: Lane<Task>, b: Lane<Task>): boolean {
  return a.virtual < b.virtual || (a.virtual === b.virtual && a.tie < b.tie);
}

function follow(mean: number | undefined, value: number): number {
  return mean === undefined ? value : mean + MEAN_GAIN * (value - mean);
}
