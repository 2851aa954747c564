import { describe, expect, it } from 'vitest';
import { taskIdGenerator } from '../../../src/core/task-id.js';

const random = Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]);

describe('task ids', () => {
  it('are UUIDs of version 7, all different, and sort by the order in which they were made', () => {
    let now = 1_790_000_000_000;
    let calls = 0;
    const next = taskIdGenerator(random, () => (++calls % 10_000 === 0 ? ++now : now));
    const ids = Array.from({ length: 50_000 }, next);
    expect(ids[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(new Set(ids).size).toBe(ids.length);
    expect([...ids].sort()).toEqual(ids);
  });

  it('keep their order when the clock goes back', () => {
    const times = [5_000, 4_000, 4_500, 6_000];
    const next = taskIdGenerator(random, () => times.shift()!);
    const ids = Array.from({ length: 4 }, next);
    expect([...ids].sort()).toEqual(ids);
  });
});
