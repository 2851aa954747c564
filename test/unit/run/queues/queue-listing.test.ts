import { expect, it } from 'vitest';
import type { ListedQueue } from '../../../../src/core/reports/queue-report.js';
import { foldShared } from '../../../../src/run/queues/fold-shared.js';
import { chooseQueues } from '../../../../src/run/queues/queue-listing.js';

const queue = (name: string, more: Partial<ListedQueue> = {}): ListedQueue => ({
  ...{ name, type: 'quorum', ready: 0, unacknowledged: 0, consumers: 0, memoryBytes: 0, down: false },
  ...more,
});
const ownerOf = (name: string) => ({ kind: 'user' as const, name });
const all = { empty: false, unconsumed: false, minReady: 0, idleForMs: 0, sort: 'name' as const };

it('counts a queue that is down neither as empty nor as one without a consumer', () => {
  const listed = [queue('away', { down: true }), queue('empty'), queue('busy', { ready: 3, consumers: 1 })];
  expect(chooseQueues(listed, ownerOf, all).totals).toMatchObject({
    ...{ queues: 3, users: 3, ready: 3 },
    ...{ empty: 1, unconsumed: 1, down: 1 },
  });
});

it('chooses no queue that is down where those that are empty, or without a consumer, are asked for', () => {
  const listed = [queue('away', { down: true }), queue('empty')];
  for (const only of [{ empty: true }, { unconsumed: true }]) {
    const { queues } = chooseQueues(listed, ownerOf, { ...all, ...only });
    expect(queues.map(({ name }) => name)).toEqual(['empty']);
  }
});

it('folds shared queues that are empty, and shows one that is down', () => {
  const listed = [queue('shared.1', { down: true }), queue('shared.2'), queue('shared.3', { ready: 1 })];
  const { rest, shared } = foldShared(listed, () => true);
  expect(rest.map(({ name }) => name)).toEqual(['shared.1', 'shared.3']);
  expect(shared).toMatchObject({ queues: 3, unconsumed: 2, folded: 1 });
});
