import type { Explanation } from '../../core/explain/explanation.js';
import type { ServingWorker, ShownQueue } from '../../core/reports/queue-report.js';
import { reasonText } from '../explain/reason-text.js';
import { labelledLines } from '../parts/labelled-lines.js';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatRate,
  formatShare,
  formatTasks,
} from '../parts/numbers.js';
import { safeText } from '../parts/safe-text.js';
import { paint, type TextStyle } from '../parts/style.js';
import { wrapText } from '../parts/text.js';

const CONSUMERS_SHOWN = 20;

/** @param now milliseconds since the epoch */
export function renderShownQueue(
  queue: ShownQueue,
  now: number,
  style: TextStyle,
  explanation?: Explanation,
): string {
  const safe = (text: string) => safeText(text, style.unicode);
  const lines = [
    paint('strong', safe(titleOf(queue)), style),
    row('queue', safe(queue.name), style),
    row('is', kindOf(queue, safe), style),
    row('tasks', tasksOf(queue, now), style),
    row('now', ratesOf(queue), style),
    ...(queue.secondsLeft === undefined ? [] : [row('left', leftOf(queue, queue.secondsLeft), style)]),
    ...(queue.idleMs > 0
      ? [row('idle', `nothing came or went for ${formatDuration(queue.idleMs)} at least`, style)]
      : []),
    ...(explanation === undefined ? [] : whyRows(explanation, now, style)),
    row('memory', formatBytes(queue.memoryBytes), style),
    ...consumersOf(queue, safe).map((text, i) => row(i === 0 ? 'consumers' : '', text, style)),
  ];
  if (queue.bound === false) {
    const warning =
      'It is not bound: publishers do not reach it. A prune is under way, or one was killed; the next publisher or "fairq queues prune" binds it again.';
    lines.push('', paint('alarm', wrapText(warning, style).join('\n'), style));
  }
  const age =
    'What is ready, what goes out and who consumes is as of now. The broker refreshes the other figures every 5 s.';
  return [...lines, '', paint('quiet', age, style)].join('\n');
}

/** Why what waits does; "fairq explain" has the rest. */
function whyRows(explanation: Explanation, now: number, style: TextStyle): string[] {
  const { reasons, subject, user, waiting } = explanation;
  const [reason] = reasons;
  if (waiting === 0 || reason === undefined) return [];
  const { says } = reasonText(reason, user ?? subject.name, now);
  return [row('waits', safeText(says, style.unicode), style)];
}

function titleOf({ user, group, name }: ShownQueue): string {
  return user !== undefined ? `user ${user}` : group !== undefined ? `group ${group}` : name;
}

function kindOf({ type, state, node, policy, ordered }: ShownQueue, safe: (text: string) => string): string {
  const parts = [safe(type), ordered ? 'ordered' : undefined, safe(state), `on ${safe(node)}`];
  if (policy !== undefined) parts.push(`policy ${safe(policy)}`);
  return parts.filter((part) => part !== undefined).join(', ');
}

function tasksOf(
  { ready, unacknowledged, messageBytes, oldestSentAt, type }: ShownQueue,
  now: number,
): string {
  const counts = `${formatCount(ready)} ready, ${formatCount(unacknowledged)} at workers`;
  if (ready + unacknowledged === 0) return counts;
  const bytes = `${counts}, ${formatBytes(messageBytes)}`;
  if (oldestSentAt !== undefined)
    return `${bytes}; the next was sent ${formatDuration(Math.max(0, now - oldestSentAt))} ago`;
  return type === 'quorum' && ready > 0 ? `${bytes}; how old they are a quorum queue does not say` : bytes;
}

function ratesOf(queue: ShownQueue): string {
  const { publishedPerSecond, share, fairShare, activeUsers } = queue;
  const rates = `${formatRate(publishedPerSecond)} in, ${formatRate(rateOut(queue))} out`;
  if (share === undefined || fairShare === undefined) return rates;
  const users = `${formatCount(activeUsers)} ${activeUsers === 1 ? 'user' : 'users'} with tasks`;
  return `${rates}; ${formatShare(share)} of what workers take, ${formatShare(fairShare)} would be fair without weights (${users})`;
}

function rateOut({ endedPerSecond, deliveredPerSecond }: ShownQueue): number {
  return endedPerSecond ?? deliveredPerSecond;
}

function leftOf(queue: ShownQueue, seconds: number): string {
  const { ready, publishedPerSecond } = queue;
  const left = `${formatTasks(ready)} at ${formatRate(rateOut(queue))}: about ${formatDuration(seconds * 1_000)}`;
  return publishedPerSecond > 0 ? `${left}, without what still comes` : left;
}

function consumersOf(queue: ShownQueue, safe: (text: string) => string): string[] {
  const { consumers, workers, ready, user, group } = queue;
  if (workers === undefined) return consumers > 0 ? otherConsumers(queue, safe) : ['none'];
  const named = workers.map((worker) => `worker ${safe(worker.name)}: ${atWork(worker)}`);
  const more = named.length - CONSUMERS_SHOWN;
  const shown =
    more > 0 ? [...named.slice(0, CONSUMERS_SHOWN), `and ${formatCount(more)} more workers`] : named;
  if (consumers > workers.length) return [...shown, ...otherConsumers(queue, safe)];
  if (consumers > 0) return shown;
  if (shown.length > 0) return ['none at this moment; it is served by', ...shown];
  // Of a queue that is nobody's no worker knows unless it is told.
  const worker = user === undefined && group === undefined ? 'fairq worker --also' : 'fairq worker';
  return [ready > 0 ? `none: ${formatTasks(ready)} wait for a worker ("${worker}")` : 'none'];
}

function atWork({ slots, idle }: ServingWorker): string {
  if (slots === null || idle === null)
    return 'no answer, so what it runs is unknown (a task blocks it, it is stopped, or of another --prefix)';
  return `${formatCount(slots - idle)} of ${formatCount(slots)} slots busy`;
}

/** Some of those that the broker lists are the workers': it does not say which. */
function otherConsumers(
  { consumers, consumerDetails }: ShownQueue,
  safe: (text: string) => string,
): string[] {
  const listed = consumerDetails.slice(0, CONSUMERS_SHOWN).map(({ peer, user, prefetch, active }) => {
    const window = prefetch === 0 ? 'no limit' : `${formatCount(prefetch)} unacknowledged at most`;
    return `  ${safe(peer)} as ${safe(user)}, ${window}${active ? '' : ', standing by'}`;
  });
  if (listed.length === 0) return [`${formatCount(consumers)} in all, and the broker does not list them yet`];
  const more = consumerDetails.length - CONSUMERS_SHOWN;
  const head = `${formatCount(consumers)} in all, by the broker:`;
  return [head, ...listed, ...(more > 0 ? [`  and ${formatCount(more)} more`] : [])];
}

function row(label: string, text: string, style: TextStyle): string {
  return labelledLines(label, text, style).join('\n');
}
