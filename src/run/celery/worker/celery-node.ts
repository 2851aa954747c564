import type { LamportClock } from '../../../core/celery/lamport-clock.js';

/** A worker of fairq, as Celery's programs see it. */
export interface CeleryNode {
  /** As Celery calls its workers: `name@host`. */
  readonly name: string;
  readonly pid: number;
  readonly clock: LamportClock;
}
