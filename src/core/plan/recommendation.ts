import type { DesignFigures, PlanDesign } from './design.js';
import type { Figure } from './figure.js';
import type { PlanLoad } from './load.js';

/** What speaks for the design that is recommended, or against a queue for each user. */
export type Deciding =
  /** The broker's memory for a queue each, with a worker, beside what it may use. */
  | 'memory-enough'
  | 'memory-too-much'
  | 'memory-unknown'
  /** More queues than anybody has measured. */
  | 'queues-not-measured'
  /** The speed of working so many queues off, beside the tasks that come. */
  | 'work-too-slow';

export interface Recommendation {
  readonly design: PlanDesign;
  readonly decidedBy: Deciding;
  /** The figure that decides, and what it is held against in the same unit; null where that is no number. */
  readonly figure: Figure;
  readonly against: number | null;
  /** A queue each holds only where idle queues are pruned. */
  readonly onlyIfPruned: boolean;
}

/** A speed has to be so many times the average: a day's tasks do not come evenly. */
const PEAK = 3;

/** The most queues that were measured. */
const MOST_MEASURED = 10_000;

/** A queue each is the simplest, and nobody waits behind anybody: it is chosen wherever it can be had. */
export function recommended(load: PlanLoad, each: DesignFigures): Recommendation {
  const against = objection(load, each);
  if (against === undefined) {
    return {
      design: 'each',
      decidedBy: 'memory-enough',
      figure: each.memoryWorker,
      against: load.memory,
      onlyIfPruned: isTooMuch(each.memoryWorkerKept, load) || load.users > MOST_MEASURED,
    };
  }
  return { design: load.heavy === 0 ? 'hashed' : 'promoted', ...against, onlyIfPruned: false };
}

function objection(
  load: PlanLoad,
  each: DesignFigures,
): Pick<Recommendation, 'decidedBy' | 'figure' | 'against'> | undefined {
  const needed = PEAK * load.tasksPerSecond;
  const { memoryWorker, queues, work } = each;
  if (memoryWorker.most === null)
    return { decidedBy: 'memory-unknown', figure: memoryWorker, against: load.memory };
  if (isTooMuch(memoryWorker, load)) {
    return { decidedBy: 'memory-too-much', figure: memoryWorker, against: load.memory };
  }
  if (load.active > MOST_MEASURED) {
    return { decidedBy: 'queues-not-measured', figure: queues, against: MOST_MEASURED };
  }
  if ((work.least ?? work.most ?? 0) < needed)
    return { decidedBy: 'work-too-slow', figure: work, against: needed };
  return undefined;
}

function isTooMuch({ most }: Figure, { memory }: PlanLoad): boolean {
  return most !== null && most > memory;
}
