import { z } from 'zod';
import { round3 } from '../../core/values/round.js';
import { STEP_SECONDS, STEPS, type Step } from './history-ring.js';

const column = z.array(z.number().nullable());
const counts = z.array(z.int().nullable());

/** What `GET /v1/history` answers: columns of the same length, the oldest step first. */
export const HISTORY = z
  .object({
    at: z.iso.datetime(),
    from: z.iso.datetime().describe('when the first step begins'),
    stepSeconds: z.int(),
    steps: z.int().describe('so many have ended; the present one is not among them'),
    knownSince: z.iso
      .datetime()
      .describe('what was before is not known: a step that had ended by then has null in each column'),
    readingPast: z.boolean().describe('what was before knownSince is being read from the stream of events'),
    backlog: counts.describe(
      'tasks in users’ queues and at workers, at the end of the step: what was last counted, less what was sent since, plus what ended',
    ),
    sent: column.describe(
      'tasks that publishers say they have sent; what one tells at once counts evenly for the time that it tells of',
    ),
    ended: counts.describe('attempts that ended'),
    failed: counts.describe('those of them that failed for good'),
    waitMedianSeconds: column.describe(
      'from sent to started, of the first attempts that ended in the step, to a tenth; null where none did',
    ),
    waitP95Seconds: column,
    waitMostSeconds: column.describe('exact'),
    behindSeconds: column.describe(
      'how much longer than the median the task waited that waited for longest, of those that ended in the step',
    ),
    behindUser: counts.describe('whose task that was: a place in users'),
    users: z.array(z.string()),
  })
  .meta({ id: 'History' });

export type History = z.input<typeof HISTORY>;

export interface Known {
  readonly nowMs: number;
  readonly knownSinceMs: number;
  readonly isReading: boolean;
}

export function historyOf(steps: readonly Step[], { nowMs, knownSinceMs, isReading }: Known): History {
  const stepMs = STEP_SECONDS * 1_000;
  const fromMs = (Math.floor(nowMs / stepMs) - STEPS) * stepMs;
  const isKnown = ({ number }: Step) => (number + 1) * stepMs > knownSinceMs;
  const columnOf = <T>(of: (step: Step) => T | undefined) =>
    steps.map((step) => (isKnown(step) ? (of(step) ?? null) : null));
  const percentile = (percent: number) =>
    columnOf(({ waits }) => secondsOf(waits?.percentile(percent) ?? undefined));
  const waitMedianSeconds = percentile(50);
  const waitMostSeconds = columnOf(({ waits }) => secondsOf(waits?.longest ?? undefined));
  const places = new Map<string, number>();
  const placeOf = (user: string) => {
    const place = places.get(user) ?? places.size;
    places.set(user, place);
    return place;
  };
  return {
    at: new Date(nowMs).toISOString(),
    from: new Date(fromMs).toISOString(),
    stepSeconds: STEP_SECONDS,
    steps: STEPS,
    knownSince: new Date(Math.max(fromMs, knownSinceMs)).toISOString(),
    readingPast: isReading,
    backlog: columnOf(({ backlog }) => backlog && Math.round(backlog)),
    sent: columnOf(({ sent }) => Math.round(sent * 10) / 10),
    ended: columnOf(({ ended }) => ended),
    failed: columnOf(({ failed }) => failed),
    waitMedianSeconds,
    waitP95Seconds: percentile(95),
    waitMostSeconds,
    behindSeconds: waitMostSeconds.map((most, i) => most && round3(most - (waitMedianSeconds[i] ?? 0))),
    behindUser: columnOf(({ longestUser }) => (longestUser === undefined ? undefined : placeOf(longestUser))),
    users: [...places.keys()],
  };
}

function secondsOf(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : round3(ms / 1_000);
}
