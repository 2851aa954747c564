import type { DesignFigures } from '../../core/plan/design.js';
import type { Plan } from '../../core/plan/plan.js';
import { formatCount } from '../parts/numbers.js';

/** A line of the table; one without a figure is the heading of those below it. */
export interface PlanRow {
  readonly label: string;
  readonly figure?: keyof DesignFigures;
}

/** What is pruned has a line apart from what is kept, where the two differ. */
export function planRows({ load }: Plan): PlanRow[] {
  const { users, active, heavy, burst } = load;
  const both = (label: string, pruned: keyof DesignFigures, kept: keyof DesignFigures): PlanRow[] =>
    users === active
      ? [{ label, figure: pruned }]
      : [
          { label },
          { label: '  idle ones pruned', figure: pruned },
          { label: '  none ever pruned', figure: kept },
        ];
  return [
    ...both('queues', 'queues', 'queuesKept'),
    ...both("broker's memory, idle", 'memory', 'memoryKept'),
    ...both('the same, with a worker', 'memoryWorker', 'memoryWorkerKept'),
    ...both('processors, at rest', 'processor', 'processorKept'),
    { label: 'tasks published' },
    { label: '  to users with a queue', figure: 'publish' },
    { label: '  to users without', figure: 'publishNew' },
    ...both('until all are made', 'makeAll', 'makeAllKept'),
    { label: 'no-op tasks worked off', figure: 'work' },
    // They are the waits of light users.
    ...(heavy === 0 || heavy === active ? [] : waits(heavy, burst)),
  ];
}

function waits(heavy: number, burst: number): PlanRow[] {
  const one: PlanRow[] = [
    { label: `1 heavy user sends ${formatCount(burst)}` },
    { label: '  light users behind it', figure: 'oneShare' },
    { label: '  tasks before theirs', figure: 'oneAhead' },
    { label: '  their wait', figure: 'oneWait' },
  ];
  if (heavy === 1) return one;
  return [
    ...one,
    { label: `all ${formatCount(heavy)} send as many` },
    { label: '  light users behind one', figure: 'allShare' },
    { label: '  tasks before, mean', figure: 'allAhead' },
    { label: '  wait, mean', figure: 'allWait' },
    { label: '  tasks, 1 user in 1,000', figure: 'allAheadWorst' },
    { label: '  wait, 1 user in 1,000', figure: 'allWaitWorst' },
  ];
}
