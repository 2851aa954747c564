import type { Plan } from '../../core/plan/plan.js';
import { formatCount } from '../parts/numbers.js';
import { roughText, spanText } from './rough.js';

/** Which design to choose, and the figure that decides. */
export function recommendationText(plan: Plan, unicode: boolean): string {
  const { recommendation, load, designs } = plan;
  const { design, figure, onlyIfPruned } = recommendation;
  const chosen = designs.find((one) => one.design === design)!;
  if (design === 'each') {
    const memory = `${spanText(figure, unicode)} with a worker, within ${roughText(load.memory, 'bytes')}`;
    const why = `Choose a queue for each user: ${formatCount(load.active)} queues take ${memory}, and nobody waits behind anybody.`;
    if (!onlyIfPruned) return why;
    const kept = spanText(chosen.figures.memoryWorkerKept, unicode);
    return `${why} Prune idle queues: ${formatCount(load.users)} would take ${kept}.`;
  }
  const name = design === 'hashed' ? 'hashed groups' : 'shared queues with promotion';
  const because = `Choose ${name} (${chosen.units}): ${becauseText(plan, unicode)}.`;
  if (design === 'hashed') return `${because} Nobody is heavy, so nobody waits behind a burst.`;
  const { oneShare, oneAhead } = designs.find((one) => one.design === 'hashed')!.figures;
  const alone = `In hashed groups ${roughText(oneShare.most!, 'share')} of the light users wait behind a burst, for ${spanText(oneAhead, unicode)} tasks`;
  return `${because} ${alone}; with promotion at most ${formatCount(chosen.figures.oneAhead.most!)} of each run first, and the rest is moved out of the way.`;
}

/** What a queue each would come to, and what the chosen design comes to instead. */
function becauseText({ recommendation, load, designs }: Plan, unicode: boolean): string {
  const { design, decidedBy, figure, against } = recommendation;
  const { figures } = designs.find((one) => one.design === design)!;
  const value = spanText(figure, unicode);
  const limit = against === null ? '' : roughText(against, figure.unit);
  const active = formatCount(load.active);
  const queues = formatCount(figures.queues.most!);
  const instead = `${queues} queues take ${spanText(figures.memoryWorker, unicode)}`;
  switch (decidedBy) {
    case 'memory-too-much':
      return `a queue for each of ${active} users takes ${value} with a worker, more than ${limit}, and ${instead}`;
    case 'memory-unknown':
      return `what a queue for each of ${active} users takes is not known, and ${instead}`;
    case 'queues-not-measured':
      return `nobody has measured ${value} queues, only up to ${limit}, and ${instead}`;
    case 'work-too-slow':
      return `tasks in ${active} queues are worked off at ${value}, less than three times the average (${limit}), and in ${queues} at ${spanText(figures.work, unicode)}`;
    case 'memory-enough':
      return instead;
  }
}
