import { beforeEach, describe, expect, it } from 'vitest';
import { IdleCheck, type IdleOptions } from '../../../../../src/run/worker/ends/idle-check.js';
import { PausedUsers } from '../../../../../src/run/worker/ends/paused-users.js';

let now: number;
let isBusy: boolean;
let waiting: number;
let ready: boolean;
/** What happens while the broker is asked. */
let meanwhile: () => void;
let asked: readonly string[];
/** A is paused, with so many tasks. */
let isPaused: boolean;
let tasks: number;
let said: string[];
/** Is on its way here. */
let onItsWay: () => void;

beforeEach(() => {
  now = 0;
  isBusy = false;
  waiting = 0;
  ready = false;
  meanwhile = () => {};
  asked = [];
  isPaused = false;
  tasks = 12;
  said = [];
  onItsWay = () => {};
});

function checkFor(options: IdleOptions): IdleCheck {
  const work = {
    get isBusy() {
      return isBusy;
    },
    get waiting() {
      return waiting;
    },
    queues: () => ['fairq.retry.1s', 'fairq.user.A'],
    allArrived: async () => onItsWay(),
    paused: () => (isPaused ? [{ queue: 'fairq.user.A', user: 'A' }] : []),
  };
  const broker = {
    noneIn: async (queues: readonly string[]) => {
      if (asked.length < queues.length) asked = queues;
      meanwhile();
      return !ready || !queues.includes('fairq.user.A');
    },
    countsIn: async () => new Map([['fairq.user.A', tasks]]),
  };
  const clock = { now: () => now, epochMicros: () => now * 1_000 };
  return new IdleCheck(
    options,
    work,
    broker,
    clock,
    new PausedUsers(work, broker, (text) => said.push(text)),
  );
}

/** What so many checks in a row say. */
async function check(idle: IdleCheck, times: number): Promise<boolean[]> {
  const said: boolean[] = [];
  for (let i = 0; i < times; i++) said.push(await idle.isOver());
  return said;
}

describe('a worker that ends when all is empty', () => {
  const empty: IdleOptions = { exitWhen: 'empty', idleForMs: 0 };

  it('has seen no task five times in a row', async () => {
    expect(await check(checkFor(empty), 5)).toEqual([false, false, false, false, true]);
    expect(asked).toEqual(['fairq.retry.1s', 'fairq.user.A']);
  });

  it('does not end when a task arrives that was in no queue any more', async () => {
    onItsWay = () => {
      isBusy = true;
    };
    const idle = checkFor(empty);
    expect(await check(idle, 6)).toEqual([false, false, false, false, false, false]);
    onItsWay = () => {};
    isBusy = false;
    expect(await check(idle, 5)).toEqual([false, false, false, false, true]);
  });

  it.each([
    ['a task runs here', () => (isBusy = true), () => (isBusy = false)],
    ['a task waits here for its next attempt', () => (waiting = 1), () => (waiting = 0)],
    ['a queue has a task', () => (ready = true), () => (ready = false)],
    [
      'a task comes while the broker is asked',
      () => {
        meanwhile = () => (isBusy = true);
      },
      () => {
        meanwhile = () => {};
        isBusy = false;
      },
    ],
  ])('begins to count anew when %s', async (_, come, go) => {
    const idle = checkFor(empty);
    await check(idle, 4);
    come();
    expect(await check(idle, 2)).toEqual([false, false]);
    go();
    expect(await check(idle, 5)).toEqual([false, false, false, false, true]);
  });

  it('says once that only tasks of a paused user are left, and how that ends', async () => {
    const idle = checkFor(empty);
    [ready, isPaused] = [true, true];
    await check(idle, 4);
    expect(said).toEqual([]);
    await check(idle, 20);
    expect(said).toEqual([
      'only tasks of paused users are left: "A" 12 tasks. --exit-when empty waits for them, and they start when the user is resumed. "fairq explain A" says who paused, and how to resume',
    ]);
    [ready, isPaused] = [false, false];
    expect(await check(idle, 5)).toEqual([false, false, false, false, true]);
  });

  it('says nothing while tasks of others wait, too', async () => {
    const idle = checkFor(empty);
    ready = true;
    await check(idle, 10);
    expect(said).toEqual([]);
  });

  it('does not ask the broker while it has a task itself', async () => {
    isBusy = true;
    await check(checkFor(empty), 1);
    expect(asked).toEqual([]);
  });
});

describe('a worker that ends when it is idle', () => {
  const idle: IdleOptions = { exitWhen: 'idle', idleForMs: 100 };

  it('has had nothing to do for so long', async () => {
    const check = checkFor(idle);
    expect(await check.isOver()).toBe(false);
    now = 99;
    expect(await check.isOver()).toBe(false);
    now = 100;
    expect(await check.isOver()).toBe(true);
  });

  it('counts from the last time that it was busy', async () => {
    const check = checkFor(idle);
    await check.isOver();
    now = 90;
    isBusy = true;
    await check.isOver();
    isBusy = false;
    now = 189;
    expect(await check.isOver()).toBe(false);
    now = 190;
    expect(await check.isOver()).toBe(true);
  });

  it('asks nobody: tasks that nobody may have here do not keep it', async () => {
    ready = true;
    await checkFor(idle).isOver();
    expect(asked).toEqual([]);
  });
});

it('is never over without an end that was asked for', async () => {
  expect(await check(checkFor({ exitWhen: undefined, idleForMs: 0 }), 6)).not.toContain(true);
});
