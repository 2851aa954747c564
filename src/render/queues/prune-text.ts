import type { IdleQueue, PruneOutcome, PrunePlan, PruneReport } from '../../core/reports/queue-report.js';
import { formatBytes, formatCount, formatDuration, formatRate } from '../parts/numbers.js';
import { safeText } from '../parts/safe-text.js';
import { paint, type TextStyle } from '../parts/style.js';
import { renderTable } from '../parts/table.js';
import { wrapText } from '../parts/text.js';

/** Names given for each reason; the rest are counted. */
const EXAMPLES = 3;

/** What may go, in one or two sentences: for the question before it, and the head of the plan. */
export function pruneSentence({ idle }: Pick<PrunePlan, 'idle'>, idleForMs: number): string {
  const memory = formatBytes(idle.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0));
  const isOne = idle.length === 1;
  const first = `${queues(idle.length)} ${isOne ? 'is' : 'are'} empty, and nothing came or went for ${formatDuration(idleForMs)} or longer; ${isOne ? 'it takes' : 'they take'} ${memory} of the broker's memory.`;
  const [longest] = idle;
  const shortest = idle.at(-1);
  if (longest === undefined || shortest === undefined || isOne) return first;
  return `${first} Idle for longest: ${nameOf(longest)}, ${formatDuration(longest.idleMs)}; for shortest: ${nameOf(shortest)}, ${formatDuration(shortest.idleMs)}.`;
}

/** @param showQueues with a table of them */
export function renderPrunePlan(
  plan: PrunePlan,
  idleForMs: number,
  showQueues: boolean,
  style: TextStyle,
): string {
  const { idle, beyondMax, tooSoon, busy, down } = plan;
  const parts: string[] = [];
  if (idle.length === 0) {
    parts.push(`No queue is known to have been idle for ${formatDuration(idleForMs)}.`);
  } else {
    if (showQueues) parts.push(table(idle, style));
    parts.push(paragraph(pruneSentence(plan, idleForMs), style));
  }
  if (beyondMax > 0) parts.push(paragraph(`${queues(beyondMax)} more, beyond --max.`, style));
  const others: string[] = [];
  if (tooSoon.length > 0) {
    const longest = Math.max(...tooSoon.map(({ idleMs }) => idleMs));
    others.push(
      `${queues(tooSoon.length)} more ${tooSoon.length === 1 ? 'is' : 'are'} empty and not known to have been idle for so long: observed for ${formatDuration(longest)} at the most. Every "queues prune" remembers what it saw; run it again in ${formatDuration(Math.max(1_000, idleForMs - longest))}, or watch them now with --observe 60s.`,
    );
  }
  if (busy > 0) others.push(`${queues(busy)} ${busy === 1 ? 'has' : 'have'} tasks.`);
  if (down > 0) {
    others.push(
      `${queues(down)} ${down === 1 ? 'is' : 'are'} down and ${down === 1 ? 'stays' : 'stay'}: most of the nodes with the tasks are away, and nobody knows what is in ${down === 1 ? 'it' : 'them'}.`,
    );
  }
  for (const other of others) parts.push(paint('quiet', paragraph(other, style), style));
  return parts.join('\n\n');
}

export function renderPrune(report: PruneReport, style: TextStyle): string {
  const { pruned, kept, failed, memoryBytes, seconds } = report;
  const rate = seconds > 0 && pruned > 0 ? ` (${formatRate(pruned / seconds)})` : '';
  const head = `${queues(pruned)} pruned in ${formatDuration(seconds * 1000)}${rate}, ${formatBytes(memoryBytes)}.`;
  const lines = [paint('strong', head, style)];
  if (kept > 0) lines.push(`${formatCount(kept)} kept:`, ...reasons(report, 'kept', style));
  if (failed > 0) {
    lines.push(paint('alarm', `${formatCount(failed)} failed:`, style), ...reasons(report, 'failed', style));
  }
  return lines.join('\n');
}

/** A line for a round of `--watch`. */
export function renderPruneRound(report: PruneReport, at: Date, style: TextStyle): string {
  const { pruned, kept, failed } = report;
  const time = paint('quiet', at.toISOString().slice(0, 19).replace('T', ' '), style);
  const rest = failed > 0 ? `, ${formatCount(failed)} failed` : '';
  return `${time}  ${queues(pruned)} pruned, ${formatCount(kept)} kept${rest}`;
}

function reasons({ outcomes }: PruneReport, kind: PruneOutcome['outcome'], style: TextStyle): string[] {
  const byReason = new Map<string, string[]>();
  for (const { queue, outcome, reason = '' } of outcomes) {
    if (outcome !== kind) continue;
    byReason.set(reason, [...(byReason.get(reason) ?? []), queue]);
  }
  return [...byReason].map(([reason, names]) => {
    const examples = names.slice(0, EXAMPLES).map((name) => safeText(name, style.unicode));
    const more = names.length > EXAMPLES ? ', …' : '';
    return `  ${formatCount(names.length)}: ${safeText(reason, style.unicode)} (${examples.join(', ')}${more})`;
  });
}

function table(idle: readonly IdleQueue[], style: TextStyle): string {
  return renderTable<IdleQueue>(
    [
      {
        heading: 'user',
        text: (q) => safeText(q.user ?? '-', style.unicode),
        align: 'left',
        shrinkTo: 12,
        whole: true,
      },
      { heading: 'idle for', text: (q) => formatDuration(q.idleMs) },
      { heading: 'consumers', text: (q) => formatCount(q.consumers) },
      { heading: 'memory', text: (q) => formatBytes(q.memoryBytes) },
      {
        heading: 'queue',
        text: (q) => safeText(q.name, style.unicode),
        align: 'left',
        shrinkTo: 16,
        whole: true,
        dropOrder: 1,
      },
    ],
    idle,
    style,
  );
}

function nameOf({ user, name }: IdleQueue): string {
  return `"${safeText(user ?? name, true)}"`;
}

function queues(count: number): string {
  return `${formatCount(count)} ${count === 1 ? 'queue' : 'queues'}`;
}

function paragraph(text: string, style: TextStyle): string {
  return wrapText(text, style).join('\n');
}
