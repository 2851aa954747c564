import type { Explanation } from '../../core/explain/explanation.js';
import { labelledLines } from '../parts/labelled-lines.js';
import { formatCount, formatTasks } from '../parts/numbers.js';
import { safeText } from '../parts/safe-text.js';
import { paint, type TextStyle } from '../parts/style.js';
import { expectedText, restsOnText } from './expectation-text.js';
import { reasonText } from './reason-text.js';

/** @param now milliseconds since the epoch */
export function renderExplanation(explanation: Explanation, now: number, style: TextStyle): string {
  const { subject, nextStart, end, restsOn } = explanation;
  const lines = [paint('strong', safeText(titleOf(explanation), style.unicode), style), ''];
  lines.push(...reasonLines(explanation, now, style), '');
  const rows: [string, string | undefined][] = [
    ['next start', nextStart === null ? undefined : expectedText(nextStart)],
    [subject.of === 'task' ? 'others done' : 'all done', end === null ? undefined : expectedText(end)],
    ['rests on', restsOn === null ? undefined : restsOnText(restsOn)],
  ];
  for (const [label, text] of rows) if (text !== undefined) lines.push(...labelledLines(label, text, style));
  while (lines.at(-1) === '') lines.pop();
  return lines.join('\n');
}

/** Each reason in a line or more, the one that decides first. */
function reasonLines({ reasons, subject, user }: Explanation, now: number, style: TextStyle): string[] {
  const who = user ?? subject.name;
  return reasons.flatMap((reason, i) => {
    const { says, todo } = reasonText(reason, who, now);
    const label = i === 0 ? 'why' : i === 1 ? 'also' : '';
    const lines = labelledLines(label, safeText(says, style.unicode), style, i === 0);
    return todo === undefined
      ? lines
      : [...lines, ...labelledLines('', safeText(todo, style.unicode), style)];
  });
}

function titleOf({ subject, user, waiting, running, reasons }: Explanation): string {
  // What waits in a queue of many users is anybody's: workers know what has come to them.
  const isMore = reasons.some((reason) => reason.why === 'shares' && reason.ready > 0);
  const tasks = `${formatTasks(waiting)} ${waiting === 1 ? 'waits' : 'wait'}${isMore ? ' at workers' : ''}`;
  const counts = `${tasks}, ${formatCount(running)} ${running === 1 ? 'runs' : 'run'}`;
  if (subject.of !== 'task') return `${subject.of} ${subject.name}: ${counts}`;
  return user === undefined ? `task ${subject.name}` : `task ${subject.name} of user ${user}`;
}
