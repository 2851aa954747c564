import type { Scheduler } from '../../../core/scheduling/scheduler.js';
import type { Clock } from '../../../core/values/clock.js';
import type { Intake } from '../intake/intake.js';
import type { Runner } from '../slots/runner.js';
import type { DeliveredTask } from '../task/delivered-task.js';
import type { Presence } from './presence.js';

/** With nothing to start for so long a worker is idle, and says so. */
const IDLE_AFTER_MS = 10;
/** It says so again, in case what was left to it went elsewhere; later the heartbeat is enough. */
const REPEAT_EVERY_MS = 250;
const REPEAT_FOR_MS = 2_000;
/** A held task that starts so soon is better started here than sent back to the broker. */
const SOON_MS = 25;

/**
 * Lets no slot idle while a task waits at another worker: one that has free slots and nothing held
 * says so, and one whose slots are all taken then gives back the held tasks that it would not start soon.
 */
export class Rebalancer {
  #idleSince: number | undefined;
  /** Slots that others may fill, as they are told: none as long as a task is at hand. Not how many are free. */
  idleSlots = 0;
  #toldAt = 0;
  /** Tasks that were left to others. */
  shared = 0;

  constructor(
    private readonly runner: Runner,
    private readonly scheduler: Scheduler<DeliveredTask>,
    private readonly intake: Intake,
    private readonly presence: Presence,
    private readonly clock: Clock,
  ) {}

  /** Call it often. */
  check(): void {
    const { free } = this.runner;
    const { prefetched: held } = this.scheduler;
    const { peers } = this.presence;
    const now = this.clock.now();
    if (free > 0 && held === 0) this.#idleSince ??= now;
    else this.#idleSince = undefined;
    if (free > 0 || peers.freeSlots === 0) this.intake.takeUpAgain();
    if (peers.count === 1) {
      // Nobody is told; who comes next is to hear what is so then.
      this.idleSlots = this.#isIdle(now) ? free : 0;
      return;
    }
    if (free === 0 && held > 0 && peers.freeSlots > 0) this.#leave(held, peers.freeSlots);
    this.#tell(free, now);
  }

  #leave(held: number, wanted: number): void {
    const { peers } = this.presence;
    const left = this.intake.giveBack(Math.min(wanted, held - this.#startSoon()), (queue) =>
      peers.wants(queue),
    );
    peers.left(left);
    this.shared += left;
  }

  /** How many of the held tasks start within `SOON_MS`, going by the pace of late. */
  #startSoon(): number {
    const sinceChangeMs = (this.clock.epochMicros() - this.runner.lastChangeAt) / 1000;
    if (sinceChangeMs > SOON_MS) return 0;
    const taskMs = Math.max(this.runner.taskMs ?? SOON_MS, sinceChangeMs, 0.001);
    return Math.floor((this.runner.running * SOON_MS) / taskMs);
  }

  #isIdle(now: number): boolean {
    return this.#idleSince !== undefined && now - this.#idleSince >= IDLE_AFTER_MS;
  }

  #tell(free: number, now: number): void {
    const idleMs = this.#idleSince === undefined ? 0 : now - this.#idleSince;
    const isIdle = this.#isIdle(now);
    const becameBusy = this.idleSlots > 0 && free === 0;
    const becameIdle = this.idleSlots === 0 && isIdle;
    const again = isIdle && idleMs < REPEAT_FOR_MS && now - this.#toldAt >= REPEAT_EVERY_MS;
    if (!becameBusy && !becameIdle && !again) return;
    this.idleSlots = free;
    this.#toldAt = now;
    this.presence.say();
  }
}
