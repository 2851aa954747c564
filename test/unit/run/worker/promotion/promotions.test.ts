import { beforeEach, describe, expect, it } from 'vitest';
import type { Delivery } from '../../../../../src/broker/connection/delivery.js';
import type { InForce } from '../../../../../src/core/policy/policy.js';
import { FairScheduler } from '../../../../../src/core/scheduling/fair-scheduler.js';
import { LightUser, SpreadQueue } from '../../../../../src/run/worker/intake/spread-queue.js';
import { Promotions } from '../../../../../src/run/worker/promotion/promotions.js';
import type { DeliveredTask } from '../../../../../src/run/worker/task/delivered-task.js';

const OWN = 'fairq.user.';
let scheduler: FairScheduler<DeliveredTask>;
let spread: SpreadQueue;
let promotions: Promotions;
/** What is set for users. */
let set: Map<string, InForce>;
let served: Map<string, unknown>;
let told: string[];
let refusal: Error | undefined;
let madeByOthers: boolean;
let now: number;
let channel: DeliveredTask['channel'];

beforeEach(() => {
  scheduler = new FairScheduler();
  spread = new SpreadQueue(
    'fairq.spread.2.0',
    (user, of) => {
      const light = new LightUser(OWN + user, scheduler.lane(user), of, 0);
      promotions.met(light);
      return light;
    },
    0,
  );
  spread.consumed(8, 0);
  [set, served, told, refusal, now] = [new Map(), new Map(), [], undefined, 0];
  madeByOthers = false;
  channel = { open: true } as DeliveredTask['channel'];
  promotions = new Promotions(
    {
      scheduler,
      served: { spread: [spread], byName: served },
      moves: { move: ({ id }, key) => void told.push(`${id} to ${key}`) },
      own: {
        make: async (queue) => {
          if (refusal !== undefined) throw refusal;
          told.push(`make ${queue}`);
          return !madeByOthers;
        },
        ownerOf: (queue) => {
          const name = queue.slice(OWN.length);
          return name === 'nobody' ? undefined : { name, key: name };
        },
      },
      always: false,
      now: () => now,
    },
    {
      inForce: (user) => set.get(user) ?? {},
      ofTenant: () => ({}),
      ownWeight: (user) => (user === 'gold' ? 3 : 1),
    },
    { onPromoted: (user) => told.push(`promoted ${user}`), onWarning: (text) => told.push(text) },
  );
});

/** A task comes; it gets its turn here unless it is moved. */
function come(user: string, id: string): LightUser {
  const message = { fields: { routingKey: user }, properties: { headers: {} } } as unknown as Delivery;
  const light = spread.userOf(message);
  light.delivered(0);
  const task = {
    id,
    lane: light.lane,
    queue: light,
    message,
    channel,
  } as Partial<DeliveredTask> as DeliveredTask;
  if (!promotions.takes(task, light)) scheduler.push(light.lane, task);
  return light;
}
const found = { value: 5 } as never;

describe('a light user', () => {
  it('gets a queue, and what has not started is moved there in its order once that is served', async () => {
    for (const id of ['1', '2', '3']) come('a', id);
    const a = come('a', '4');
    scheduler.next(); // the first runs
    promotions.promote(a);
    promotions.promote(a);
    await promotions.settled();
    promotions.promote(a); // it is not served yet
    await promotions.settled();
    expect(told).toEqual(['make fairq.user.a', 'promoted a']);
    served.set(a.name, {});
    promotions.taken(a.name);
    expect(told.slice(2)).toEqual(['2 to a', '3 to a', '4 to a']);
    come('a', '5');
    expect(told.at(-1)).toBe('5 to a');
    expect(scheduler.prefetched).toBe(0);
    expect(promotions).toMatchObject({ promoted: 1, moved: 4 });
  });

  it('whose queue another worker has made is not counted here, but what is moved', async () => {
    madeByOthers = true;
    const a = come('a', '1');
    promotions.promote(a);
    await promotions.settled();
    promotions.taken(a.name);
    expect(told).toEqual(['make fairq.user.a', '1 to a']);
    expect(promotions).toMatchObject({ promoted: 0, moved: 1 });
  });

  it('is none of others', () => {
    come('a', '1');
    come('b', '2');
    served.set(`${OWN}b`, {});
    promotions.taken(`${OWN}b`);
    expect(told).toEqual(['2 to b']);
    expect(scheduler.prefetched).toBe(1);
  });

  it('with a cap or a pause starts nothing before it has a queue', async () => {
    set.set('a', { cap: found });
    come('a', '1');
    come('a', '2');
    expect(scheduler.prefetched).toBe(0);
    expect(promotions.held).toBe(2);
    await promotions.settled();
    promotions.taken(`${OWN}a`);
    expect(told).toEqual(['make fairq.user.a', 'promoted a', '1 to a', '2 to a']);
    expect(promotions.held).toBe(0);
  });

  it('that is paused while it waits starts nothing more', async () => {
    come('a', '1');
    set.set('a', { paused: found });
    promotions.policyChanged();
    expect(scheduler.next()).toBeUndefined();
    await promotions.settled();
    promotions.taken(`${OWN}a`);
    expect(told.at(-1)).toBe('1 to a');
  });

  it('has the weight that is set, or that the worker gives it', () => {
    set.set('b', { weight: { value: 7 } as never });
    expect(come('gold', '1').lane.weight).toBe(3);
    expect(come('b', '2').lane.weight).toBe(7);
    set.set('gold', { weight: { value: 2 } as never });
    promotions.policyChanged();
    expect(spread.user('gold')?.lane.weight).toBe(2);
  });

  it('whose queue is refused goes on where it is, and that is said once and tried again later', async () => {
    refusal = new Error('no permission');
    const [a, b] = [come('a', '1'), come('b', '2')];
    promotions.promote(a);
    promotions.promote(b);
    await promotions.settled();
    expect(told).toEqual([expect.stringContaining('user "a" is to have a queue of its own')]);
    refusal = undefined;
    promotions.promote(a);
    expect(told).toHaveLength(1);
    now = 60_000;
    promotions.promote(a);
    await promotions.settled();
    expect(told.slice(1)).toEqual(['make fairq.user.a', 'promoted a']);
    expect(scheduler.prefetched).toBe(2);
  });

  it('that can have no queue runs where it is, whatever is set', () => {
    set.set('nobody', { cap: found });
    come('nobody', '1');
    expect(scheduler.prefetched).toBe(1);
  });

  it('of whom tasks are held forgets those of a lost channel', () => {
    set.set('a', { cap: found });
    const a = come('a', '1');
    promotions.channelLost(channel);
    expect(promotions.held).toBe(0);
    expect(a.outstanding).toBe(0);
  });
});
