import type { ConfirmChannel } from 'amqplib';
import type { Connection } from '../../broker/connection.js';
import { carriedHeaders, carriedText, carriedTimestamp } from '../../core/carried.js';
import { COMPLETIONS, CompletionBatch } from '../../core/event-codec.js';
import type { Names } from '../../core/names.js';
import type { TaskEvent } from '../../core/task-event.js';
import { messageOf } from '../../errors.js';
import type { HeldTask } from './task.js';

/** A batch goes out at this size at the latest; the end of a tick sends a smaller one. */
const BATCH_SIZE = 512;
/** Headers have to fit into one frame; a reason is for people. Characters. */
const REASON_KEPT = 2_000;

export interface SettlementListener {
  /** The tasks' completions are in the stream: their deliveries may be acknowledged. */
  onSettled(tasks: readonly HeldTask[]): void;
  onFailure(error: Error): void;
}

interface Batch {
  tasks: HeldTask[];
  /** Messages of this batch that the broker has not confirmed. */
  unconfirmed: number;
  written: boolean;
}

/**
 * Writes completions to the event stream, and lets a task be acknowledged only when the broker has
 * confirmed its completion: an acknowledged task is never without its event. A cut between the two
 * leaves an event twice, which readers drop.
 */
export class Settlement {
  readonly #completions: CompletionBatch;
  #batch: Batch = { tasks: [], unconfirmed: 0, written: false };
  #pending = 0;
  #whenIdle: (() => void)[] = [];

  private constructor(
    private readonly channel: ConfirmChannel,
    private readonly names: Names,
    worker: string,
    private readonly listener: SettlementListener,
  ) {
    this.#completions = new CompletionBatch(worker);
  }

  static async open(
    connection: Connection,
    names: Names,
    worker: string,
    listener: SettlementListener,
  ): Promise<Settlement> {
    return new Settlement(await connection.confirmChannel(), names, worker, listener);
  }

  /** Finished tasks whose completion has not been confirmed. */
  get pending(): number {
    return this.#pending;
  }

  /** Finished tasks that have not been written yet. */
  get collected(): number {
    return this.#batch.tasks.length;
  }

  finished(task: HeldTask, event: TaskEvent): void {
    this.#completions.add(event);
    this.#batch.tasks.push(task);
    this.#pending++;
    if (this.#batch.tasks.length >= BATCH_SIZE) this.flush();
  }

  /** Keeps a failed task where a person can find it; call it before `finished`. */
  deadLetter(task: HeldTask, reason: string): void {
    const { properties, content } = task.message;
    this.#send(this.names.deadLetterQueue, content, {
      messageId: carriedText(properties.messageId),
      type: carriedText(properties.type),
      contentType: carriedText(properties.contentType),
      timestamp: carriedTimestamp(properties.timestamp),
      headers: {
        ...carriedHeaders(properties.headers),
        'x-fairq-queue': task.source.queue,
        'x-fairq-reason': reason.slice(0, REASON_KEPT),
      },
    });
  }

  /** Writes what has been collected. */
  flush(): void {
    if (this.#batch.tasks.length === 0) return;
    const batch = this.#batch;
    this.#send(this.names.eventStream, Buffer.from(this.#completions.take()), { type: COMPLETIONS });
    batch.written = true;
    this.#batch = { tasks: [], unconfirmed: 0, written: false };
  }

  /** Resolves when all that has been handed over is confirmed. */
  async settled(): Promise<void> {
    this.flush();
    if (this.#pending > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
  }

  #send(queue: string, body: Buffer, properties: object): void {
    const batch = this.#batch;
    batch.unconfirmed++;
    this.channel.sendToQueue(queue, body, { ...properties, persistent: true }, (error) => {
      if (error) {
        this.listener.onFailure(new Error(`a message to "${queue}" was not confirmed: ${messageOf(error)}`));
        return;
      }
      batch.unconfirmed--;
      if (!batch.written || batch.unconfirmed > 0) return;
      this.#pending -= batch.tasks.length;
      this.listener.onSettled(batch.tasks);
      if (this.#pending === 0) for (const resolve of this.#whenIdle.splice(0)) resolve();
    });
  }
}
