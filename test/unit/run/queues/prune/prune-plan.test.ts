import { describe, expect, it } from 'vitest';
import type { CountedListedQueue } from '../../../../../src/broker/management/queue-figures.js';
import type { Observations } from '../../../../../src/core/queues/idle-queues.js';
import { namesFor } from '../../../../../src/core/queues/names.js';
import { type PruneSelection, planPrune } from '../../../../../src/run/queues/prune/prune-plan.js';

const NOW = 1_000_000;
const ALL: PruneSelection = {
  match: undefined,
  includeForeign: false,
  idleForMs: 1_000,
  max: Number.POSITIVE_INFINITY,
};

function queue(name: string, tasks = 0, type = 'classic'): CountedListedQueue {
  return {
    name,
    type,
    ready: tasks,
    unacknowledged: 0,
    consumers: 0,
    memoryBytes: 28_000,
    down: false,
    published: 0,
    delivered: 0,
    acknowledged: 0,
    publishedPerSecond: 0,
    deliveredPerSecond: 0,
  };
}

/** All of them seen to be idle for so long. */
function idle(queues: readonly CountedListedQueue[], ms: number): Observations {
  return new Map(queues.map(({ name }) => [name, { counters: '', since: NOW - ms }]));
}

function planned(queues: readonly CountedListedQueue[], selection: Partial<PruneSelection> = {}): string[] {
  const plan = planPrune(queues, idle(queues, 5_000), namesFor('fairq'), { ...ALL, ...selection }, NOW);
  return plan.idle.map(({ name }) => name);
}

describe('a plan to prune', () => {
  it('leaves alone what is down, and counts it: nobody knows what is in it', () => {
    const queues = [queue('fairq.user.A'), { ...queue('fairq.user.B'), down: true }];
    const plan = planPrune(queues, idle(queues, 5_000), namesFor('fairq'), ALL, NOW);
    expect(plan).toMatchObject({ idle: [{ user: 'A' }], busy: 0, down: 1 });
  });

  it('has what is idle for long enough, those idle for longest first, and counts the rest', () => {
    const queues = ['A', 'B', 'C', 'D'].map((user) => queue(`fairq.user.${user}`));
    queues.push(queue('fairq.user.E', 3));
    const observations: Observations = new Map([
      ['fairq.user.A', { counters: '', since: NOW - 2_000 }],
      ['fairq.user.B', { counters: '', since: NOW - 9_000 }],
      ['fairq.user.C', { counters: '', since: NOW - 999 }],
    ]);
    const plan = planPrune(queues, observations, namesFor('fairq'), ALL, NOW);
    expect(plan.idle.map(({ user, idleMs }) => [user, idleMs])).toEqual([
      ['B', 9_000],
      ['A', 2_000],
    ]);
    expect(plan.tooSoon.map(({ user }) => user)).toEqual(['C', 'D']);
    expect(plan.busy).toBe(1);
    expect(planPrune(queues, observations, namesFor('fairq'), { ...ALL, max: 1 }, NOW)).toMatchObject({
      idle: [{ user: 'B' }],
      beyondMax: 1,
    });
  });

  it.each([
    [{}, ['fairq.user.A', 'fairq.user.team%2FB']],
    [{ match: 'team/*' }, ['fairq.user.team%2FB']],
    [{ match: 'fairq.user.A' }, ['fairq.user.A']],
    [{ match: '*' }, ['fairq.user.A', 'fairq.user.team%2FB']],
    [{ match: '*', includeForeign: true }, ['fairq.user.A', 'fairq.user.team%2FB', 'theirs_1']],
    [{ includeForeign: true }, ['fairq.user.A', 'fairq.user.team%2FB']],
  ])('by %j takes %j, and never what fairq or the broker needs', (selection, names) => {
    const others = [
      'fairq.dead',
      'fairq.retry.5ms',
      'fairq.shared',
      'fairq.priority',
      'amq.gen-x',
      'theirs_1',
    ];
    const queues = [...names, ...others, 'fairq.user.A', 'fairq.user.team%2FB'];
    const listed = [...new Set(queues)].map((name) => queue(name));
    listed.push(queue('fairq.events', 0, 'stream'), queue('their.stream', 0, 'stream'));
    expect(planned(listed, selection).sort()).toEqual(names);
  });
});
