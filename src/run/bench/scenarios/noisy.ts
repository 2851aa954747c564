import { percentiles } from '../../../core/measures/percentiles.js';
import { dwell } from '../bench-measures.js';
import { paced } from '../load.js';
import type { Scenario } from '../scenario.js';
import { BY_STRATEGY, type TrialResult } from '../trial.js';
import { count, ms, tasks } from '../words.js';

const TASK_MS = 20;
const SPREAD = 0.1;
const QUIET_PER_SECOND = 10;
/** A second less than the burst takes all slots. */
const QUIET_TASKS = 50;
/** Milliseconds are the machine's, when it is busy with something else: fifo has met the same in the same round. */
const DWELL_AGAINST_FIFO = 0.1;
/** Fairness may cost so much time at the most. */
const TIME_AGAINST_FIFO = 1.05;
/**
 * Where fifo needs so many times what is in the burst, the processors are what is measured. No more than the claim
 * grants: a time that differs by as much for want of processors says nothing of a difference that small.
 */
const PROCESSORS_BUSY = TIME_AGAINST_FIFO;

/** Two quiet users send a task now and then; a third bursts. */
export const noisy: Scenario = {
  name: 'noisy',
  summary: ({ countA, workers, concurrency, scale }) =>
    `A has burst ${tasks(countA)} of ${ms(TASK_MS * scale)} ms onto ${count(workers * concurrency)} slots; B and C send one every ${ms((1_000 * scale) / QUIET_PER_SECOND)} ms: do they notice?`,
  defaults: { workers: 2, concurrency: 50, countA: 30_000 },
  cases: BY_STRATEGY,
  rounds: 3,
  async script(trial, { countA, scale, seed }) {
    const ms = TASK_MS * scale;
    const duration = { least: ms * (1 - SPREAD), most: ms * (1 + SPREAD) };
    // The burst is there before anything is measured: how fast it is sent depends on the machine.
    await trial.publish({ user: 'A', count: countA, duration, seed });
    trial.startWorkers();
    await trial.begun('A');
    // From this process: no start of another one comes between.
    await trial.publishSchedule(paced(['B', 'C'], QUIET_TASKS, QUIET_PER_SECOND / scale, ms));
    await trial.workersEnd();
  },
  claims: ({ workers, concurrency, countA, scale }) => [
    { name: "B's and C's dwell, p95", unit: 'ms', of: quietDwell },
    {
      name: "B's and C's dwell, p95, against fifo's",
      unit: 'share',
      of: (trial, round) => againstFifo(trial, round, quietDwell),
      atMost: DWELL_AGAINST_FIFO,
    },
    {
      name: "time of A's burst against fifo's",
      unit: 'share',
      of: (trial, round) => againstFifo(trial, round, burstMs),
      atMost: TIME_AGAINST_FIFO,
      isSpeed: true,
      unjudged: (rounds) => busyProcessors(rounds, (countA * TASK_MS * scale) / (workers * concurrency)),
    },
  ],
};

function quietDwell(trial: TrialResult): number {
  return dwell(trial, 'B', 'C').p95;
}

/** Says so where fifo needs far longer for the burst than is in it: then the slots are not what is short. */
function busyProcessors(rounds: readonly (readonly TrialResult[])[], workMs: number): string | undefined {
  const times = rounds
    .flat()
    .filter(({ strategy }) => strategy === 'fifo')
    .map(burstMs);
  const median = percentiles(Float64Array.from(times))?.p50 ?? 0;
  if (median <= PROCESSORS_BUSY * workMs) return undefined;
  const seconds = (ms: number) => (ms / 1000).toFixed(1);
  return `fifo took ${seconds(median)} s for ${seconds(workMs)} s of work, so the processors were short and not the slots`;
}

/** From the first start to the last end. */
function burstMs({ events }: TrialResult): number {
  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;
  for (const { user, started, finished } of events) {
    if (user !== 'A') continue;
    from = Math.min(from, started);
    to = Math.max(to, finished);
  }
  return (to - from) / 1000;
}

/** Null where fifo was not played. */
function againstFifo(
  trial: TrialResult,
  round: readonly TrialResult[],
  measure: (trial: TrialResult) => number,
): number | null {
  const fifo = round.find(({ strategy }) => strategy === 'fifo');
  return fifo === undefined ? null : measure(trial) / measure(fifo);
}
