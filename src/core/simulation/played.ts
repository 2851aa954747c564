import { FairShareMeter } from '../measures/fair-share-meter.js';
import { FluidSystem } from '../measures/fluid-system.js';
import { LagLine } from './lag-line.js';
import type { SimulatedLoad } from './simulated-load.js';

/** What became of the tasks of a load under one strategy. Times are milliseconds from the beginning. */
export class Played {
  /** From its arrival to its start, of each task. */
  readonly waitMs: Float64Array;
  /** Tasks in the order of their starts; those of the ideal have none. */
  readonly starts: Uint32Array;
  /** Users in the order in which their tasks ended. */
  readonly ends: Uint32Array;
  /** Undefined for the ideal itself. */
  readonly meter: FairShareMeter | undefined;
  /** The same. */
  readonly lags: LagLine | undefined;
  #now = 0;
  started = 0;
  ended = 0;
  makespanMs = 0;
  /** In which tasks have been, the most at once. */
  queues = 0;
  promotions = 0;
  demotions = 0;
  /** From shared queues to own ones. */
  moved = 0;

  constructor(
    private readonly load: SimulatedLoad,
    isIdeal: boolean,
  ) {
    const total = load.users.length;
    this.waitMs = new Float64Array(total);
    this.starts = new Uint32Array(isIdeal ? 0 : total);
    this.ends = new Uint32Array(total);
    const users = load.names.length;
    if (isIdeal) return;
    const lags = new LagLine();
    this.lags = lags;
    const fluid = new FluidSystem(new Float64Array(users).fill(1));
    this.meter = new FairShareMeter(users, fluid, total, (user, lag) => lags.note(this.#now, user, lag));
  }

  arrive(task: number): void {
    this.meter?.arrive(this.load.users[task]!, 1);
  }

  start(task: number, now: number): void {
    this.waitMs[task] = now - this.load.dueMs[task]!;
    this.starts[this.started++] = task;
    this.#now = now;
    this.meter?.start(this.load.users[task]!, now);
  }

  end(task: number, now: number): void {
    this.ends[this.ended++] = this.load.users[task]!;
    this.makespanMs = now;
  }

  /** Of the ideal, under which a task has no start of its own: all that it takes beyond its run time is its wait. */
  served(task: number, now: number): void {
    const { dueMs, durationMs } = this.load;
    this.waitMs[task] = Math.max(0, now - dueMs[task]! - durationMs[task]!);
    this.end(task, now);
  }
}
