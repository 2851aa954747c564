import type { Scheduler } from '../../../core/scheduling/scheduler.js';
import type { TaskTimes } from '../../../core/scheduling/task-times.js';
import {
  IDLE_AFTER_MS,
  SAY_IDLE_EVERY_MS,
  SAY_IDLE_FOR_MS,
  SOON_MS,
} from '../../../core/scheduling/tuning.js';
import type { Clock } from '../../../core/values/clock.js';
import type { GivingBack } from '../intake/giving-back.js';
import type { Runner } from '../slots/runner.js';
import type { DeliveredTask } from '../task/delivered-task.js';
import type { Peers } from './peers.js';
import type { Presence } from './presence.js';

/** What a rebalancer goes by, and what it moves. */
export interface RebalancerParts {
  readonly slots: Pick<Runner, 'free' | 'running' | 'lastChangeAt'>;
  readonly scheduler: Pick<Scheduler<DeliveredTask>, 'startable'>;
  readonly givingBack: Pick<GivingBack, 'toOthers' | 'takeUpAgain'>;
  readonly presence: Pick<Presence, 'say'> & {
    readonly peers: Pick<Peers, 'count' | 'freeSlots' | 'wants' | 'left'>;
  };
}

/**
 * Lets no slot idle while a task waits at another worker: one that has free slots and nothing to start
 * says so, and one whose slots are all taken then gives back the prefetched tasks that it would not start soon.
 */
export class Rebalancer {
  #idleSince: number | undefined;
  /** Slots that others may fill, as they are told: none as long as a task is at hand. Not how many are free. */
  idleSlots = 0;
  #toldAt = 0;
  /** Tasks that were left to others. */
  shared = 0;

  constructor(
    private readonly parts: RebalancerParts,
    private readonly times: Pick<TaskTimes, 'allMs'>,
    private readonly clock: Clock,
  ) {}

  /** Call it often. */
  check(): void {
    const { free } = this.parts.slots;
    const { startable } = this.parts.scheduler;
    const { peers } = this.parts.presence;
    const now = this.clock.now();
    if (free > 0 && startable === 0) this.#idleSince ??= now;
    else this.#idleSince = undefined;
    if (free > 0 || peers.freeSlots === 0) this.parts.givingBack.takeUpAgain();
    if (peers.count === 1) {
      // Nobody is told; who comes next is to hear what is so then.
      this.idleSlots = this.#isIdle(now) ? free : 0;
      return;
    }
    if (free === 0 && startable > 0 && peers.freeSlots > 0) this.#leave(startable, peers.freeSlots);
    this.#tell(free, now);
  }

  #leave(startable: number, wanted: number): void {
    const { peers } = this.parts.presence;
    const left = this.parts.givingBack.toOthers(Math.min(wanted, startable - this.#startSoon()), (queue) =>
      peers.wants(queue),
    );
    peers.left(left);
    this.shared += left;
  }

  /** How many of the tasks at hand start within `SOON_MS`, going by the pace of late. */
  #startSoon(): number {
    const sinceChangeMs = (this.clock.epochMicros() - this.parts.slots.lastChangeAt) / 1000;
    if (sinceChangeMs > SOON_MS) return 0;
    const taskMs = Math.max(this.times.allMs ?? SOON_MS, sinceChangeMs, 0.001);
    return Math.floor((this.parts.slots.running * SOON_MS) / taskMs);
  }

  #isIdle(now: number): boolean {
    return this.#idleSince !== undefined && now - this.#idleSince >= IDLE_AFTER_MS;
  }

  #tell(free: number, now: number): void {
    const idleMs = this.#idleSince === undefined ? 0 : now - this.#idleSince;
    const isIdle = this.#isIdle(now);
    const becameBusy = this.idleSlots > 0 && free === 0;
    const becameIdle = this.idleSlots === 0 && isIdle;
    const again = isIdle && idleMs < SAY_IDLE_FOR_MS && now - this.#toldAt >= SAY_IDLE_EVERY_MS;
    if (!becameBusy && !becameIdle && !again) return;
    this.idleSlots = free;
    this.#toldAt = now;
    this.parts.presence.say();
  }
}
