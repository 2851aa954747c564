import type { Expected, RestsOn } from '../../core/explain/expectation.js';
import { rateText } from '../../core/policy/limit-text.js';
import { formatCount, formatDuration, formatShare, formatTasks } from '../parts/numbers.js';

/** When something may be expected, or why that is not known. */
export function expectedText(expected: Expected): string {
  if ('unknown' in expected) return `unknown: ${expected.unknown}`;
  const { leastMs, mostMs } = expected;
  const least = leastMs === 0 ? 'now' : `in ${formatDuration(leastMs)}`;
  if (mostMs === null) return `${least} at the earliest; the latest is unknown`;
  return `${least} at the earliest, in ${formatDuration(mostMs)} at the latest, if others go on as they do`;
}

/** What an expectation was reckoned from. */
export function restsOnText({ tasks, taskMs, ofOthers, slots, share, cap, rate }: RestsOn): string {
  const times = taskMs === null ? 'no run time yet' : `${between(taskMs)} a task lately`;
  const parts = [
    formatTasks(tasks),
    ofOthers && taskMs !== null ? `${times} (of others: none of its own has ended)` : times,
    `${formatCount(slots)} ${slots === 1 ? 'slot' : 'slots'}`,
    `${formatShare(share)} of them by its share`,
    ...(cap === undefined ? [] : [`a cap of ${formatCount(cap)}`]),
    ...(rate === undefined ? [] : [`a rate of ${rateText(rate)}`]),
  ];
  return parts.join(', ');
}

function between([least, most]: readonly [number, number]): string {
  const [a, b] = [formatDuration(least), formatDuration(most)];
  return a === b ? a : `${a} to ${b}`;
}
