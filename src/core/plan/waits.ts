import { PROMOTE_AFTER } from '../scheduling/tuning.js';
import type { Facts } from './facts.js';
import { exactly, type Figure, reckoned, unknown } from './figure.js';
import type { FormulaName } from './formulas.js';
import { busySlots, type PlanLoad } from './load.js';
import { published, workedOff } from './queue-costs.js';
import { aheadInHashed, chanceToShare } from './sharing.js';

/** What a light user's next task waits for, while heavy users have bursts. */
export interface Waits {
  /** While one heavy user has a burst: light users who share its queue, tasks ahead of theirs, and how long that is. */
  readonly oneShare: Figure;
  readonly oneAhead: Figure;
  readonly oneWait: Figure;
  /** While all heavy users have one: the same, on average over light users, and of the worst of them. */
  readonly allShare: Figure;
  readonly allAhead: Figure;
  readonly allWait: Figure;
  readonly allAheadWorst: Figure;
  readonly allWaitWorst: Figure;
}

export function waitsWithAQueueEach(load: PlanLoad): Waits {
  const { heavy } = load;
  const nobody = reckoned('share', 'share-none', exactly(0));
  const one = ahead('ahead-turns', Math.min(heavy, 1));
  const all = ahead('ahead-turns', heavy);
  return { ...sharedBy(nobody, nobody), ...waitsOf(load, one, all, all) };
}

export function waitsInHashed(load: PlanLoad): Waits {
  const { heavy, burst, shared } = load;
  const { mean, worst } = aheadInHashed(shared, heavy, burst);
  const one = heavy === 0 ? ahead('ahead-hashed', 0) : ahead('ahead-hashed', burst / 2, burst);
  return {
    ...chances(load),
    ...waitsOf(load, one, ahead('ahead-hashed-mean', mean), ahead('ahead-hashed-worst', worst)),
  };
}

/** Promotion bounds what is ahead. What a heavy user had sent before it has to be moved first. */
export function waitsWithPromotion(load: PlanLoad, facts: Facts): Waits & { readonly moving: Figure } {
  const { heavy, burst, shared } = load;
  const threshold = Math.min(PROMOTE_AFTER, burst);
  const share = chanceToShare(shared, heavy);
  const moving = heavy === 0 ? reckoned('ms', 'moving', exactly(0)) : movingOf(load, facts);
  const plain = waitsOf(
    load,
    ahead('ahead-promoted', threshold * Math.min(heavy, 1)),
    ahead('ahead-promoted-mean', share * threshold * heavy + (1 - share) * heavy),
    ahead('ahead-promoted', threshold * heavy),
  );
  return {
    ...chances(load),
    ...plain,
    oneWait: withMoving(plain.oneWait, moving, 1, 'wait-moving'),
    allWait: withMoving(plain.allWait, moving, share * heavy, 'wait-moving-mean'),
    allWaitWorst: withMoving(plain.allWaitWorst, moving, heavy, 'wait-moving-all'),
    moving,
  };
}

function chances({ shared, heavy }: PlanLoad): Pick<Waits, 'oneShare' | 'allShare'> {
  return sharedBy(
    reckoned('share', 'share-one', exactly(chanceToShare(shared, Math.min(heavy, 1)))),
    reckoned('share', 'share-all', exactly(chanceToShare(shared, heavy))),
  );
}

function sharedBy(oneShare: Figure, allShare: Figure): Pick<Waits, 'oneShare' | 'allShare'> {
  return { oneShare, allShare };
}

function ahead(formula: FormulaName, least: number, most = least): Figure {
  return reckoned('tasks', formula, exactly(least, most));
}

function waitsOf(
  load: PlanLoad,
  one: Figure,
  all: Figure,
  worst: Figure,
): Omit<Waits, 'oneShare' | 'allShare'> {
  return {
    oneAhead: one,
    oneWait: waitFor(one, load),
    allAhead: all,
    allWait: waitFor(all, load),
    allAheadWorst: worst,
    allWaitWorst: waitFor(worst, load),
  };
}

/** The slots' time for the tasks ahead and its own turn: with all slots, or with those that others leave. */
function waitFor({ least, most }: Figure, load: PlanLoad): Figure {
  const { taskMs, slots } = load;
  const left = slots - busySlots(load);
  const shortest = ((least! + 1) * taskMs) / slots;
  if (left <= 0) {
    const figure = reckoned('ms', 'wait', exactly(shortest));
    return { ...figure, most: null, unknownBecause: 'the slots are too few, so every wait grows' };
  }
  return reckoned('ms', 'wait', exactly(shortest, ((most! + 1) * taskMs) / left));
}

/** How long it takes to move a whole burst out of a shared queue; nothing where its publisher promotes at once. */
function movingOf({ burst, shared }: PlanLoad, facts: Facts): Figure {
  const publish = published(facts, shared);
  const work = workedOff(facts, shared);
  if (publish.least === null || work.least === null) {
    return unknown('ms', 'nobody has measured how fast tasks are published or worked off');
  }
  const sources = [...new Set([...publish.sources, ...work.sources])];
  const most = burst * (1 / publish.least + 1 / work.least) * 1_000;
  return reckoned('ms', 'moving', { least: 0, most, sources });
}

/** A wait, and so many times the time of moving. */
function withMoving(wait: Figure, moving: Figure, times: number, formula: FormulaName): Figure {
  const most = wait.most === null || moving.most === null ? null : wait.most + times * moving.most;
  const unknownBecause = wait.unknownBecause ?? moving.unknownBecause;
  return {
    ...wait,
    most,
    formula,
    sources: moving.sources,
    ...(unknownBecause !== undefined && { unknownBecause }),
  };
}
