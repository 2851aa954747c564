import { cpuUsage } from 'node:process';
import { HEARTBEAT_SECONDS } from '../../../broker/connection/address.js';
import type { Clock } from '../../../core/values/clock.js';
import type { LongCall } from './handler-calls.js';
import { type Stall, StallDetector } from './stall-detector.js';

const SAID_EVERY_MS = 60_000;

const MOST_STALL_MS = 10_000;

/**
 * An event loop may stand still for so long before it is spoken of, milliseconds: a heartbeat at the most.
 *
 * @param heartbeatSeconds of the connection; undefined: as usual
 */
export function stallMsOf(heartbeatSeconds = HEARTBEAT_SECONDS): number {
  return Math.min(MOST_STALL_MS, heartbeatSeconds * 1_000);
}

/** Who knows of handlers that kept the event loop. */
export interface LongCalls {
  /** The longest since this was asked last; undefined: none for long. */
  takeLongest(): LongCall | undefined;
}

/** Says that the event loop did not turn, and whose fault that was. */
export class StallReport {
  readonly #stalls: StallDetector;
  #saidAt = Number.NEGATIVE_INFINITY;

  /** @param mostMs what is no stall yet */
  constructor(
    mostMs: number,
    private readonly calls: LongCalls,
    private readonly clock: Clock,
    private readonly warn: (text: string) => void,
  ) {
    this.#stalls = new StallDetector(mostMs);
  }

  /** To be called regularly, and often. */
  check(): void {
    const { user, system } = cpuUsage();
    const now = this.clock.now();
    const stall = this.#stalls.check(now, (user + system) / 1_000);
    if (stall === undefined || now - this.#saidAt < SAID_EVERY_MS) return;
    this.#saidAt = now;
    this.warn(describeStall(stall, this.calls.takeLongest()));
  }
}

function describeStall({ ms, wasBusy }: Stall, longest: LongCall | undefined): string {
  const seconds = `${Math.round(ms / 1_000)} s`;
  const effect =
    'Meanwhile no heartbeat went out: the broker may drop the connection, and deliver again what was not acknowledged';
  // On a busy machine a handler that works gets little of the processor, and is the cause all the same.
  const task = longest !== undefined && longest.ms > ms / 2 ? longest.task : undefined;
  if (task === undefined && !wasBusy) {
    return `this process did not run for ${seconds}: it was frozen, or the machine had no time for it. ${effect}`;
  }
  const whose =
    task === undefined
      ? 'a handler'
      : `the handler of task ${task.id} of user ${JSON.stringify(task.lane.user)}`;
  return `${whose} kept the event loop busy for ${seconds}. ${effect}. Do such work in a program (--exec), in a worker thread, or in pieces`;
}
