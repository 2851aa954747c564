import { FairScheduler } from '../../src/core/scheduling/fair-scheduler.js';
import { TaskTimes } from '../../src/core/scheduling/task-times.js';
import { ActiveQueues } from '../../src/run/worker/intake/active-queues.js';
import { ConsumedQueue } from '../../src/run/worker/intake/consumed-queue.js';
import { GivingBack } from '../../src/run/worker/intake/giving-back.js';
import { Leaving } from '../../src/run/worker/intake/leaving.js';
import { PrefetchControl } from '../../src/run/worker/intake/prefetch-control.js';
import { ServedQueues } from '../../src/run/worker/intake/served-queues.js';
import type { DeliveredTask } from '../../src/run/worker/task/delivered-task.js';
import { TestConsumers } from './consumers.js';

export interface TestIntakeOptions {
  readonly concurrency?: number;
  readonly prefetch?: number;
  readonly workers?: number;
}

/** The parts of an intake, with a clock and consumers of their own. */
export class TestIntake {
  /** Milliseconds. */
  now = 0;
  workers: number;
  spreadQueues = 1;
  readonly clock = { now: () => this.now, epochMicros: () => this.now * 1_000 };
  readonly scheduler = new FairScheduler<DeliveredTask>();
  readonly times = new TaskTimes();
  readonly consumers = new TestConsumers();
  /** What happened, in order. */
  readonly told: string[] = [];
  /** Delivery tags that went back to the broker. */
  readonly wentBack: number[] = [];
  /** Tasks that run. */
  readonly running: DeliveredTask[] = [];
  readonly active: ActiveQueues;
  readonly prefetch: PrefetchControl;
  readonly served: ServedQueues;
  readonly leaving: Leaving;
  readonly givingBack: GivingBack;
  #tags = 0;

  constructor({ concurrency = 10, prefetch, workers = 1 }: TestIntakeOptions = {}) {
    this.workers = workers;
    const { clock, scheduler, times, consumers } = this;
    const onFailure = (error: Error) => {
      throw error;
    };
    const active = new ActiveQueues('count', concurrency, times);
    const options = {
      concurrency,
      prefetch,
      workers: () => this.workers,
      spreadQueues: () => this.spreadQueues,
    };
    this.active = active;
    this.prefetch = new PrefetchControl(options, times, active, consumers, {
      onResized: (queue, { size, reason }) => {
        this.told.push(`${queue.name} has ${size}: ${reason}`);
        this.givingBack.beyondPrefetch(queue);
      },
      onFailure,
    });
    const make = (name: string) => new ConsumedQueue(name, scheduler.lane(name), this.now);
    this.served = new ServedQueues({ consumers, prefetch: this.prefetch, active }, make, clock, {
      onTaken: (name) => this.told.push(`took ${name}`),
      onDropped: (name) => this.told.push(`dropped ${name}`),
      onWarning: (text) => this.told.push(text),
      unsettled: () => this.running,
    });
    this.leaving = new Leaving(this.served, consumers, clock);
    this.givingBack = new GivingBack(this.served, active, scheduler, clock, onFailure);
  }

  /** Takes up queues of these users, and gives them in that order. */
  async take(...users: string[]): Promise<ConsumedQueue[]> {
    await this.served.consume(await this.served.find(users));
    return users.map((user) => this.queue(user));
  }

  queue(user: string): ConsumedQueue {
    return this.served.byName.get(user) as ConsumedQueue;
  }

  deliver(queue: ConsumedQueue, count = 1): void {
    const channel = { open: true, giveBack: (tag: number) => this.wentBack.push(tag) };
    for (let i = 0; i < count; i++) {
      const message = { fields: { deliveryTag: ++this.#tags } };
      const task = { lane: queue.lane, queue, message, channel, arrivedAt: this.clock.epochMicros() };
      queue.delivered(this.now);
      this.active.add(queue);
      this.scheduler.push(queue.lane, task as unknown as DeliveredTask);
    }
  }

  /** Starts so many tasks. */
  start(count: number): void {
    for (let i = 0; i < count; i++) this.running.push(this.scheduler.next()!);
  }

  /** Tasks of this queue have ended, after so many milliseconds each. */
  end(queue: ConsumedQueue, count: number, ms: number): void {
    for (let i = 0; i < count; i++) {
      this.times.ended(queue.lane, ms);
      queue.settled(this.now);
    }
  }
}

/** What was asked of the consumers is answered, and heard. */
export async function answered(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
