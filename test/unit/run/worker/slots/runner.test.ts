import { describe, expect, it } from 'vitest';
import { NonRetryableError } from '../../../../../src/core/message/non-retryable-error.js';
import { TestSlots } from '../../../../support/slots.js';
import { capped } from '../../../../support/test-gate.js';

/** A handler that ends when it is told; `end` ends the task that started first. */
function gated() {
  const waiting: (() => void)[] = [];
  return {
    handle: () => new Promise<void>((resolve) => waiting.push(resolve)),
    end: () => waiting.shift()!(),
  };
}

describe('the slots', () => {
  it('run no more tasks at a time than there are, and the next when one has ended', async () => {
    const slots = new TestSlots({ concurrency: 2 });
    const { handle, end } = gated();
    slots.handle = handle;
    for (const id of ['1', '2', '3']) slots.deliver(id);
    slots.runner.start();
    await slots.turn();
    expect(slots.runner).toMatchObject({ running: 2, free: 0, started: 2 });
    expect([...slots.runner.tasks].map(({ task }) => task.id)).toEqual(['1', '2']);
    end();
    await slots.turn();
    expect(slots.finished).toEqual([{ id: '1', outcome: 'done', reason: undefined }]);
    expect([...slots.runner.tasks].map(({ task }) => task.id)).toEqual(['2', '3']);
  });

  it('start nothing while they pause, and nothing ever after their end', async () => {
    const slots = new TestSlots();
    slots.deliver('1');
    slots.runner.wake();
    await slots.turn();
    expect(slots.runner).toMatchObject({ started: 0, free: 0 });
    slots.runner.start();
    slots.runner.pause();
    await slots.turn();
    expect(slots.runner.started).toBe(0);
    slots.runner.resume();
    await slots.turn();
    expect(slots.runner.started).toBe(1);
    slots.deliver('2');
    slots.runner.end();
    slots.runner.resume();
    await slots.turn();
    expect(slots.runner.started).toBe(1);
  });

  it('start so many in all and no more', async () => {
    const slots = new TestSlots({ count: 2 });
    for (const id of ['1', '2', '3']) slots.deliver(id);
    slots.runner.start();
    await slots.turn();
    expect(slots.runner).toMatchObject({ started: 2, reachedCount: true });
    expect(slots.scheduler.prefetched).toBe(1);
  });

  it('wait for deliveries that are due before, and go on when they are told', async () => {
    const slots = new TestSlots();
    slots.deliver('1');
    slots.waitMs = 60_000;
    slots.runner.start();
    await slots.turn();
    expect(slots.runner.started).toBe(0);
    slots.waitMs = 0;
    slots.runner.wake();
    await slots.turn();
    expect(slots.runner.started).toBe(1);
  });

  it('give the network its turn after 512 starts', async () => {
    const slots = new TestSlots();
    for (let i = 0; i < 600; i++) slots.deliver(`${i}`);
    slots.runner.start();
    await new Promise((resolve) => setImmediate(resolve));
    expect(slots.runner.started).toBe(512);
    await slots.turn();
    expect(slots.runner.started).toBe(600);
  });
});

describe('an attempt', () => {
  it('is tried again where it failed, and is a dead letter at the last', async () => {
    const slots = new TestSlots();
    slots.handle = () => {
      throw new Error('no');
    };
    slots.deliver('1');
    slots.deliver('2', { attempt: 2 });
    slots.runner.start();
    await slots.turn();
    expect(slots.finished).toEqual([
      { id: '1', outcome: 'retrying', reason: 'no' },
      { id: '2', outcome: 'failed', reason: 'no' },
    ]);
    expect(slots.runner.counts).toMatchObject({ completed: 0, failed: 1, retried: 1, users: 1 });
  });

  it('is the last where no other would run it', async () => {
    const slots = new TestSlots();
    slots.handle = async () => {
      throw new NonRetryableError('never');
    };
    slots.deliver('1');
    slots.runner.start();
    await slots.turn();
    expect(slots.finished).toEqual([{ id: '1', outcome: 'failed', reason: 'never' }]);
  });

  it('tells how long tasks take, and when they ran', async () => {
    const slots = new TestSlots();
    const { handle, end } = gated();
    slots.handle = handle;
    slots.deliver('1');
    slots.runner.start();
    await slots.turn(100);
    expect(slots.runner.spentBy(130_000)).toBe(130_000);
    slots.now = 150;
    end();
    await slots.turn();
    expect(slots.times.allMs).toBe(150);
    expect(slots.runner.spentBy(999_000)).toBe(150_000);
    expect(slots.runner.counts).toMatchObject({
      firstStartAt: 0,
      lastFinishAt: 150_000,
      lastChangeAt: 150_000,
    });
  });

  it('counts for nothing where it was given up, and its handler is told', async () => {
    const slots = new TestSlots();
    let reason: unknown;
    slots.handle = (_, { signal }) =>
      new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => {
          reason = signal.reason;
          resolve();
        });
      });
    slots.deliver('1');
    slots.runner.start();
    await slots.turn();
    slots.runner.abandon();
    await slots.turn();
    expect(String(reason)).toContain('gave this task up');
    expect(slots.finished).toEqual([]);
  });
});

describe('a task that runs long', () => {
  it('fails when its time is up, and what its handler still does changes nothing', async () => {
    const slots = new TestSlots({ taskTimeoutMs: 1_000, concurrency: 1 });
    const { handle, end } = gated();
    slots.handle = handle;
    slots.deliver('1');
    slots.deliver('2');
    slots.runner.start();
    await slots.turn(999);
    slots.runner.sweep();
    expect(slots.finished).toEqual([]);
    slots.now = 1_000;
    slots.runner.sweep();
    expect(slots.finished).toEqual([
      { id: '1', outcome: 'retrying', reason: 'it ran for longer than 1000 ms (--task-timeout)' },
    ]);
    await slots.turn();
    end();
    await slots.turn();
    expect(slots.finished).toHaveLength(1);
    expect(slots.runner.counts.timedOut).toBe(1);
    expect([...slots.runner.tasks].map(({ task }) => task.id)).toEqual(['2']);
  });

  it('keeps its slot until it has ended, where its handler ends when it is told', async () => {
    const slots = new TestSlots({ taskTimeoutMs: 1_000 });
    slots.handlers.endsWhenTold = true;
    const { handle, end } = gated();
    slots.handle = handle;
    slots.deliver('1');
    slots.runner.start();
    await slots.turn(1_000);
    slots.runner.sweep();
    slots.runner.sweep();
    expect(slots.runner.running).toBe(1);
    expect(slots.runner.counts.timedOut).toBe(1);
    end();
    await slots.turn();
    expect(slots.runner.running).toBe(0);
  });

  it('is evidence of long tasks, and is charged, before it has ended', async () => {
    const slots = new TestSlots({ charging: 'time' });
    slots.handle = gated().handle;
    const { lane } = slots.deliver('1');
    slots.runner.start();
    await slots.turn(5_000);
    const before = lane.virtual;
    slots.runner.sweep();
    expect(lane.taskMs).toBe(5_000);
    expect(lane.virtual - before).toBe(5_000 - 1);
  });
});

describe('a handler that keeps the event loop', () => {
  it('is remembered with its task, once', async () => {
    const slots = new TestSlots();
    slots.handle = () => {
      slots.now += slots.runner.started === 1 ? 2_000 : 1_500;
    };
    slots.deliver('1');
    slots.deliver('2');
    slots.runner.start();
    await slots.turn();
    expect(slots.runner.calls.takeLongest()).toMatchObject({ task: { id: '1' }, ms: 2_000 });
    expect(slots.runner.calls.takeLongest()).toBeUndefined();
  });

  it('lets the network have its turn before the next task starts', async () => {
    const slots = new TestSlots();
    slots.handle = () => {
      slots.now += 6;
    };
    slots.deliver('1');
    slots.deliver('2');
    slots.runner.start();
    await new Promise((resolve) => setImmediate(resolve));
    expect(slots.runner.started).toBe(1);
    await slots.turn();
    expect(slots.runner.started).toBe(2);
  });
});

describe('tasks that were delivered before', () => {
  const asked: string[][] = [];
  const ended: string[] = [];
  const gate = (answers: Record<string, 'start' | 'later' | 'never'>) => ({
    admit: async (tasks: readonly { id: string }[]) => {
      asked.push(tasks.map(({ id }) => id));
      return tasks.map(({ id }) => ({ kind: answers[id]!, reason: 'it killed', attempt: 3 }));
    },
    ended: ({ id }: { id: string }) => ended.push(id),
  });

  it('keep their slots while the gate is asked, about all of a burst at once, and go by its answer', async () => {
    const slots = new TestSlots({ concurrency: 4 }, gate({ 1: 'start', 2: 'later', 3: 'never' }));
    for (const id of ['1', '2', '3']) slots.deliver(id, { redelivered: true });
    slots.deliver('4');
    slots.runner.start();
    await new Promise((resolve) => setImmediate(resolve));
    expect(asked).toEqual([['1', '2', '3']]);
    await slots.turn();
    expect(slots.finished.map(({ id, outcome, reason }) => [id, outcome, reason])).toEqual([
      ['4', 'done', undefined],
      ['1', 'done', undefined],
      ['3', 'failed', 'it killed'],
    ]);
    expect(ended).toEqual(['4', '1', '3']);
    expect(slots.runner).toMatchObject({ running: 0, started: 3 });
  });
});

describe('a gate that lets a task go', () => {
  it('is told when the task has ended, and its lane goes on', async () => {
    const slots = new TestSlots({ concurrency: 4 });
    const { handle, end } = gated();
    slots.handle = handle;
    const gate = capped(slots.scheduler, 'A', 1);
    for (const id of ['1', '2']) slots.deliver(id);
    slots.runner.start();
    await slots.turn();
    expect(slots.runner).toMatchObject({ running: 1, free: 3 });
    end();
    slots.runner.wake();
    await slots.turn();
    expect(slots.finished.map(({ id }) => id)).toEqual(['1']);
    expect([gate.running, slots.runner.running]).toEqual([1, 1]);
  });

  it('is told of its own starts when another has taken its place', async () => {
    const slots = new TestSlots();
    const { handle, end } = gated();
    slots.handle = handle;
    const first = capped(slots.scheduler, 'A', 1);
    for (const id of ['1', '2']) slots.deliver(id);
    slots.runner.start();
    await slots.turn();
    const second = capped(slots.scheduler, 'A', 1);
    slots.runner.wake();
    await slots.turn();
    expect([first.running, second.running]).toEqual([1, 1]);
    end();
    await slots.turn();
    expect([first.running, second.running]).toEqual([0, 1]);
  });

  it('is told when the task does not start, or can never start', async () => {
    const redeliveries = {
      admit: async (tasks: readonly unknown[]) =>
        tasks.map((_, i) => ({
          kind: i === 0 ? ('later' as const) : ('never' as const),
          reason: '',
          attempt: 3,
        })),
      ended: () => {},
    };
    const slots = new TestSlots({}, redeliveries);
    const gate = capped(slots.scheduler, 'A', 2);
    for (const id of ['1', '2']) slots.deliver(id, { redelivered: true });
    slots.runner.start();
    await slots.turn();
    expect(slots.finished.map(({ id }) => id)).toEqual(['2']);
    expect(gate).toMatchObject({ running: 0, asked: 2, notStartedCount: 2 });
  });

  it('is told when the worker gives the task up', async () => {
    const slots = new TestSlots();
    const { handle, end } = gated();
    slots.handle = handle;
    const gate = capped(slots.scheduler, 'A', 2);
    for (const id of ['1', '2']) slots.deliver(id);
    slots.runner.start();
    await slots.turn();
    expect(gate.running).toBe(2);
    slots.runner.abandon();
    end();
    await slots.turn();
    expect(gate.running).toBe(0);
  });
});
