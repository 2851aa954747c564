import { describe, expect, it } from 'vitest';
import { consumedQueue } from '../../../../support/consumed-queue.js';

describe('a consumed queue', () => {
  it('counts what is here, and what has ended', () => {
    const queue = consumedQueue({ prefetch: 3, outstanding: 2 });
    queue.delivered(5);
    expect(queue).toMatchObject({
      outstanding: 3,
      served: 0,
      isFull: true,
      isOverfull: false,
      lastTraffic: 5,
    });
    queue.settled(7);
    expect(queue).toMatchObject({ outstanding: 2, served: 1, isFull: false, lastTraffic: 7 });
    queue.wentBack();
    expect(queue).toMatchObject({ outstanding: 1, served: 1, isHalfEmpty: true, lastTraffic: 7 });
    queue.cameBack();
    queue.settled(9);
    expect(queue).toMatchObject({ outstanding: 1, served: 2 });
  });

  it('is limited once its prefetch has been full, until it rests', () => {
    const queue = consumedQueue({ prefetch: 2, outstanding: 1 });
    expect(queue.limited).toBe(false);
    queue.delivered(0);
    queue.settled(1);
    queue.settled(1);
    expect(queue.limited).toBe(true);
    queue.rest(2);
    expect(queue.limited).toBe(false);
  });

  it('falls behind by no more than its prefetch, whatever comes late', () => {
    const queue = consumedQueue({ prefetch: 7 });
    queue.delivered(0);
    expect(queue.lane.late).toBe(7);
    queue.resize(3);
    queue.delivered(0);
    expect(queue.lane.late).toBe(3);
  });

  it('does not rest while one of its tasks is here', () => {
    const queue = consumedQueue({ prefetch: 2, outstanding: 1, served: 3, backlog: 9 });
    queue.rest(10);
    expect(queue).toMatchObject({ isActive: true, served: 3, backlog: 9 });
    queue.settled(10);
    queue.rest(10);
    expect(queue).toMatchObject({ isActive: false, served: 0, backlog: 0, needed: 0 });
  });

  it('counts for half a second at rest, and is active again with the next delivery', () => {
    const queue = consumedQueue({ outstanding: 1 });
    queue.settled(0);
    queue.rest(1_000);
    expect(queue.countsNoMore(1_499)).toBe(false);
    expect(queue.countsNoMore(1_500)).toBe(true);
    queue.delivered(1_600);
    expect(queue).toMatchObject({ isActive: true });
    expect(queue.countsNoMore(9_999)).toBe(false);
  });

  it('counts without end until its consumer has started, then for a moment', () => {
    const queue = consumedQueue();
    expect(queue.countsNoMore(1e9)).toBe(false);
    queue.consumerStarted(100);
    expect(queue.countsNoMore(149)).toBe(false);
    expect(queue.countsNoMore(150)).toBe(true);
  });

  it('stays active where a delivery has come before its consumer was said to have started', () => {
    const queue = consumedQueue({ outstanding: 1 });
    queue.consumerStarted(100);
    expect(queue.isActive).toBe(true);
  });

  it('may have another prefetch only while the broker knows the last one, and is not left to others', () => {
    const queue = consumedQueue({ prefetch: 4, outstanding: 4 });
    queue.resize(2);
    expect(queue).toMatchObject({ prefetch: 2, mayResize: false, isOverfull: true });
    queue.resized();
    expect(queue.mayResize).toBe(true);
    queue.yield();
    expect(queue).toMatchObject({ yielded: true, mayResize: false });
    queue.takeBack(50);
    expect(queue).toMatchObject({ yielded: false, mayResize: true, consumedSince: 50 });
  });

  it('knows what of its backlog is still to come', () => {
    const queue = consumedQueue({ prefetch: 4, backlog: 10, served: 3, outstanding: 2 });
    expect(queue.lacking(1_024)).toBe(2); // its prefetch is full then
    expect(queue.lacking(3)).toBe(1);
    expect(queue.hasMoreToCome).toBe(true);
    expect(consumedQueue({ backlog: 5, served: 3, outstanding: 2 })).toMatchObject({ hasMoreToCome: false });
    expect(consumedQueue({ backlog: 5, served: 3, outstanding: 2 }).lacking(1_024)).toBe(0);
  });

  it('has a backlog when more has come without a rest than its prefetch lets through', () => {
    expect(consumedQueue({ prefetch: 4, served: 2, outstanding: 2 }).hasBacklog).toBe(false);
    expect(consumedQueue({ prefetch: 4, served: 3, outstanding: 2 }).hasBacklog).toBe(true);
  });

  it('takes what other workers do for as much as was served here', () => {
    expect(consumedQueue({ served: 5, backlog: 8 }).tasksKnown(3)).toBe(15);
    expect(consumedQueue({ served: 5, backlog: 80 }).tasksKnown(3)).toBe(80);
  });

  it('forgets little by little what it needed', () => {
    const queue = consumedQueue();
    queue.needs(100);
    queue.needsLess();
    expect(queue.needed).toBe(95);
  });
});
