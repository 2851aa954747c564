import { type Counts, countsOf, serving, tasksAt } from './counts.js';
import type { Facts } from './facts.js';
import { limitReasons, setFor } from './limit-reasons.js';
import { byPrecedence, type Held, type Reason } from './reason.js';
import { taskReasons } from './task-reasons.js';
import { turnReasons } from './turn-reasons.js';

/** Every reason that holds, the one that decides first. */
export function reasonsOf(facts: Facts): Reason[] {
  const counts = countsOf(facts);
  const { task } = facts;
  const held = [...brokerReasons(facts), ...unknownReasons(facts)];
  if (task === undefined) return byPrecedence([...held, ...ofAll(facts, counts), ...ofSome(facts, counts)]);
  const { held: own, rest } = taskReasons(task, facts, counts);
  if (!rest) return byPrecedence(own);
  const waits = { ...counts, waiting: Math.max(1, counts.waiting) };
  const keeps = own.some(({ reason }) => reason.why === 'retry-due' || reason.why === 'not-due');
  return byPrecedence([
    ...held,
    ...own,
    ...limitReasons(facts, waits),
    ...silentReasons(facts, counts),
    // What is not due competes for no slot yet.
    ...(keeps ? [] : turnReasons(facts, counts)),
  ]);
}

function ofAll(facts: Facts, counts: Counts): Held[] {
  const held = limitReasons(facts, counts);
  const lacksQueue = facts.queueName !== undefined && facts.queue === undefined;
  if (facts.shared !== undefined) {
    const { queues, ready } = facts.shared;
    held.push({ reason: { why: 'shares', queues, ready }, isOfSome: counts.waiting > 0 });
  } else if (lacksQueue && facts.queueDown === undefined) {
    held.push({ reason: { why: 'no-queue', queue: facts.queueName } });
  }
  held.push(...turnReasons(facts, counts));
  const isShared = facts.shared !== undefined && counts.running > 0;
  if (counts.waiting > 0 || (lacksQueue && !isShared)) return held;
  if (counts.running === 0) {
    // Which users are of a tenant may not be known.
    const isKnown = facts.subject.of !== 'tenant' || facts.tenantReady !== undefined;
    return isKnown ? [...held, { reason: { why: 'nothing-waits' } }] : held;
  }
  const at = tasksAt(serving(facts), ({ lane, tenant }) => lane?.running ?? tenant?.running);
  return [...held, { reason: { why: 'runs', tasks: counts.running, at } }];
}

/** What keeps a part of the tasks, or those that are still to come. */
function ofSome(facts: Facts, counts: Counts): Held[] {
  const isOfSome = counts.startable > 0;
  const held = silentReasons(facts, counts);
  const workers = serving(facts);
  if (counts.retrying > 0) {
    const soonest = Math.min(...workers.flatMap(({ lane }) => lane?.retryInMs ?? []));
    const reason: Reason = { why: 'retry-due', tasks: counts.retrying, at: Math.round(facts.now + soonest) };
    held.push({ reason, isOfSome });
  }
  if (counts.heldBack > 0) {
    const at = tasksAt(workers, ({ lane }) => lane?.heldBack);
    held.push({ reason: { why: 'held-back', tasks: counts.heldBack, at }, isOfSome });
  }
  const isWaiting = counts.waiting > 0;
  const { tasks, queues } = facts.delayed ?? { tasks: 0, queues: [] };
  if (tasks > 0) held.push({ reason: { why: 'maybe-delayed', tasks, queues }, isOfSome: isWaiting });
  if (facts.queue?.bound === false) {
    held.push({ reason: { why: 'unbound', queue: facts.queue.name }, isOfSome: isWaiting });
  }
  return [...held, ...fullReasons(facts)];
}

function silentReasons({ silent, workers = [] }: Facts, { ready, atSilent }: Counts): Held[] {
  if (silent.length === 0) return [];
  const reason: Reason = {
    why: 'silent-worker',
    workers: silent,
    ...(atSilent > 0 && { tasks: atSilent }),
  };
  const others = workers.some((worker) => worker.serves);
  return [{ reason, isOfSome: others && ready > 0 }];
}

function fullReasons({ queue, limits, subject }: Facts): Held[] {
  if (queue === undefined) return [];
  const { ready, maxLength, backlogRule } = queue;
  const backlog = limits?.backlog;
  if (backlog !== undefined && ready >= backlog.value) {
    const whose = setFor({ of: 'user', name: subject.name }, backlog);
    return [{ reason: { why: 'backlog-full', limit: backlog.value, ready, setFor: whose }, isOfSome: true }];
  }
  if (maxLength === undefined || ready < maxLength) return [];
  const hasEnded = limits !== undefined && backlogRule !== undefined && backlogRule !== backlog?.rule.name;
  const ended = hasEnded ? { endedRule: backlogRule } : {};
  return [{ reason: { why: 'backlog-full', limit: maxLength, ready, ...ended }, isOfSome: true }];
}

function brokerReasons({ alarms = [], queueDown, queueName }: Facts): Held[] {
  const held: Held[] = alarms.length === 0 ? [] : [{ reason: { why: 'broker-alarm', alarms } }];
  if (queueDown && queueName !== undefined) held.push({ reason: { why: 'queue-down', queue: queueName } });
  return held;
}

function unknownReasons({ unknown }: Facts): Held[] {
  return unknown.map((what) => ({ reason: { why: 'unknown', what }, isOfSome: true }));
}
