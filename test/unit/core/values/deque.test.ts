import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Deque } from '../../../../src/core/values/deque.js';

const step = fc.oneof(
  fc.record({ push: fc.integer({ min: 1, max: 40 }) }),
  fc.record({ shift: fc.integer({ min: 1, max: 40 }) }),
  fc.record({ pop: fc.integer({ min: 1, max: 10 }) }),
  fc.record({ drop: fc.integer({ min: 2, max: 4 }) }),
);

test('a deque does what an array does', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const deque = new Deque<number>();
      const array: number[] = [];
      let next = 0;
      for (const step of steps) {
        if ('push' in step) {
          for (let i = 0; i < step.push; i++) {
            deque.push(next);
            array.push(next++);
          }
        } else if ('shift' in step) {
          for (let i = 0; i < step.shift; i++) expect(deque.shift()).toBe(array.shift());
        } else if ('pop' in step) {
          for (let i = 0; i < step.pop; i++) expect(deque.pop()).toBe(array.pop());
        } else {
          const asked: number[] = [];
          deque.filter((item) => {
            asked.push(item);
            return item % step.drop !== 0;
          });
          expect(asked).toEqual(array);
          array.splice(0, array.length, ...array.filter((item) => item % step.drop !== 0));
        }
        expect(deque.size).toBe(array.length);
        expect(deque.first).toBe(array[0]);
      }
      while (array.length > 0) expect(deque.shift()).toBe(array.shift());
    }),
  );
});
