import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { OutgoingTask } from '../../../../src/broker/publishing/outgoing-task.js';
import type { NotTaken } from '../../../../src/broker/publishing/publisher-contract.js';
import { type AloneAnswer, RefusedRoutes } from '../../../../src/broker/publishing/refused-routes.js';
import { type Pending, Route } from '../../../../src/broker/publishing/route.js';
import { deferred } from '../../../../src/core/values/deferred.js';

let told: string[];
let refused: RefusedRoutes;
let route: Route;
let givesUp: boolean;
let hasChannel: boolean;
let hasFailed: boolean;
/** What the broker says of tasks that are sent alone. */
let answer: () => AloneAnswer | Promise<AloneAnswer>;
let count: number;
/** Why the queue refuses, where somebody asks. */
let why: ((wasAlone: boolean) => Promise<NotTaken | undefined>) | undefined;
let isImpatient: boolean;

function pending(): Pending {
  const number = ++count;
  return {
    id: `${number}`,
    task: { id: `${number}` } as OutgoingTask,
    route,
    number,
    isSent: false,
    isDirect: false,
    isUnsure: false,
    nacks: 0,
  };
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const since = () => told.splice(0);

beforeEach(() => {
  vi.useFakeTimers();
  told = [];
  givesUp = true;
  hasChannel = true;
  hasFailed = false;
  answer = () => 'refused';
  count = 0;
  why = undefined;
  isImpatient = false;
  refused = new RefusedRoutes({
    get full() {
      const asked = why;
      return asked && { isImpatient, why: (_: string, wasAlone: boolean) => asked(wasAlone) };
    },
    now: () => performance.now(),
    hasChannel: () => hasChannel,
    hasFailed: () => hasFailed,
    sendAlone: async ({ number }) => {
      told.push(`alone ${number}`);
      return answer();
    },
    onConfirmed: ({ number }) => told.push(`confirmed ${number}`),
    onHeldUp: () => {
      told.push('held up');
      return givesUp;
    },
    onChannelOfNoUse: () => told.push('channel of no use'),
    onFailure: ({ message }) => told.push(message),
  });
  const way = { exchange: 'fairq', key: 'A', queue: 'fairq.user.A', isMade: true };
  route = new Route(way, {
    publish: ({ number }) => told.push(`publish ${number}`),
    makeQueue: () => told.push('make queue'),
    noQueue: () => told.push('no queue'),
    tryAlone: (it) => refused.add(it),
    givenUp: ({ number }) => told.push(`given up ${number}`),
    refused: ({ number }, { text }) => told.push(`refused ${number}: ${text}`),
    takesAll: (it) => refused.remove(it),
  });
});

afterEach(() => vi.useRealTimers());

/** The queue refuses the first of so many tasks. */
function refuse(tasks: number): Pending {
  const first = pending();
  route.take(first);
  for (let i = 1; i < tasks; i++) route.take(pending());
  route.nacked(first);
  since();
  return first;
}

describe('a queue that refuses', () => {
  it('is tried with its oldest task alone, twice a second', async () => {
    refuse(3);
    expect(refused.parked).toBe(3);
    await pass(1_600);
    expect(since()).toEqual(['alone 1', 'alone 1', 'alone 1']);
    expect([refused.parked, refused.isEmpty]).toEqual([3, false]);
  });

  it('is sent tasks the usual way again when one got through', async () => {
    refuse(3);
    answer = () => 'confirmed';
    await pass(500);
    expect(since()).toEqual(['alone 1', 'confirmed 1', 'publish 2']);
    expect(refused.parked).toBe(1);
  });

  it('is no longer counted when none of its tasks waits', async () => {
    refuse(1);
    answer = () => 'confirmed';
    await pass(500);
    expect([refused.parked, refused.isEmpty, route.state]).toEqual([0, true, 'open']);
  });

  it('is missing, where the task comes back: it goes the usual way, which sees to that', async () => {
    refuse(1);
    answer = () => 'returned';
    await pass(500);
    expect(since()).toEqual(['alone 1', 'publish 1']);
    expect([route.state, refused.isEmpty]).toEqual(['open', true]);
  });

  it('is left to the next channel, while there is none', async () => {
    refuse(2);
    answer = () => 'confirmed';
    hasChannel = false;
    await pass(500);
    expect(since()).toEqual(['alone 1', 'confirmed 1']);
    expect([route.state, refused.isEmpty]).toEqual(['unknown', true]);
  });

  it('is given up when it has taken nothing for long, with all of its tasks', async () => {
    refuse(2);
    await pass(30_000);
    expect(since().filter((text) => !text.startsWith('alone'))).toEqual([]);
    await pass(1_000);
    expect(since()).toEqual(['held up', 'given up 1', 'given up 2']);
    await pass(60_000);
    expect([since(), refused.isEmpty]).toEqual([[], true]);
  });

  it('is tried for ever where nothing is given up, and that is said once until it takes something', async () => {
    refuse(1);
    givesUp = false;
    await pass(100_000);
    expect(since().filter((text) => text === 'held up')).toHaveLength(1);
    expect(route.heldUp).toBe(true);
    answer = () => 'confirmed';
    await pass(500);
    expect(route.heldUp).toBe(false);
  });

  it('is not tried once the publisher has failed', async () => {
    refuse(1);
    hasFailed = true;
    await pass(60_000);
    expect(since()).toEqual([]);
  });

  it('fails the publisher where no channel can be opened to try it', async () => {
    refuse(1);
    answer = () => Promise.reject(new Error('no channel'));
    await pass(500);
    expect(since()).toEqual(['alone 1', 'no channel']);
  });
});

it('asks for another channel when tasks got through alone three times in a row, and none the usual way', async () => {
  const first = refuse(6);
  answer = () => 'confirmed';
  for (let i = 0; i < 2; i++) {
    await pass(500);
    const sent = since().at(-1);
    expect(sent).toMatch(/^publish/);
    const next = { ...first, number: Number(sent?.slice('publish '.length)) };
    route.nacked(next);
  }
  expect(since()).toEqual([]);
  await pass(500);
  expect(since()).toContain('channel of no use');
});

it('keeps a queue while its task is on its way alone, whatever becomes of the channel', async () => {
  const known = deferred<AloneAnswer>();
  const first = refuse(1);
  answer = () => known.promise;
  await pass(500);
  route.channelLost();
  route.take(first);
  known.resolve('confirmed');
  await pass(0);
  expect(since()).toEqual(['alone 1', 'confirmed 1']);
  expect(route.waiting).toBe(0);
});

describe('a queue of which somebody asks why it refuses', () => {
  const FULL: NotTaken = { kind: 'backlog-full', text: 'full' };

  it('refuses all of its tasks at once where it is full, and is tried no more', async () => {
    why = async () => FULL;
    refuse(3);
    await pass(0);
    expect(since()).toEqual(['refused 1: full', 'refused 2: full', 'refused 3: full']);
    expect([refused.isEmpty, route.state]).toEqual([true, 'unknown']);
    await pass(60_000);
    expect(since()).toEqual([]);
  });

  it('is tried as any other while nobody knows why', async () => {
    let reason: NotTaken | undefined;
    why = async () => reason;
    refuse(2);
    await pass(1_000);
    expect(since()).toEqual(['alone 1', 'alone 1']);
    reason = FULL;
    await pass(500);
    expect(since()).toEqual(['alone 1', 'refused 1: full', 'refused 2: full']);
    expect(refused.isEmpty).toBe(true);
  });

  it('is asked alone at once by the impatient, before what it says of itself counts', async () => {
    isImpatient = true;
    why = async (wasAlone) => (wasAlone ? FULL : undefined);
    refuse(2);
    await pass(0);
    expect(since()).toEqual(['alone 1', 'refused 1: full', 'refused 2: full']);
    answer = () => 'confirmed';
    refuse(2);
    await pass(0);
    expect(since()).toEqual(['alone 3', 'confirmed 3', 'publish 4']);
  });

  it('is left alone when the publisher has failed meanwhile', async () => {
    const asked = deferred<NotTaken | undefined>();
    why = () => asked.promise;
    refuse(1);
    hasFailed = true;
    asked.resolve(FULL);
    await pass(1_000);
    expect(since()).toEqual([]);
  });
});
