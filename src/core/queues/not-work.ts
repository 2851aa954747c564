import { isReserved, type Names, namesFor, readsLikeAName } from './names.js';

/** What is known of a queue before anybody consumes it. */
export interface KnownQueue {
  readonly name: string;
  readonly type: string;
  readonly exclusive: boolean;
}

/** What a broker, fairq or Celery makes for itself: messages in such a queue are no tasks, whatever a glob says. */
export function isNeverWork(names: Names, queue: string): boolean {
  return queue.startsWith('amq.') || isReserved(names, queue) || isCelerysOwn(queue);
}

/** Where Celery's workers hear commands, answers and events. */
function isCelerysOwn(queue: string): boolean {
  return queue.endsWith('.celery.pidbox') || queue.startsWith('celeryev.');
}

/** Other prefixes that fairq is used with on the same vhost: each has the two streams of its own. */
export function otherNames(names: Names, queues: readonly KnownQueue[]): Names[] {
  const streams = new Set(queues.filter(({ type }) => type === 'stream').map(({ name }) => name));
  const others: Names[] = [];
  for (const stream of streams) {
    const prefix = /^([A-Za-z0-9_.:-]{1,60})\.events$/.exec(stream)?.[1];
    if (prefix === undefined || prefix === names.prefix || !streams.has(`${prefix}.results`)) continue;
    // An older version may have let somebody use such a prefix.
    if (!readsLikeAName(prefix)) others.push(namesFor(prefix));
  }
  return others;
}
