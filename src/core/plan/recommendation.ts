import type { DesignFigures, PlanDesign } from './design.js';
import type { Figure } from './figure.js';
import type { PlanLoad } from './load.js';

/** What speaks for a queue for each user, or against a design. */
export type Deciding =
  /** The broker's memory for a queue each, with a worker, beside what it may use. */
  | 'memory-enough'
  | 'memory-too-much'
  | 'memory-unknown'
  /** More queues than anybody has measured. */
  | 'queues-not-measured'
  /** The speeds of publishing into so many queues and of working them off, beside the tasks that come at a peak. */
  | 'publish-too-slow'
  | 'work-too-slow';

export interface Recommendation {
  /** Null where none copes. */
  readonly design: PlanDesign | null;
  readonly decidedBy: Deciding;
  /** Whose figure decides: the design itself, or the one that would have been chosen before it. */
  readonly decidedOf: PlanDesign;
  /** The figure that decides, and what it is held against in the same unit; null where that is no number. */
  readonly figure: Figure;
  readonly against: number | null;
  /** A queue each holds only where idle queues are pruned. */
  readonly onlyIfPruned: boolean;
  /** Brokers of that speed that cope together, where none copes with the tasks alone; null otherwise. */
  readonly brokers: number | null;
}

type Objection = Pick<Recommendation, 'decidedBy' | 'decidedOf' | 'figure' | 'against'>;

/** A speed has to be so many times the average: a day's tasks do not come evenly. */
export const PEAK = 3;

/** The most queues that were measured. */
const MOST_MEASURED = 10_000;

/**
 * A queue each is the simplest, and nobody waits behind anybody: it is chosen wherever it can be had. Then comes
 * promotion, as light users wait the least. Where nobody is heavy, or promotion cannot be had, it is hashed groups.
 */
export function recommended(
  load: PlanLoad,
  designs: Readonly<Record<PlanDesign, DesignFigures>>,
): Recommendation {
  const order: readonly PlanDesign[] = load.heavy === 0 ? ['each', 'hashed'] : ['each', 'promoted', 'hashed'];
  let last: Objection | undefined;
  for (const design of order) {
    const against = objection(load, design, designs[design]);
    if (against === undefined) {
      const onlyIfPruned = design === 'each' && needsPruning(load, designs.each);
      return { design, ...(last ?? memoryEnough(load, designs.each)), onlyIfPruned, brokers: null };
    }
    last = against;
  }
  return { design: null, ...last!, onlyIfPruned: false, brokers: brokersFor(last!) };
}

function memoryEnough({ memory }: PlanLoad, { memoryWorker }: DesignFigures): Objection {
  return { decidedBy: 'memory-enough', decidedOf: 'each', figure: memoryWorker, against: memory };
}

function needsPruning(load: PlanLoad, each: DesignFigures): boolean {
  return isTooMuch(each.memoryWorkerKept, load) || load.users > MOST_MEASURED;
}

function objection(load: PlanLoad, design: PlanDesign, figures: DesignFigures): Objection | undefined {
  const { memoryWorker, queues } = figures;
  const say = (decidedBy: Deciding, figure: Figure, against: number): Objection => ({
    decidedBy,
    decidedOf: design,
    figure,
    against,
  });
  if (memoryWorker.most === null) return say('memory-unknown', memoryWorker, load.memory);
  if (isTooMuch(memoryWorker, load)) return say('memory-too-much', memoryWorker, load.memory);
  if (queues.most! > MOST_MEASURED) return say('queues-not-measured', queues, MOST_MEASURED);
  const needed = PEAK * load.tasksPerSecond;
  const { figure, decidedBy } = slowest(figures);
  return speedOf(figure) < needed ? say(decidedBy, figure, needed) : undefined;
}

function slowest({ publish, work }: DesignFigures) {
  return speedOf(publish) < speedOf(work)
    ? { figure: publish, decidedBy: 'publish-too-slow' as const }
    : { figure: work, decidedBy: 'work-too-slow' as const };
}

/** What can be relied on; what nobody has measured speaks against nothing. */
function speedOf({ least, most }: Figure): number {
  return least ?? most ?? Number.POSITIVE_INFINITY;
}

function brokersFor({ decidedBy, figure, against }: Objection): number | null {
  const isSpeed = decidedBy === 'publish-too-slow' || decidedBy === 'work-too-slow';
  return isSpeed ? Math.ceil(against! / speedOf(figure)) : null;
}

function isTooMuch({ most }: Figure, { memory }: PlanLoad): boolean {
  return most !== null && most > memory;
}
