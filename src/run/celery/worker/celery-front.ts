import { CeleryQueues } from '../../../broker/celery/celery-queues.js';
import type { Connection } from '../../../broker/connection/connection.js';
import { LamportClock } from '../../../core/celery/lamport-clock.js';
import type { TaskEvent } from '../../../core/events/task-event.js';
import type { Clock } from '../../../core/values/clock.js';
import type { WorkerInside } from '../../worker/report/inside.js';
import type { RunFailure } from '../../worker/task/run-failure.js';
import type { TaskWatcher } from '../../worker/worker-contract.js';
import { CeleryControlConsumer, type CeleryControlListener } from './celery-control-consumer.js';
import type { CeleryNode } from './celery-node.js';
import { ControlPanel } from './control-panel.js';
import { type AboutWorker, Inspection } from './inspection.js';
import { MonitorEvents } from './monitor-events.js';
import { addConsumer, type QueueTaker } from './new-consumers.js';

export interface CeleryFrontParts {
  /** As Celery calls its workers: `name@host`. */
  readonly name: string;
  readonly pid: number;
  readonly about: AboutWorker;
  readonly version: string;
  /** The operating system, such as Linux. */
  readonly system: string;
  readonly clock: Clock;
  /** A connection for events alone. */
  connect(): Promise<Connection>;
  loadavg(): readonly number[];
  usage(): Readonly<Record<string, number>>;
  onWarning(text: string): void;
}

/** A worker, as far as its front shows it. */
export interface ShownWorker extends QueueTaker {
  inside(): WorkerInside | undefined;
}

/** What Celery's clients and monitors see of a worker of fairq: it hears their commands, and tells them its events. */
export class CeleryFront {
  readonly #node: CeleryNode;
  readonly #inspection: Inspection;
  readonly #events: MonitorEvents;
  #worker: ShownWorker | undefined;
  #control: CeleryControlConsumer | undefined;

  constructor(parts: CeleryFrontParts) {
    const { name, pid, clock } = parts;
    const begunAt = clock.now();
    this.#node = { name, pid, clock: new LamportClock() };
    this.#inspection = new Inspection({
      node: this.#node,
      about: parts.about,
      inside: () => this.#worker?.inside(),
      usage: () => parts.usage(),
      uptime: () => (clock.now() - begunAt) / 1_000,
    });
    this.#events = new MonitorEvents({
      node: this.#node,
      clock,
      connect: () => parts.connect(),
      state: () => {
        const inside = this.#worker?.inside();
        const active = inside === undefined ? 0 : [...inside.running].length;
        const processed = (inside?.ended ?? 0) + active;
        return { active, processed, loadavg: parts.loadavg(), version: parts.version, system: parts.system };
      },
      onWarning: (text) => parts.onWarning(text),
    });
  }

  /** Of the worker that is shown. */
  get watcher(): Required<TaskWatcher> {
    return {
      onTaskReceived: (task) => this.#events.received(task),
      onTaskStarted: (task, name, startedAt) => {
        this.#inspection.started(name);
        this.#events.started(task, startedAt);
      },
    };
  }

  ended(event: TaskEvent, failure: RunFailure | undefined, value: unknown): void {
    this.#events.ended(event, failure, value);
  }

  /** The worker has taken up its queues. */
  ready(): void {
    this.#events.ready();
  }

  /** Tells of tasks from here on, without being asked to. */
  async tellOfTasks(): Promise<void> {
    await this.#events.enableTasks();
  }

  /** Hears commands. @throws FairqError (refused) where the broker does not let it */
  async hear(connection: Connection, worker: ShownWorker, listener: CeleryControlListener): Promise<void> {
    this.#worker = worker;
    const queues = new CeleryQueues(connection);
    const panel = new ControlPanel(this.#node, this.#inspection, this.#events, (named) =>
      addConsumer(named, queues, worker),
    );
    this.#control = await CeleryControlConsumer.open(connection, this.#node, panel, listener);
  }

  async close(): Promise<void> {
    this.#control?.close();
    await this.#events.close();
  }
}
