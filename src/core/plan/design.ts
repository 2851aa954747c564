import type { Facts } from './facts.js';
import { exactly, type Figure, reckoned } from './figure.js';
import type { FormulaName } from './formulas.js';
import type { PlanLoad } from './load.js';
import { made, makeAll, memory, processorAtRest, published, workedOff } from './queue-costs.js';
import { type Waits, waitsInHashed, waitsWithAQueueEach, waitsWithPromotion } from './waits.js';

/** A queue for each user; groups by hash that share queues; shared queues that heavy users are promoted from. */
export type PlanDesign = 'each' | 'hashed' | 'promoted';

/** What one design takes and gives. */
export interface DesignFigures extends Waits {
  /** Queues where idle ones are pruned, and where none ever is. */
  readonly queues: Figure;
  readonly queuesKept: Figure;
  readonly memory: Figure;
  readonly memoryKept: Figure;
  /** The same with a worker that consumes all of them. */
  readonly memoryWorker: Figure;
  readonly memoryWorkerKept: Figure;
  readonly processor: Figure;
  readonly processorKept: Figure;
  /** Tasks published in a second: to users that have a queue, and to users that have none. */
  readonly publish: Figure;
  readonly publishNew: Figure;
  /** Until all active users have a queue. */
  readonly makeAll: Figure;
  readonly makeAllKept: Figure;
  /** Tasks of no time worked off in a second, all active users having some. */
  readonly work: Figure;
  /** Of what a heavy user had sent before it was promoted. */
  readonly moving: Figure;
}

/** All figures of a design. */
export function figuresOf(figures: DesignFigures): readonly Figure[] {
  return Object.values(figures);
}

export function withAQueueEach(load: PlanLoad, facts: Facts): DesignFigures {
  const { active, users } = load;
  return {
    ...ofQueues(
      facts,
      reckoned('queues', 'queues-each', exactly(active)),
      reckoned('queues', 'queues-each', exactly(users)),
    ),
    publishNew: made(facts),
    makeAll: makeAll(facts, active),
    makeAllKept: makeAll(facts, users),
    ...waitsWithAQueueEach(load),
    moving: reckoned('ms', 'moving', exactly(0)),
  };
}

export function inHashedGroups(load: PlanLoad, facts: Facts): DesignFigures {
  const queuesOf = (users: number) =>
    reckoned('queues', 'queues-hashed', exactly(Math.min(load.shared, users)));
  return {
    ...ofShared(facts, queuesOf(load.active), queuesOf(load.users)),
    ...waitsInHashed(load),
    moving: reckoned('ms', 'moving', exactly(0)),
  };
}

export function withPromotion(load: PlanLoad, facts: Facts): DesignFigures {
  const queues = reckoned('queues', 'queues-promoted', exactly(load.shared + load.heavy));
  const publish = likewise(published(facts, load.shared), 'publish-spread');
  return {
    ...ofShared(facts, queues, queues),
    publish,
    publishNew: publish,
    ...waitsWithPromotion(load, facts),
  };
}

/** A new user needs no new queue. */
function ofShared(facts: Facts, queues: Figure, queuesKept: Figure) {
  const figures = ofQueues(facts, queues, queuesKept);
  return {
    ...figures,
    publishNew: likewise(figures.publish, 'publish-shared'),
    makeAll: makeAll(facts, queues.most!),
    makeAllKept: makeAll(facts, queuesKept.most!),
  };
}

/** A figure of something else that is the same; unknown where the other is. */
function likewise(figure: Figure, formula: FormulaName): Figure {
  return figure.origin === 'unknown' ? figure : { ...figure, origin: 'reckoned', formula };
}

function ofQueues(facts: Facts, queues: Figure, queuesKept: Figure) {
  const [pruned, kept] = [queues.most!, queuesKept.most!];
  return {
    queues,
    queuesKept,
    memory: memory(facts, pruned, false),
    memoryKept: memory(facts, kept, false),
    memoryWorker: memory(facts, pruned, true),
    memoryWorkerKept: memory(facts, kept, true),
    processor: processorAtRest(facts, pruned),
    processorKept: processorAtRest(facts, kept),
    publish: published(facts, pruned),
    work: workedOff(facts, pruned),
  };
}
