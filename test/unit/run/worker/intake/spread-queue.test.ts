import { beforeEach, describe, expect, it } from 'vitest';
import type { Delivery } from '../../../../../src/broker/connection/delivery.js';
import { FairScheduler } from '../../../../../src/core/scheduling/fair-scheduler.js';
import { LightUser, SpreadQueue } from '../../../../../src/run/worker/intake/spread-queue.js';
import type { DeliveredTask } from '../../../../../src/run/worker/task/delivered-task.js';

const NAME = 'fairq.spread.64.0';
const delivery = (routingKey: string, user?: string) =>
  ({
    fields: { routingKey, deliveryTag: 1 },
    properties: { headers: user === undefined ? {} : { 'x-fairq': `1 1 1 1700000000000000 0 run ${user}` } },
  }) as unknown as Delivery;

let scheduler: FairScheduler<DeliveredTask>;
let queue: SpreadQueue;

beforeEach(() => {
  scheduler = new FairScheduler();
  queue = new SpreadQueue(
    NAME,
    (user, of) => new LightUser(`fairq.user.${user}`, scheduler.lane(user), of, 0),
    0,
  );
  queue.consumed(4, 0);
  queue.mostOfOne = 2;
});

const come = (user: LightUser, count: number) => {
  for (let i = 0; i < count; i++) {
    user.delivered(0);
    scheduler.push(user.lane, {} as DeliveredTask);
  }
};

describe('a spread queue', () => {
  it('knows whose a task is by its routing key, and keeps what it knows of each user', () => {
    const alice = queue.userOf(delivery('alice', 'somebody else'));
    expect(alice.lane.user).toBe('alice');
    expect(queue.userOf(delivery('alice'))).toBe(alice);
    expect(queue.userOf(delivery('a%20b')).lane.user).toBe('a b');
  });

  it('takes what is not encoded as it is', () => {
    expect(queue.userOf(delivery('a b')).lane.user).toBe('a b');
    expect(queue.userOf(delivery('%zz')).lane.user).toBe('%zz');
    expect(queue.userOf(delivery('')).lane.user).toBe('(no user)');
    expect(queue.userOf(delivery('', 'bob')).lane.user).toBe('bob');
  });

  it('asks the envelope of a task that was sent by the name of the queue', () => {
    expect(queue.userOf(delivery(NAME, 'bob')).lane.user).toBe('bob');
    expect(queue.userOf(delivery(NAME)).lane.user).toBe(NAME);
  });

  it('counts what is here of all its users', () => {
    const [a, b] = [queue.userOf(delivery('a')), queue.userOf(delivery('b'))];
    come(a, 1);
    come(b, 3);
    expect(queue).toMatchObject({ outstanding: 4, isFull: true, limited: true, fullestLane: b.lane });
    b.settled(0);
    b.wentBack();
    expect(queue).toMatchObject({ outstanding: 2, isFull: false });
    expect([a.outstanding, b.outstanding]).toEqual([1, 1]);
  });

  it('has a heavy user where more of it waits here than of one may', () => {
    const [a, b] = [queue.userOf(delivery('a')), queue.userOf(delivery('b'))];
    come(a, 2);
    come(b, 3);
    expect([a.isHeavy, b.isHeavy]).toEqual([false, true]);
  });

  it('has one that may be heavy before that', () => {
    queue.muchOfOne = 1;
    const [a, b] = [queue.userOf(delivery('a')), queue.userOf(delivery('b'))];
    come(a, 1);
    come(b, 2);
    expect([a.mayBeHeavy, b.mayBeHeavy]).toEqual([false, true]);
  });

  it('has none where it delivers one task at a time', () => {
    queue.consumed(1, 0);
    queue.mostOfOne = 1;
    const a = queue.userOf(delivery('a'));
    come(a, 1);
    expect(a.isHeavy).toBe(false);
  });

  it('forgets a user of whom nothing is here, and counts it a while longer', () => {
    const a = queue.userOf(delivery('a'));
    come(a, 1);
    a.rest(0);
    expect(a.isActive).toBe(true);
    scheduler.next();
    a.settled(10);
    a.rest(10);
    expect(a.isActive).toBe(false);
    expect(a.countsNoMore(10)).toBe(false);
    expect(a.countsNoMore(10_000)).toBe(true);
    queue.forget(a);
    expect(queue.user('a')).toBeUndefined();
  });
});
