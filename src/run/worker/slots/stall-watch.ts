/** How far a look may be apart from the one before: more, and nothing else in the process had its turn. */
export interface Stall {
  readonly ms: number;
  /** The process worked all the time; otherwise it was frozen, or the machine had no time for it. */
  readonly wasBusy: boolean;
}

/**
 * Notices that the event loop did not turn. Meanwhile no heartbeat goes out, and a broker takes its connection for
 * dead. To be looked at regularly, and often.
 */
export class StallWatch {
  #lookedAt: number | undefined;
  #cpuMs = 0;

  /** @param mostMs what is no stall yet */
  constructor(private readonly mostMs: number) {}

  /**
   * @param now milliseconds
   * @param cpuMs what the process has used of the processor so far, milliseconds
   */
  check(now: number, cpuMs: number): Stall | undefined {
    const ms = this.#lookedAt === undefined ? 0 : now - this.#lookedAt;
    const usedMs = cpuMs - this.#cpuMs;
    this.#lookedAt = now;
    this.#cpuMs = cpuMs;
    return ms > this.mostMs ? { ms, wasBusy: usedMs > ms / 2 } : undefined;
  }
}
