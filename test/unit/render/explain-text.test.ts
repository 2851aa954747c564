import { describe, expect, it } from 'vitest';
import type { Explanation } from '../../../src/core/explain/explanation.js';
import { PRECEDENCE, type Reason, type SetFor } from '../../../src/core/explain/reason.js';
import { renderExplanation } from '../../../src/render/explain/explain-text.js';
import { reasonText } from '../../../src/render/explain/reason-text.js';

const NOW = 1_800_000_000_000;
const STYLE = { columns: 60, color: false, unicode: true };
const SET: SetFor = { of: 'user', name: 'A', rule: 'A*', by: 'ann', since: NOW - 60_000, said: 'slow them' };
const AT = [
  { worker: 'w1', tasks: 2 },
  { worker: 'w2', tasks: 1 },
];
const HOUR = { ...SET, until: NOW + 3_600_000 };
const RATE = { starts: 5, perMs: 1_000, burst: 5 };

const SENTENCES: readonly (readonly [Reason, string])[] = [
  [{ why: 'done', at: NOW - 5_000 }, 'It is done, since 5.0 s ago.'],
  [
    { why: 'dead-letter', attempts: 3, error: 'boom' },
    'for good after 3 attempts, and is a dead letter: boom.',
  ],
  [{ why: 'runs', tasks: 3, at: AT }, '3 tasks run, 2 at w1, 1 at w2; nothing else waits.'],
  [{ why: 'broker-alarm', alarms: ['memory on n1'] }, 'The broker has an alarm (memory on n1)'],
  [{ why: 'unbound', queue: 'q' }, 'The queue q is not bound'],
  [{ why: 'backlog-full', limit: 10, ready: 10 }, '10 of 10 tasks may wait, so more is refused.'],
  [{ why: 'backlog-full', limit: 10, ready: 10, setFor: SET }, 'set by ann 1 min ago'],
  [
    { why: 'backlog-full', limit: 10, ready: 10, endedRule: 'A*' },
    'more is refused. The backlog limit of A* has ended or was taken back, and RabbitMQ still goes by it.',
  ],
  [
    { why: 'shares', queues: 64, ready: 0 },
    'A has no queue of its own. Such users share 64 queues, and its tasks are in one of these. Nothing',
  ],
  [
    { why: 'shares', queues: 64, ready: 1 },
    '1 task of whomever waits there, and how many are of A is not known',
  ],
  [
    { why: 'queue-down', queue: 'q' },
    'The queue q does not answer: most of the nodes with its tasks are away.',
  ],
  [{ why: 'no-queue', queue: 'q' }, 'There is no queue q: nothing was sent to A'],
  [{ why: 'nothing-waits' }, 'Nothing is in its queue'],
  [
    { why: 'paused', running: 1, ...HOUR },
    'User A (by the rule "A*") is paused; set by ann 1 min ago, for another 1 h: "slow them". 1 task that had started runs.',
  ],
  [
    { why: 'no-worker', waiting: 1, others: 2 },
    '1 task waits, and 2 workers that answer serve other queues.',
  ],
  [{ why: 'starting', workers: ['w1'] }, 'w1 takes up its queues'],
  [
    { why: 'silent-worker', workers: [{ worker: 'w1', since: NOW - 9_000 }], tasks: 4 },
    'w1 (last heard 9.0 s ago)',
  ],
  [{ why: 'retry-due', tasks: 1, at: NOW + 700, attempt: 2 }, 'after attempt 2: due in 700 ms.'],
  [{ why: 'maybe-delayed', tasks: 2, queues: ['fairq.retry.1ms'] }, '2 tasks wait in fairq.retry.1ms'],
  [{ why: 'not-due', at: NOW + 1_000 }, 'due in 1.0 s'],
  [
    { why: 'held-back', tasks: 1, at: AT.slice(0, 1), until: NOW + 900, ahead: 1 },
    'until in 900 ms at the latest',
  ],
  [
    { why: 'rate', rate: RATE, nextTokenMs: 40, ...SET },
    'may start 5/s, and has: the next may start in 40 ms',
  ],
  [
    { why: 'cap', cap: 3, running: 3, at: AT, ...SET },
    'may run 3 at a time, and 3 of 3 run, 2 at w1, 1 at w2; set by',
  ],
  [{ why: 'cap', cap: 3, running: 1, at: AT.slice(1), ...SET }, 'the other permits are on their way'],
  [{ why: 'order', running: 1, at: AT.slice(1) }, 'one at a time, and one runs at w2.'],
  [{ why: 'tenant-share', tenant: 'acme', before: 2, share: 0.5 }, '2 other tenants are next before acme'],
  [
    { why: 'turn', before: 3, worker: 'w1', users: 5, share: 0.2 },
    '5 users take turns at w1, and 3 are next before A',
  ],
  [
    { why: 'turn', before: 0, worker: 'w1', users: 5, share: 0.2 },
    'and A is next; its part of the slots is 20.0 %.',
  ],
  [{ why: 'slots-busy', busy: 4, slots: 4, workers: 2 }, 'All slots are busy: 4 of 4 at 2 workers.'],
  [{ why: 'behind-own', ahead: 0, most: 7 }, '0 to 7 tasks of the same user are before it.'],
  [{ why: 'behind-own', ahead: 1, most: 1, worker: 'w1' }, '1 task of the same user is before it at w1.'],
  [{ why: 'starts-now', free: 1 }, '1 slot is free, and it starts in a moment.'],
  [{ why: 'unknown', what: 'what workers have' }, 'Not known: what workers have.'],
];

describe('why somebody waits', () => {
  it.each(SENTENCES)('%o', (reason, sentence) => {
    const { says, todo = '' } = reasonText(reason, 'A', NOW);
    expect(says).toContain(sentence);
    expect(says + todo).not.toMatch(/undefined|NaN|\[object/);
    expect(says).toMatch(/\.$/);
  });

  it('has a sentence for each reason that there is', () => {
    expect(new Set(SENTENCES.map(([{ why }]) => why))).toEqual(new Set(PRECEDENCE));
  });

  it('fits the terminal, with what may be expected and what that rests on, and lets no name draw on it', () => {
    const explanation: Explanation = {
      subject: { of: 'user', name: 'A\u001b[31m' },
      user: 'A\u001b[31m',
      queue: 'fairq.user.A',
      waiting: 34,
      running: 2,
      reasons: SENTENCES.map(([reason]) => reason),
      nextStart: { leastMs: 0, mostMs: 640 },
      end: { leastMs: 5_400, mostMs: null },
      restsOn: { tasks: 34, taskMs: [320, 340], ofOthers: false, slots: 4, share: 0.5, cap: 2, rate: RATE },
      workers: ['w1'],
    };
    const text = renderExplanation(explanation, NOW, STYLE);
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(STYLE.columns);
    expect(text).not.toContain('\u001b');
    const flat = text.replace(/\s+/g, ' ');
    expect(flat).toContain('next start now at the earliest, in 640 ms at the latest');
    expect(flat).toContain('all done in 5.4 s at the earliest; the latest is unknown');
    expect(flat).toContain(
      '34 tasks, 320 ms to 340 ms a task lately, 4 slots, 50.0 % of them by its share, a cap of 2',
    );
    const unknown = {
      ...explanation,
      nextStart: { unknown: 'not before it is resumed' },
      end: null,
      restsOn: null,
    };
    expect(renderExplanation(unknown, NOW, STYLE)).toContain('next start  unknown: not before it is resumed');
  });
});
