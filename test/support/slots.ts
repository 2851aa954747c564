import { ENVELOPE_HEADER, encodeEnvelope } from '../../src/core/message/envelope.js';
import { FairScheduler } from '../../src/core/scheduling/fair-scheduler.js';
import { TaskTimes } from '../../src/core/scheduling/task-times.js';
import type { Handler } from '../../src/run/worker/handlers/handlers.js';
import type { RedeliveryGate } from '../../src/run/worker/slots/redelivery-gate.js';
import { Runner, type RunnerOptions } from '../../src/run/worker/slots/runner.js';
import type { DeliveredTask } from '../../src/run/worker/task/delivered-task.js';
import { OWN_FORMAT } from '../../src/run/worker/task/message-format.js';

export interface Finished {
  readonly id: string;
  readonly outcome: string;
  readonly reason?: string | undefined;
}

/** A runner with a clock, a scheduler and handlers of its own: `handle` is called for every task. */
export class TestSlots {
  /** Milliseconds. */
  now = 0;
  readonly scheduler = new FairScheduler<DeliveredTask>();
  readonly times = new TaskTimes();
  readonly finished: Finished[] = [];
  handle: Handler = () => undefined;
  waitMs = 0;
  readonly handlers = { find: () => this.handle, names: ['any'], endsWhenTold: false };
  readonly runner: Runner;

  constructor(options: Partial<RunnerOptions> = {}, gate?: RedeliveryGate) {
    this.runner = new Runner(
      {
        name: 'worker',
        concurrency: 2,
        count: Number.POSITIVE_INFINITY,
        charging: 'count',
        taskTimeoutMs: undefined,
        retry: { maxAttempts: 2, delaysMs: [500] },
        format: OWN_FORMAT,
        times: this.times,
        ...options,
      },
      { scheduler: this.scheduler, handlers: this.handlers, gate },
      { now: () => this.now, epochMicros: () => this.now * 1_000 },
      {
        onFinished: (run, { outcome }, failure) => {
          this.finished.push({ id: run.task.id, outcome, reason: failure?.reason });
          return false;
        },
        waitMs: () => this.waitMs,
        turnsAway: () => false,
        onGivenUp: () => {},
        onTick: () => {},
      },
    );
  }

  /** A task comes. */
  deliver(id: string, { user = 'A', attempt = 1, redelivered = false } = {}): DeliveredTask {
    const lane = this.scheduler.lane(user);
    const envelope = { user, run: 'run', sequence: 1, attempt, sentAt: 0, intendedAt: 0 };
    const message = {
      fields: { redelivered },
      properties: { type: 'any', headers: { [ENVELOPE_HEADER]: encodeEnvelope(envelope) } },
      content: Buffer.alloc(0),
    };
    const queue = { paused: false };
    const task = { id, lane, queue, message, attempt: undefined, arrivedAt: 0 } as unknown as DeliveredTask;
    this.scheduler.push(lane, task);
    return task;
  }

  /** What was to happen has happened, and then so much time has gone by. */
  async turn(ms = 0): Promise<void> {
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
    this.now += ms;
  }
}
