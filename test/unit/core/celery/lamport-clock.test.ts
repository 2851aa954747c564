import { describe, expect, it } from 'vitest';
import { LamportClock } from '../../../../src/core/celery/lamport-clock.js';

describe('the logical clock', () => {
  it('goes on with each message, and is never behind what came from others', () => {
    const clock = new LamportClock();
    expect([clock.forward(), clock.forward()]).toEqual([1, 2]);
    clock.adjust(40);
    expect(clock.value).toBe(41);
    clock.adjust(7);
    expect(clock.forward()).toBe(43);
  });

  it('believes no moment that makes no sense', () => {
    const clock = new LamportClock();
    for (const other of [undefined, null, 'x', -5, 1.5, Number.NaN, 2 ** 60]) clock.adjust(other);
    expect(clock.value).toBe(7);
  });
});
