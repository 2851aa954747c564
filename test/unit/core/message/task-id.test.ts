import { describe, expect, it } from 'vitest';
import {
  idSeries,
  idTime,
  isStartOfId,
  TASK_ID_LENGTH,
  taskIdGenerator,
} from '../../../../src/core/message/task-id.js';

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

  it('tell when they were made, and which generator made them', () => {
    const [one, other] = [random, Uint8Array.from([8, 7, 6, 5, 4, 3, 2, 1])].map((bytes) =>
      taskIdGenerator(bytes, () => 1_790_000_000_123),
    );
    const ids = [one!(), one!(), other!()];
    expect(ids.map(idTime)).toEqual(Array(3).fill(1_790_000_000_123));
    expect(idSeries(ids[0]!)).toBe(idSeries(ids[1]!));
    expect(idSeries(ids[0]!)).not.toBe(idSeries(ids[2]!));
    for (const id of ['', 'x', '3f2504e0-4f89-41d3-9a0c-0305e82c3301', `${ids[0]}0`, `x${ids[0]}`]) {
      expect(idTime(id)).toBeUndefined();
      expect(idSeries(id)).toBeUndefined();
    }
  });

  it('are told from their starts', () => {
    const id = taskIdGenerator(random, () => 1_790_000_000_123)();
    expect(id).toHaveLength(TASK_ID_LENGTH);
    for (let length = 0; length <= id.length; length++) {
      expect(isStartOfId(id.slice(0, length))).toBe(length >= 6 && length < id.length);
    }
    for (const text of ['order-1', 'customer', '01932A7C', '01932a7c-8a3e-4', '01932a7c8a3e', `${id}0`]) {
      expect(isStartOfId(text)).toBe(false);
    }
  });

  it('keep their order when the clock goes back', () => {
    const times = [5_000, 4_000, 4_500, 6_000];
    const next = taskIdGenerator(random, () => times.shift()!);
    const ids = Array.from({ length: 4 }, next);
    expect([...ids].sort()).toEqual(ids);
  });
});
