import { describe, expect, it } from 'vitest';
import { TaskTimes } from '../../../../../src/core/scheduling/task-times.js';
import { Rebalancer } from '../../../../../src/run/worker/peers/rebalancer.js';

/** A worker of ten slots beside another, whose figures a test sets. */
class TestWorker {
  now = 1_000;
  readonly slots = { free: 0, running: 10, lastChangeAt: 0 };
  readonly scheduler = { startable: 0 };
  readonly peers = {
    count: 2,
    freeSlots: 0,
    wants: (queue: string) => queue === 'wanted',
    left: (tasks: number) => {
      this.peers.freeSlots -= tasks;
    },
  };
  /** How many tasks each call gave back. */
  readonly given: number[] = [];
  takenUp = 0;
  said = 0;
  readonly times = new TaskTimes();
  readonly rebalancer = new Rebalancer(
    {
      slots: this.slots,
      scheduler: this.scheduler,
      givingBack: {
        toOthers: (count, mayGo) => {
          const given = mayGo('wanted') && !mayGo('other') ? Math.max(0, count) : -1;
          this.given.push(given);
          return given;
        },
        takeUpAgain: () => this.takenUp++,
      },
      presence: { say: () => this.said++, peers: this.peers },
    },
    this.times,
    { now: () => this.now, epochMicros: () => this.now * 1_000 },
  );

  after(ms: number): this {
    this.now += ms;
    this.rebalancer.check();
    return this;
  }
}

describe('a worker without a free slot', () => {
  it('gives back as many tasks as other workers have free slots', () => {
    const worker = new TestWorker();
    worker.scheduler.startable = 50;
    worker.peers.freeSlots = 4;
    worker.after(0);
    expect(worker.given).toEqual([4]);
    expect(worker.rebalancer.shared).toBe(4);
    expect(worker.peers.freeSlots).toBe(0);
    worker.after(20);
    expect(worker.given).toEqual([4]);
  });

  it('keeps what it starts soon itself, going by its pace', () => {
    const worker = new TestWorker();
    worker.scheduler.startable = 50;
    worker.peers.freeSlots = 100;
    const lane = { taskMs: undefined };
    for (let i = 0; i < 20; i++) worker.times.ended(lane, 10);
    worker.slots.lastChangeAt = worker.now * 1_000;
    worker.after(0);
    // Ten slots start 25 tasks of 10 ms within 25 ms.
    expect(worker.given).toEqual([25]);
  });

  it('keeps nothing back where no task has ended for a while', () => {
    const worker = new TestWorker();
    worker.scheduler.startable = 50;
    worker.peers.freeSlots = 100;
    worker.slots.lastChangeAt = worker.now * 1_000;
    worker.after(26);
    expect(worker.given).toEqual([50]);
  });

  it('takes up again what it left when nobody is idle any more', () => {
    const worker = new TestWorker();
    worker.peers.freeSlots = 1;
    worker.after(20);
    expect(worker.takenUp).toBe(0);
    worker.peers.freeSlots = 0;
    worker.after(20);
    expect(worker.takenUp).toBe(1);
  });
});

describe('a worker with nothing to start', () => {
  function idle(): TestWorker {
    const worker = new TestWorker();
    worker.slots.free = 3;
    return worker.after(0);
  }

  it('says so after 10 ms, and again four times a second for two seconds', () => {
    const worker = idle();
    worker.after(9);
    expect([worker.said, worker.rebalancer.idleSlots]).toEqual([0, 0]);
    worker.after(1);
    expect([worker.said, worker.rebalancer.idleSlots]).toEqual([1, 3]);
    worker.after(249);
    expect(worker.said).toBe(1);
    worker.after(1);
    expect(worker.said).toBe(2);
    for (let i = 0; i < 1_000; i++) worker.after(20);
    expect(worker.said).toBeLessThan(10);
  });

  it('says so when its slots are taken, and takes its queues up again when one is free', () => {
    const worker = idle().after(10);
    worker.slots.free = 0;
    worker.after(20);
    expect([worker.said, worker.rebalancer.idleSlots]).toEqual([2, 0]);
    expect(worker.takenUp).toBe(3);
  });

  it('is not idle as long as a task is at hand', () => {
    const worker = idle();
    worker.scheduler.startable = 1;
    worker.after(9);
    worker.scheduler.startable = 0;
    worker.after(5);
    worker.after(9);
    expect(worker.rebalancer.idleSlots).toBe(0);
  });

  it('tells nobody where there is nobody, and knows what is so', () => {
    const worker = new TestWorker();
    worker.slots.free = 3;
    worker.peers.count = 1;
    worker.after(0).after(10);
    expect([worker.said, worker.rebalancer.idleSlots]).toEqual([0, 3]);
  });
});
