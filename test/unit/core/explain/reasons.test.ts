import { describe, expect, it } from 'vitest';
import type { TaskState } from '../../../../src/core/events/task-state.js';
import type { Facts } from '../../../../src/core/explain/facts.js';
import { byPrecedence, PRECEDENCE, type Reason } from '../../../../src/core/explain/reason.js';
import { reasonsOf } from '../../../../src/core/explain/reasons.js';
import { facts, inForce, lane, NOW, queue, tenant, worker } from '../../../support/explain-facts.js';

const whys = (about: Partial<Facts>) => reasonsOf(facts(about)).map(({ why }) => why);
const first = (about: Partial<Facts>) => reasonsOf(facts(about))[0];
const running = (tasks: number, name = 'w1') => worker({ name, lane: lane({ running: tasks }) });
const SET = { of: 'user', name: 'A', rule: 'A', by: 'ops', since: NOW - 60_000 };
const task = (state: Partial<TaskState>): Partial<Facts> => ({
  subject: { of: 'task', name: 't' },
  task: { state: { id: 't', state: 'queued', user: 'A', ...state } },
});

describe('each reason, with the number that proves it', () => {
  it.each<[string, Partial<Facts>, Reason | Record<string, unknown>]>([
    ['all slots busy', {}, { why: 'slots-busy', busy: 2, slots: 2, workers: 1 }],
    [
      'turn: so many before, and its part',
      { workers: [worker({ users: 4, lane: lane({ prefetched: 1, before: 3, ofSlots: 0.25 }) })] },
      { why: 'turn', before: 3, worker: 'w1', users: 4, share: 0.25 },
    ],
    [
      'turn: where it comes first',
      {
        workers: [
          worker({ users: 9, lane: lane({ before: 8 }) }),
          worker({ name: 'w2', users: 3, lane: lane({ before: 1 }) }),
          worker({ name: 'w3', users: 3, lane: lane() }),
        ],
      },
      { why: 'turn', before: 1, worker: 'w2' },
    ],
    [
      "tenant's share",
      { workers: [worker({ users: 4, lane: lane({ before: 0, tenantsBefore: 2, tenant: 'acme' }) })] },
      { why: 'tenant-share', tenant: 'acme', before: 2, share: 0.5 },
    ],
    ['a free slot', { workers: [worker({ busy: 0 })] }, { why: 'starts-now', free: 2 }],
    [
      'paused, until, by whom and why',
      {
        limits: inForce({ paused: true }, { until: NOW + 5_000, reason: 'migration' }),
        workers: [running(1)],
      },
      { why: 'paused', running: 1, until: NOW + 5_000, said: 'migration', ...SET },
    ],
    [
      'paused by the rule of a glob',
      { limits: inForce({ paused: true }, { name: 'A*' }) },
      { why: 'paused', rule: 'A*' },
    ],
    [
      'its tenant is paused',
      { tenant: { name: 'acme', limits: inForce({ paused: true }, { name: 'acme' }) } },
      { why: 'paused', of: 'tenant', name: 'acme' },
    ],
    [
      'cap, and at which workers',
      { limits: inForce({ cap: { tasks: 3 } }), workers: [running(2), running(1, 'w2')] },
      {
        why: 'cap',
        cap: 3,
        running: 3,
        at: [
          { worker: 'w1', tasks: 2 },
          { worker: 'w2', tasks: 1 },
        ],
        ...SET,
      },
    ],
    [
      'cap, whose permits are at workers that do not answer',
      {
        limits: inForce({ cap: { tasks: 1, whenBusy: true } }),
        workers: [worker({ lane: lane({ blocked: 'cap' }) })],
      },
      { why: 'cap', cap: 1, whenBusy: true, running: 0, at: [] },
    ],
    [
      'rate, and the next token',
      {
        limits: inForce({ rate: { starts: 5, perMs: 1_000, burst: 5 } }),
        workers: [
          worker({ lane: lane({ blocked: 'rate', nextTokenMs: 300 }) }),
          worker({ name: 'w2', lane: lane({ blocked: 'rate', nextTokenMs: 120 }) }),
        ],
      },
      { why: 'rate', rate: { starts: 5, perMs: 1_000, burst: 5 }, nextTokenMs: 120, ...SET },
    ],
    [
      'a limit of which the worker says no more',
      { workers: [worker({ lane: lane({ blocked: 'other' }) })] },
      { why: 'unknown' },
    ],
    [
      'no worker serves it',
      {
        workers: [{ ...worker({ serves: false }), lane: undefined } as never],
        queue: queue({ consumers: 0 }),
      },
      { why: 'no-worker', waiting: 10, others: 1 },
    ],
    [
      'consumers of others',
      { workers: [], queue: queue({ consumers: 1 }) },
      { why: 'unknown', what: expect.stringContaining('1 consumer takes them, and none answers') },
    ],
    [
      'a worker that may just have started',
      { workers: [], unanswered: ['w2'], queue: queue({ consumers: 1 }) },
      { why: 'unknown', what: expect.stringContaining('whether "w2" is to run it: no answer came') },
    ],
    ['workers that begin', { workers: [worker({ ready: false })] }, { why: 'starting', workers: ['w1'] }],
    [
      'a worker that is silent, since when',
      {
        silent: [{ worker: 'w9', since: NOW - 9_000 }],
        queue: queue({ ready: 0, unacknowledged: 4 }),
        workers: [worker({ busy: 0, lane: lane({ running: 1 }) })],
      },
      { why: 'silent-worker', workers: [{ worker: 'w9', since: NOW - 9_000 }], tasks: 3 },
    ],
    [
      'a silent worker alone',
      { silent: [{ worker: 'w9' }], workers: [] },
      { why: 'silent-worker', workers: [{ worker: 'w9' }] },
    ],
    [
      'a retry that is due',
      {
        queue: queue({ ready: 0 }),
        workers: [worker({ busy: 0, lane: lane({ retrying: 2, retryInMs: 700 }) })],
      },
      { why: 'retry-due', tasks: 2, at: NOW + 700 },
    ],
    [
      'held back',
      { queue: queue({ ready: 0 }), workers: [worker({ lane: lane({ heldBack: 2 }) })] },
      { why: 'held-back', tasks: 2, at: [{ worker: 'w1', tasks: 2 }] },
    ],
    [
      'order',
      { queue: queue({ ordered: true }), workers: [worker({ busy: 1, lane: lane({ running: 1 }) })] },
      { why: 'order', running: 1, at: [{ worker: 'w1', tasks: 1 }] },
    ],
    ['an alarm', { alarms: ['memory on n'] }, { why: 'broker-alarm', alarms: ['memory on n'] }],
    ['unbound', { queue: queue({ ready: 0, bound: false }) }, { why: 'unbound', queue: 'fairq.user.A' }],
    [
      'a queue that is down',
      { queue: undefined as never, queueDown: true, workers: [worker()] },
      { why: 'queue-down', queue: 'fairq.user.A' },
    ],
    ['no queue', { queue: undefined as never }, { why: 'no-queue', queue: 'fairq.user.A' }],
    [
      'no queue of its own, and nothing of it at a worker',
      { queue: undefined as never, workers: [worker()], shared: { queues: 64, ready: 12, consumers: 64 } },
      { why: 'shares', queues: 64, ready: 12 },
    ],
    [
      'no queue of its own, and what there is runs',
      { queue: undefined as never, workers: [running(2)], shared: { queues: 64, ready: 0, consumers: 64 } },
      { why: 'runs', tasks: 2, at: [{ worker: 'w1', tasks: 2 }] },
    ],
    [
      'no queue of its own, and some of it waits for a slot',
      {
        queue: undefined as never,
        workers: [worker({ users: 1, lane: lane({ prefetched: 3, before: 0 }) })],
        shared: { queues: 64, ready: 12, consumers: 64 },
      },
      { why: 'slots-busy', busy: 2, slots: 2, workers: 1 },
    ],
    [
      'tasks that wait for their next attempt, nobody knows whose',
      { queue: queue({ ready: 0 }), delayed: { tasks: 3, queues: ['fairq.retry.600000ms'] } },
      { why: 'maybe-delayed', tasks: 3, queues: ['fairq.retry.600000ms'] },
    ],
    ['nothing waits', { queue: queue({ ready: 0 }) }, { why: 'nothing-waits' }],
    [
      'what there is runs',
      { queue: queue({ ready: 0 }), workers: [running(2)] },
      { why: 'runs', tasks: 2, at: [{ worker: 'w1', tasks: 2 }] },
    ],
  ])('%s', (_, about, reason) => {
    expect(first(about)).toMatchObject(reason);
  });

  it.each<[string, Partial<TaskState>, Record<string, unknown>]>([
    ['done', { state: 'done', finished: NOW * 1_000 }, { why: 'done', at: NOW }],
    ['expired is done', { state: 'expired' }, { why: 'done' }],
    [
      'a dead letter',
      { state: 'failed', attempt: 3, error: 'boom' },
      { why: 'dead-letter', attempts: 3, error: 'boom' },
    ],
    [
      'runs now',
      { state: 'started', worker: 'w1', started: NOW * 1_000 - 5_000_000 },
      { why: 'runs', tasks: 1, at: [{ worker: 'w1', tasks: 1 }], since: NOW - 5_000 },
    ],
    [
      'its retry',
      { state: 'retrying', attempt: 2, retryAt: (NOW + 900) * 1_000 },
      { why: 'retry-due', tasks: 1, at: NOW + 900, attempt: 2 },
    ],
    ['sent to start later', { due: (NOW + 900) * 1_000 }, { why: 'not-due', at: NOW + 900 }],
    [
      'held back',
      { heldBack: { worker: 'w1', since: 0, until: (NOW + 50) * 1_000, ahead: 2 } },
      { why: 'held-back', until: NOW + 50, ahead: 2 },
    ],
    ['in its queue', {}, { why: 'behind-own', ahead: 0, most: 9 }],
  ])('of a task: %s', (_, state, reason) => {
    expect(first(task(state))).toMatchObject(reason);
  });

  it('of a task that a worker has: those before it there', () => {
    const about = task({});
    const placed = { ...about, task: { ...about.task!, place: { worker: 'w1', ahead: 4 } } };
    expect(first(placed)).toEqual({ why: 'behind-own', ahead: 4, most: 4, worker: 'w1' });
  });

  it('of a task that nobody knows where to look for: says so', () => {
    const { queueName: _, queue: __, ...rest } = facts(task({}));
    expect(reasonsOf(rest)[0]).toMatchObject({ why: 'unknown', what: expect.stringContaining('whose task') });
    expect(first({ ...task({}), queue: queue({ ready: 0 }) })).toMatchObject({ why: 'unknown' });
    expect(whys({ ...task({}), queue: queue({ ready: 1 }) })).toEqual(['slots-busy']);
  });

  it('a backlog that is full keeps out what comes, and is named beside what keeps the rest', () => {
    const limits = inForce({ backlog: 10 });
    const setFor = { ...SET };
    const full = { why: 'backlog-full', limit: 10, ready: 10 };
    expect(reasonsOf(facts({ limits }))).toMatchObject([{ why: 'slots-busy' }, { ...full, setFor }]);
    expect(reasonsOf(facts({ queue: queue({ maxLength: 10 }) }))).toMatchObject([
      { why: 'slots-busy' },
      full,
    ]);
    const left = queue({ maxLength: 10, backlogRule: 'A' });
    expect(reasonsOf(facts({ queue: left }))).toContainEqual({ ...full, endedRule: 'A' });
    // Where the policy cannot be read nobody knows.
    const { limits: _, ...unread } = facts({ queue: left });
    expect(reasonsOf(unread)).toContainEqual(full);
    expect(whys({ queue: queue({ maxLength: 11 }), limits: inForce({ backlog: 11 }) })).toEqual([
      'slots-busy',
    ]);
  });

  it('of a tenant: its turn, what is set for it, and that nobody knows who is of it', () => {
    const about: Partial<Facts> = { subject: { of: 'tenant', name: 'acme' }, tenantReady: 5 };
    const { queueName: _, queue: __, limits: ___, ...rest } = facts(about);
    const told = (one: Parameters<typeof tenant>[0]) => [
      { ...worker({ users: 3, tenant: tenant(one) }), lane: undefined } as never,
    ];
    expect(reasonsOf({ ...rest, workers: told({ before: 2 }) })).toMatchObject([
      { why: 'tenant-share', tenant: 'acme', before: 2, share: 0.5 },
      { why: 'slots-busy' },
    ]);
    const capped = { name: 'acme', limits: inForce({ cap: { tasks: 1 } }, { name: 'acme' }) };
    expect(reasonsOf({ ...rest, tenant: capped, workers: told({ running: 1 }) })[0]).toMatchObject({
      why: 'cap',
      of: 'tenant',
      at: [{ worker: 'w1', tasks: 1 }],
    });
    const { tenantReady: ____, ...nobody } = rest;
    expect(reasonsOf({ ...nobody, workers: [], unknown: ['who is of it'] })).toEqual([
      { why: 'unknown', what: 'who is of it' },
    ]);
  });
});

describe('several reasons', () => {
  const blocked = worker({ lane: lane({ blocked: 'rate', running: 1, retrying: 1, retryInMs: 10 }) });
  const rate = { starts: 5, perMs: 1_000, burst: 5 };

  it('are all named, the one that decides first', () => {
    const limits = inForce({ paused: true, cap: { tasks: 1 }, rate, backlog: 10 });
    const about = { limits, workers: [blocked], alarms: ['disk on n'], queue: queue({ bound: false }) };
    expect(whys(about)).toEqual([
      'broker-alarm',
      'paused',
      'rate',
      'cap',
      'retry-due',
      'unbound',
      'backlog-full',
    ]);
  });

  it('put what keeps some of the tasks behind what keeps the others', () => {
    const workers = [worker({ lane: lane({ retrying: 1, retryInMs: 10, heldBack: 1 }) })];
    expect(whys({ workers })).toEqual(['slots-busy', 'retry-due', 'held-back']);
    expect(whys({ workers, queue: queue({ ready: 0 }) })).toEqual(['retry-due', 'held-back']);
  });

  it('name what could not be found out', () => {
    expect(reasonsOf(facts({ unknown: ['what operators have set'] })).at(-1)).toEqual({
      why: 'unknown',
      what: 'what operators have set',
    });
  });

  it('have a place each in the order of precedence, whatever comes first', () => {
    expect(new Set(PRECEDENCE).size).toBe(PRECEDENCE.length);
    const all = PRECEDENCE.map((why) => ({ reason: { why } as Reason }));
    expect(byPrecedence(all.toReversed()).map(({ why }) => why)).toEqual(PRECEDENCE);
  });

  it('of a task that is not due leave out slots and turns', () => {
    const limits = inForce({ paused: true });
    expect(whys({ ...task({ due: (NOW + 900) * 1_000 }), limits })).toEqual(['paused', 'not-due']);
  });
});
