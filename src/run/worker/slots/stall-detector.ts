/** The event loop stood still: so far apart were two checks. Nothing else in the process had its turn either. */
export interface Stall {
  readonly ms: number;
  /** The process worked all the time; otherwise it was frozen, or the machine had no time for it. */
  readonly wasBusy: boolean;
}

/**
 * Notices that the event loop did not turn. Meanwhile no heartbeat goes out, and a broker takes its connection for
 * dead. `check` is to be called often.
 */
export class StallDetector {
  #checkedAt: number | undefined;
  #cpuMs = 0;

  /** @param mostMs what is no stall yet */
  constructor(private readonly mostMs: number) {}

  /**
   * @param now milliseconds
   * @param cpuMs what the process has used of the processor so far, milliseconds
   */
  check(now: number, cpuMs: number): Stall | undefined {
    const ms = this.#checkedAt === undefined ? 0 : now - this.#checkedAt;
    const usedMs = cpuMs - this.#cpuMs;
    this.#checkedAt = now;
    this.#cpuMs = cpuMs;
    return ms > this.mostMs ? { ms, wasBusy: usedMs > ms / 2 } : undefined;
  }
}
