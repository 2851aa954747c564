import { describe, expect, it } from 'vitest';
import { type CountedQueue, type Observations, observe } from '../../../../src/core/queues/idle-queues.js';

const NONE: Observations = new Map();

function queue(name: string, published: number, tasks = 0): CountedQueue {
  return { name, tasks, published, delivered: published - tasks, acknowledged: published - tasks };
}

const sinceOf = (observations: Observations, name: string) => observations.get(name)?.since;

describe('what is known of idle queues', () => {
  it('begins with the first look', () => {
    expect(sinceOf(observe(NONE, [queue('A', 7)], 1_000), 'A')).toBe(1_000);
  });

  it('grows while nothing comes and nothing goes', () => {
    const first = observe(NONE, [queue('A', 7), queue('B', 7)], 1_000);
    const second = observe(first, [queue('A', 7), queue('B', 8)], 2_000);
    expect(sinceOf(second, 'A')).toBe(1_000);
    expect(sinceOf(second, 'B')).toBe(2_000);
    expect(sinceOf(observe(second, [queue('A', 7)], 9_000), 'A')).toBe(1_000);
  });

  it('counts a queue that has tasks as busy, though nothing moves', () => {
    const first = observe(NONE, [queue('A', 7, 3)], 1_000);
    expect(sinceOf(observe(first, [queue('A', 7, 3)], 2_000), 'A')).toBe(2_000);
  });

  it('sees a task that came and went between two looks, and counters that began anew', () => {
    const first = observe(NONE, [queue('A', 7)], 1_000);
    expect(sinceOf(observe(first, [queue('A', 8)], 2_000), 'A')).toBe(2_000);
    expect(sinceOf(observe(first, [queue('A', 0)], 2_000), 'A')).toBe(2_000);
  });

  it('forgets a queue that has gone: one of the same name is another', () => {
    const first = observe(NONE, [queue('A', 0)], 1_000);
    const gone = observe(first, [], 2_000);
    expect(sinceOf(observe(gone, [queue('A', 0)], 3_000), 'A')).toBe(3_000);
  });

  it('begins anew when the clock was set back', () => {
    const first = observe(NONE, [queue('A', 7)], 5_000);
    expect(sinceOf(observe(first, [queue('A', 7)], 1_000), 'A')).toBe(1_000);
  });
});
