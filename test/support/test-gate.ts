import type { Gate } from '../../src/core/scheduling/gate.js';
import type { Lane, Scheduler } from '../../src/core/scheduling/scheduler.js';

/** A gate that lets so many tasks run at a time, and remembers what it was asked and told. */
export class TestGate<T> implements Gate {
  running = 0;
  asked = 0;
  notStartedCount = 0;
  arrived?: () => void;

  constructor(
    private readonly scheduler: Pick<Scheduler<T>, 'letGo'>,
    private readonly lane: Lane<T>,
    public cap: number,
  ) {}

  take(): boolean {
    this.asked++;
    if (this.running >= this.cap) return false;
    this.running++;
    return true;
  }

  ended(): void {
    this.running--;
    this.scheduler.letGo(this.lane, true);
  }

  notStarted(): void {
    this.notStartedCount++;
    this.ended();
  }
}

/** Gives the lane of a user a gate of so many. */
export function capped<T>(scheduler: Scheduler<T>, user: string, cap: number): TestGate<T> {
  const lane = scheduler.lane(user);
  const gate = new TestGate(scheduler, lane, cap);
  scheduler.setGate(lane, gate);
  return gate;
}
