import type { DesignFigures, PlanDesign } from '../../core/plan/design.js';
import type { Plan } from '../../core/plan/plan.js';
import { PEAK } from '../../core/plan/recommendation.js';
import { formatCount } from '../parts/numbers.js';
import { roughText, spanText } from './rough.js';

/** Which design to choose, and the figure that decides; where none copes, the limit and what would help. */
export function recommendationText(plan: Plan, unicode: boolean): string {
  const { design } = plan.recommendation;
  if (design === null) return noneCopes(plan, unicode);
  const { busySlots, load } = plan;
  const chosen = design === 'each' ? aQueueEach(plan, unicode) : fewQueues(plan, design, unicode);
  if (busySlots < load.slots) return chosen;
  const slots = `With ${countOf(load.slots, 'slot')} no design copes: give at least ${formatCount(slotsNeeded(plan))}.`;
  return `${slots} Then ${chosen.charAt(0).toLowerCase()}${chosen.slice(1)}`;
}

/** So many that the average load leaves some of them free. */
export function slotsNeeded({ busySlots }: Plan): number {
  return Math.floor(busySlots) + 1;
}

/** `1 queue`, `64 queues` */
export function countOf(count: number, what: string): string {
  return `${formatCount(count)} ${what}${count === 1 ? '' : 's'}`;
}

function aQueueEach(plan: Plan, unicode: boolean): string {
  const { recommendation, load } = plan;
  const memory = `${spanText(recommendation.figure, unicode)} with a worker, within ${roughText(load.memory, 'bytes')}`;
  const takes = load.active === 1 ? 'takes' : 'take';
  const why = `Choose a queue for each user: ${countOf(load.active, 'queue')} ${takes} ${memory}, and nobody waits behind anybody.`;
  if (!recommendation.onlyIfPruned) return why;
  const kept = spanText(figuresOf(plan, 'each').memoryWorkerKept, unicode);
  return `${why} Prune idle queues: ${formatCount(load.users)} would take ${kept}.`;
}

function fewQueues(plan: Plan, design: 'hashed' | 'promoted', unicode: boolean): string {
  const { load, designs } = plan;
  const { units, figures } = designs.find((one) => one.design === design)!;
  const name = design === 'hashed' ? 'hashed groups' : 'shared queues with promotion';
  const queues = formatCount(figures.queues.most!);
  const instead = `${queues} queues take ${spanText(figures.memoryWorker, unicode)}`;
  const because = `Choose ${name} (${units}): ${objectionText(plan, unicode)}, and ${instead}.`;
  if (load.heavy === 0) return `${because} Nobody is heavy, so nobody waits behind a burst.`;
  if (load.heavy === load.active) return because;
  const { oneShare, oneAhead } = figuresOf(plan, 'hashed');
  const behind = `${roughText(oneShare.most!, 'share')} of the light users wait behind a burst, for ${spanText(oneAhead, unicode)} tasks`;
  if (design === 'hashed') return `${because} But ${behind}.`;
  return `${because} In hashed groups ${behind}; with promotion at most ${formatCount(figures.oneAhead.most!)} of each run first, and the rest is moved out of the way.`;
}

/** What speaks against the design that would have been chosen before: its figure, and what that is held against. */
function objectionText(plan: Plan, unicode: boolean): string {
  const { recommendation, load } = plan;
  const { decidedBy, decidedOf } = recommendation;
  const { value, limit, queues } = decisive(plan, unicode);
  const whose =
    decidedOf === 'each'
      ? `a queue for each of ${formatCount(load.active)} users takes`
      : `the ${queues} queues of promotion take`;
  switch (decidedBy) {
    case 'memory-enough':
    case 'memory-too-much':
      return `${whose} ${value} with a worker, more than ${limit}`;
    case 'memory-unknown':
      return `nobody has measured what ${whose}`;
    case 'queues-not-measured':
      return `nobody has measured ${value} queues, only up to ${limit}`;
    case 'publish-too-slow':
      return `tasks are published into ${queues} queues at ${value}, less than a peak of ${PEAK} times the average (${limit})`;
    case 'work-too-slow':
      return `tasks in ${queues} queues are worked off at ${value}, less than a peak of ${PEAK} times the average (${limit})`;
  }
}

/** The design that takes least is the one that decides. */
function noneCopes(plan: Plan, unicode: boolean): string {
  const { brokers } = plan.recommendation;
  const { isAbout, help } = brokers === null ? ofQueues(plan, unicode) : ofSpeed(plan, brokers, unicode);
  return `None of the three copes. ${isAbout} ${help}`;
}

function ofQueues(plan: Plan, unicode: boolean) {
  const { value, limit, queues } = decisive(plan, unicode);
  switch (plan.recommendation.decidedBy) {
    case 'queues-not-measured':
      return {
        isAbout: `The fewest are ${queues} queues, and nobody has measured more than ${limit}.`,
        help: 'Share fewer queues with --shared.',
      };
    case 'memory-unknown':
      return {
        isAbout: `Nobody has measured what ${queues} queues take.`,
        help: 'Measure it with --measure.',
      };
    default:
      return {
        isAbout: `Even ${queues} queues take ${value} with a worker, more than ${limit}.`,
        help: 'Share fewer queues with --shared, or allow more with --memory.',
      };
  }
}

function ofSpeed(plan: Plan, brokers: number, unicode: boolean) {
  const { value, limit, queues } = decisive(plan, unicode);
  const are = plan.recommendation.decidedBy === 'publish-too-slow' ? 'published' : 'worked off';
  const slots = slotsNeeded(plan);
  const help = [
    `Split the users over ${formatCount(brokers)} brokers, each on a machine of its own, or put the work of ${formatCount(brokers)} tasks into one.`,
    ...(plan.load.slots < slots ? [`All brokers together need ${formatCount(slots)} slots.`] : []),
    'A larger machine may do more: measure it with --measure.',
  ];
  return {
    isAbout: `Even with ${queues} queues tasks are ${are} at ${value}. A peak of ${PEAK} times the average is ${limit}.`,
    help: help.join(' '),
  };
}

/** The figure that decides, what it is held against, and the queues of the design that it is of. */
function decisive({ recommendation, designs }: Plan, unicode: boolean) {
  const { decidedOf, figure, against } = recommendation;
  const { figures } = designs.find((one) => one.design === decidedOf)!;
  return {
    value: spanText(figure, unicode),
    limit: against === null ? '' : roughText(against, figure.unit),
    queues: formatCount(figures.queues.most!),
  };
}

function figuresOf({ designs }: Plan, design: PlanDesign): DesignFigures {
  return designs.find((one) => one.design === design)!.figures;
}
