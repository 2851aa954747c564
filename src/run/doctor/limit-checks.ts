import { deliveryLimitOf } from '../../broker/dead-letters/delivery-limit.js';
import type { QueueDefinition } from '../../broker/management/broker-figures.js';
import { least, refusesWhenFull } from '../../broker/queues/effective-limits.js';
import { grantQueue, type Names, ownQueue } from '../../core/queues/names.js';
import { counted, type Finding, ok, problem, some, warning } from '../../core/reports/finding.js';
import type { ManagementFacts } from './facts.js';

/** fairq gives back what it has held for 10 minutes. */
const HELD_AT_MOST_MS = 10 * 60_000;

type Queue = QueueDefinition;

/** Something in a queue's arguments or policies that loses tasks. */
interface Loss {
  /** Such as `max-length 5 of the policy "p"`. */
  readonly setting: string;
  readonly does: string;
}

/** What drops tasks, or takes them back, reckoned from arguments and policies as the broker does. */
export function limits({ definitions, version }: ManagementFacts, names: Names): Finding {
  const queues = definitions.filter(({ name }) => holdsTasks(names, name));
  const losing = new Map<string, { readonly loss: Loss; readonly queues: string[] }>();
  for (const queue of queues) {
    for (const loss of lossesOf(queue, version)) {
      const text = `${loss.setting} ${loss.does}`;
      const found = losing.get(text) ?? { loss, queues: [] };
      found.queues.push(queue.name);
      losing.set(text, found);
    }
  }
  if (losing.size > 0) {
    const texts = [...losing].map(
      ([text, found]) => `${text}, in ${counted(found.queues.length, 'queue')}: ${some(found.queues)}`,
    );
    return problem('limits', texts.join('; '), mendOf(names, version, [...losing.keys()]));
  }
  const impatient = queues.filter(
    (queue) => (least(queue, 'consumer-timeout') ?? Infinity) < HELD_AT_MOST_MS,
  );
  if (impatient.length > 0) {
    return warning(
      'limits',
      `${counted(impatient.length, 'queue')} take back what is held for less than 10 minutes: ${some(impatient.map(({ name }) => name))}`,
      'Set their consumer timeout to 15 minutes or more: a worker holds a task for 10 at the most.',
    );
  }
  const small = queues.filter((queue) => !isUsers(names, queue.name) && mostOf(queue) !== undefined);
  if (small.length > 0) {
    return warning(
      'limits',
      `${some(small.map((queue) => queue.name))} take no more than ${small.map((queue) => mostOf(queue)!.text).join(', ')}: when full, tasks that fail cannot be put there`,
      `Let the policy leave fairq's own queues out: it is for the queues of users.`,
    );
  }
  return ok(
    'limits',
    'no argument and no policy drops tasks or takes them back; a consumer_timeout in rabbitmq.conf cannot be seen from here',
  );
}

function isUsers(names: Names, queue: string): boolean {
  return ownQueue(names, queue) !== undefined || [names.sharedQueue, names.priorityQueue].includes(queue);
}

function holdsTasks(names: Names, queue: string): boolean {
  const { deadLetterQueue, retryQueuePrefix } = names;
  const isTasks = isUsers(names, queue) || queue === deadLetterQueue || queue.startsWith(retryQueuePrefix);
  // What would drop a task would drop a permit.
  return isTasks || grantQueue(names, queue) !== undefined;
}

function lossesOf(queue: Queue, version: string): Loss[] {
  if (queue.type === 'stream') return [{ setting: 'the type stream', does: 'keeps tasks from every worker' }];
  const losses: Loss[] = [];
  const most = mostOf(queue);
  if (most !== undefined && !refusesWhenFull(queue)) {
    losses.push({ setting: most.text, does: 'drops the oldest tasks' });
  }
  const ttl = least(queue, 'message-ttl');
  if (ttl !== undefined)
    losses.push({ setting: said(queue, 'message-ttl', ttl), does: 'drops tasks that wait' });
  const expires = least(queue, 'expires');
  if (expires !== undefined) {
    losses.push({
      setting: said(queue, 'expires', expires),
      does: 'deletes a queue that nobody uses, with its tasks',
    });
  }
  const deliveries = deliveryLimitOf(queue, version);
  if (deliveries !== undefined) {
    losses.push({
      setting: said(queue, 'delivery-limit', deliveries),
      does: 'drops a task that was given back too often',
    });
  }
  return losses;
}

/** How much it takes, where that is limited. */
function mostOf(queue: Queue): { readonly text: string } | undefined {
  for (const key of ['max-length', 'max-length-bytes']) {
    const limit = least(queue, key);
    if (limit !== undefined) return { text: said(queue, key, limit) };
  }
  return undefined;
}

/** With who says it. */
function said(
  { arguments: args, policy, policyName, operatorPolicy }: Queue,
  key: string,
  value: number,
): string {
  const setting = `${key} ${value.toLocaleString('en-US')}`;
  if (policy[key] !== value)
    return args[`x-${key}`] === value ? `${setting} of its arguments` : `the usual ${setting}`;
  const sayers = [
    ...(policyName === undefined ? [] : [`the policy ${JSON.stringify(policyName)}`]),
    ...(operatorPolicy === undefined ? [] : [`the operator policy ${JSON.stringify(operatorPolicy)}`]),
  ];
  return `${setting} of ${sayers.join(' or ') || 'a policy'}`;
}

function mendOf({ prefix }: Names, version: string, texts: readonly string[]): string {
  const mends: string[] = [];
  const has = (word: string) => texts.some((text) => text.includes(word));
  const own = prefix.replaceAll('.', '\\.');
  if (has('policy'))
    mends.push(`Let the policy leave fairq's queues out, by a pattern such as '^(?!${own}\\.).*'.`);
  if (has('max-length')) mends.push('A queue that is full loses nothing with "overflow":"reject-publish".');
  if (has('delivery-limit') && !has('delivery-limit 20 of its arg') && !version.startsWith('3.')) {
    mends.push(
      `A policy takes the usual limit away: rabbitmqctl set_policy -p VHOST --apply-to queues no-limit '^${own}\\.' '{"delivery-limit":-1}'.`,
    );
  }
  if (has('its arguments') || has('type stream')) {
    mends.push(
      'What is in the arguments goes with the queue alone: empty it, delete it, and let fairq make it.',
    );
  }
  return mends.join(' ');
}
