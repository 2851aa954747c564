import type { InForce } from '../policy/policy.js';
import type { Rate } from '../policy/policy-document.js';

/** What an operator has set for the user or tenant of a row, and how many of its tasks run. */
export interface TopSteering {
  /** At all workers, when they were asked last; null where not all have said it. */
  readonly running: number | null;
  /** The most tasks at a time; null where none is set. */
  readonly cap: number | null;
  /** The cap binds only while others wait. */
  readonly capWhenBusy: boolean;
  readonly rate: Rate | null;
  readonly paused: TopPause | null;
}

export interface TopPause {
  readonly by: string;
  /** As ISO 8601; null: until somebody ends it. */
  readonly until: string | null;
  readonly reason: string | null;
}

export function steeringOf({ cap, rate, paused }: InForce, running: number | null): TopSteering {
  return {
    running,
    cap: cap?.value.tasks ?? null,
    capWhenBusy: cap?.value.whenBusy === true,
    rate: rate?.value ?? null,
    paused:
      paused === undefined
        ? null
        : {
            by: paused.by,
            until: paused.until === undefined ? null : new Date(paused.until).toISOString(),
            reason: paused.reason ?? null,
          },
  };
}
