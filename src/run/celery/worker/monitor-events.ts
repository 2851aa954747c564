import { EventSender } from '../../../broker/celery/event-sender.js';
import type { Connection } from '../../../broker/connection/connection.js';
import {
  encodeEvent,
  failedEvent,
  HEARTBEAT_SECONDS,
  type MonitorEvent,
  receivedFields,
  succeededFields,
  TASK_EVENTS_KEY,
  type WorkerState,
  workerFields,
} from '../../../core/celery/monitor-events.js';
import { messageOf } from '../../../core/errors/errors.js';
import type { TaskEvent } from '../../../core/events/task-event.js';
import type { Clock } from '../../../core/values/clock.js';
import type { DeliveredTask } from '../../worker/task/delivered-task.js';
import type { RunFailure } from '../../worker/task/run-failure.js';
import type { CeleryNode } from './celery-node.js';
import { taskNameOf } from './task-names.js';

/** Events of tasks go out together: so many, or what there is after so long. */
const MOST_TOGETHER = 50;
const TOGETHER_MS = 200;
const MS_A_SECOND = 1_000;
const MINUTES_AN_HOUR = 60;

export interface MonitorEventsParts {
  readonly node: CeleryNode;
  readonly clock: Clock;
  /** A connection for events alone. */
  connect(): Promise<Connection>;
  state(): WorkerState;
  onWarning(text: string): void;
}

/**
 * Tells Celery's monitors of the worker and of its tasks, as a Celery worker does with its events. Until it is switched on
 * it opens nothing and sends nothing. No task ever waits for it.
 */
export class MonitorEvents {
  #opening: Promise<EventSender | undefined> | undefined;
  #sender: EventSender | undefined;
  #ofTasks = false;
  #isReady = false;
  #closed = false;
  #together: object[] = [];
  #soon: NodeJS.Timeout | undefined;
  #heart: NodeJS.Timeout | undefined;
  readonly #warned = new Set<string>();

  constructor(private readonly parts: MonitorEventsParts) {}

  /** Whether it tells of tasks. */
  get ofTasks(): boolean {
    return this.#ofTasks;
  }

  /** @returns whether that changes anything */
  async enableTasks(): Promise<boolean> {
    const isNew = !this.#ofTasks;
    this.#ofTasks = true;
    this.#opening ??= this.#open();
    await this.#opening;
    return isNew;
  }

  /** What is told of the worker itself goes on. @returns whether that changes anything */
  disableTasks(): boolean {
    const isNew = this.#ofTasks;
    this.#ofTasks = false;
    return isNew;
  }

  /** The worker has taken up its queues. */
  ready(): void {
    this.#isReady = true;
    this.#comesOnline();
  }

  heartbeat(): void {
    this.#tellOfWorker('worker-heartbeat');
  }

  received(task: DeliveredTask): void {
    if (!this.#ofTasks) return;
    const { id, message, queue, arrivedAt } = task;
    const { exchange, routingKey } = message.fields;
    const { headers } = message.properties;
    const call = { headers, name: taskNameOf(message), queue: queue.name, exchange, routingKey };
    this.#tellOfTask({ type: 'task-received', at: arrivedAt, fields: receivedFields(id, call) });
  }

  started({ id }: DeliveredTask, startedAt: number): void {
    if (this.#ofTasks) this.#tellOfTask({ type: 'task-started', at: startedAt, fields: { uuid: id } });
  }

  ended({ id, started, finished }: TaskEvent, failure: RunFailure | undefined, value: unknown): void {
    if (!this.#ofTasks) return;
    const event =
      failure === undefined
        ? { type: 'task-succeeded' as const, fields: succeededFields(id, value, finished - started) }
        : failedEvent(id, failure, failure.retryAfterMs === undefined);
    this.#tellOfTask({ ...event, at: finished });
  }

  /** The worker has ended: says so after all that is to be told of its tasks. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#heart);
    this.#flush();
    this.#tellOfWorker('worker-offline');
    await this.#sender?.close();
  }

  async #open(): Promise<EventSender | undefined> {
    const { node, connect } = this.parts;
    const onFailure = (error: unknown) => this.#fail(error);
    try {
      const connection = await connect();
      this.#sender = await EventSender.open(connection, node.name, {
        onOpen: () => this.#comesOnline(),
        onDropped: (why) => this.#warn(`Celery's monitors miss events of this worker: ${why}`),
        onFailure,
      }).catch(async (error) => {
        await connection.close();
        throw error;
      });
      this.#comesOnline();
      if (this.#closed) await this.#sender.close();
      return this.#sender;
    } catch (error) {
      onFailure(error);
      return undefined;
    }
  }

  /** The worker works on, and nobody is told any more. */
  #fail(error: unknown): void {
    this.#sender = undefined;
    this.#opening = undefined; // whoever switches it on again has it tried again
    clearInterval(this.#heart);
    if (!this.#closed) this.#warn(`Celery's monitors are told nothing of this worker: ${messageOf(error)}`);
  }

  #comesOnline(): void {
    if (!this.#isReady || this.#sender === undefined || this.#closed) return;
    this.#tellOfWorker('worker-online');
    this.#heart ??= setInterval(() => this.heartbeat(), HEARTBEAT_SECONDS * MS_A_SECOND).unref();
  }

  #tellOfWorker(type: 'worker-online' | 'worker-heartbeat' | 'worker-offline'): void {
    if (this.#sender === undefined || !this.#isReady) return;
    const { clock, state } = this.parts;
    const event = this.#encoded({ type, at: clock.epochMicros(), fields: workerFields(state()) });
    this.#sender.send(type.replace('-', '.'), event);
  }

  #tellOfTask(event: MonitorEvent): void {
    if (this.#sender === undefined) return;
    this.#together.push(this.#encoded(event));
    if (this.#together.length >= MOST_TOGETHER) this.#flush();
    else this.#soon ??= setTimeout(() => this.#flush(), TOGETHER_MS);
  }

  #encoded(event: MonitorEvent): object {
    const { name: hostname, pid, clock } = this.parts.node;
    // West of Greenwich is positive, as Celery counts.
    const utcoffset = Math.floor(new Date().getTimezoneOffset() / MINUTES_AN_HOUR);
    return encodeEvent(event, { hostname, pid, utcoffset }, clock.forward());
  }

  #flush(): void {
    clearTimeout(this.#soon);
    this.#soon = undefined;
    if (this.#together.length === 0) return;
    this.#sender?.send(TASK_EVENTS_KEY, this.#together);
    this.#together = [];
  }

  /** Each thing once. */
  #warn(text: string): void {
    if (this.#warned.has(text)) return;
    this.#warned.add(text);
    this.parts.onWarning(text);
  }
}
