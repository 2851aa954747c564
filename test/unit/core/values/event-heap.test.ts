import fc from 'fast-check';
import { expect, it } from 'vitest';
import { EventHeap } from '../../../../src/core/values/event-heap.js';

it('gives what is due first, and of what is due at once what was put in first', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20), { maxLength: 100 }), (times) => {
      const heap = new EventHeap(1);
      for (const [id, time] of times.entries()) heap.push(id, time);
      const expected = [...times.entries()].sort(([, a], [, b]) => a - b);
      for (const [id, time] of expected) {
        expect(heap.time).toBe(time);
        expect(heap.pop()).toBe(id);
      }
      expect(heap).toMatchObject({ size: 0, time: Number.POSITIVE_INFINITY });
    }),
  );
});

it('lets the first be due later', () => {
  const heap = new EventHeap();
  heap.push(1, 1);
  heap.push(2, 2);
  heap.push(3, 3);
  heap.postpone(2);
  expect([heap.pop(), heap.pop(), heap.pop()]).toEqual([2, 1, 3]);
});
