import { type Confirmable, ConfirmedSender } from '../../../broker/connection/confirmed-sender.js';
import { type Connection, ConnectionClosed } from '../../../broker/connection/connection.js';
import { mostNacks, PATIENCE_MS } from '../../../broker/connection/patience.js';
import type { PublishProperties } from '../../../broker/connection/publish-properties.js';
import { assertDelayQueues, assertTopology } from '../../../broker/queues/topology.js';
import {
  deadLetterHeaders,
  type FailedAttempt,
  type Failure,
  retryHeaders,
} from '../../../core/message/dead-letter.js';
import type { Envelope } from '../../../core/message/envelope.js';
import { postponedHeaders, stepTowards } from '../../../core/message/postponed.js';
import { republishableProperties } from '../../../core/message/republishable.js';
import { delaysOf } from '../../../core/message/retry-policy.js';
import { delayQueueOf, type Names } from '../../../core/queues/names.js';
import type { DeliveredTask } from '../task/delivered-task.js';
import { returnsTo } from '../task/returns-to.js';
import type { WorkerOptions } from '../worker-contract.js';
import { LARGE_BYTES, type LargeMessages, type Sent } from './large-messages.js';

/** A queue that has lost its leader takes nothing for some seconds: so often another channel is tried. */
const MOST_RENEWALS = mostNacks(PATIENCE_MS.setAside);
/** What a queue does not take after that is tried again so often. */
const TRY_AGAIN_MS = 5_000;

export interface TaskMovesListener {
  onWarning(text: string): void;
  onFailure(error: Error): void;
}

/** What becomes of a task that is sent on. */
export interface Fate {
  readonly onSafe: () => void;
  /** The queue does not take it for now. Said once. */
  readonly onStuck?: (queue: string) => void;
}

interface Move extends Confirmable {
  readonly task: DeliveredTask;
  readonly queue: string;
  readonly properties: PublishProperties;
  readonly fate: Fate;
  /** It is tried again when this fires. */
  again: NodeJS.Timeout | undefined;
}

/**
 * Sends tasks on to where they wait for their next attempt, or where a person finds them, and tells when they are
 * safe there: only then may their completions be written, and their deliveries be acknowledged. It has a channel of
 * its own, so that a queue that takes nothing, such as one that is full, holds up no other task. What such a queue
 * does not take is *stuck*: it stays unacknowledged and is tried again; the worker ends without it when it is to end.
 */
export class TaskMoves {
  readonly #sender: ConfirmedSender<Move>;
  readonly #stuck = new Set<Move>();
  /** Queues that take nothing for now, and those of which somebody was told. */
  readonly #full = new Set<string>();
  readonly #warned = new Set<string>();
  #making: Promise<void> | undefined;
  #whenIdle: (() => void)[] = [];

  private constructor(
    private readonly connection: Connection,
    private readonly names: Names,
    private readonly options: Pick<WorkerOptions, 'queueKind' | 'retry'>,
    private readonly large: Pick<LargeMessages, 'send'>,
    private readonly listener: TaskMovesListener,
  ) {
    this.#sender = new ConfirmedSender(connection, {
      prepare: async (isFirst) => {
        if (!isFirst) await this.#makeAgain();
      },
      sendAgain: (move) => {
        if (!isLarge(move)) this.#send(move);
      },
      onConfirmed: (move) => this.#taken(move),
      onReturned: (move) => this.#makeAndSend(move),
      onNacked: (move) => this.#nacked(move),
      onFailure: (error) => listener.onFailure(error),
    });
  }

  static async open(
    connection: Connection,
    names: Names,
    options: Pick<WorkerOptions, 'queueKind' | 'retry'>,
    large: Pick<LargeMessages, 'send'>,
    listener: TaskMovesListener,
  ): Promise<TaskMoves> {
    const moves = new TaskMoves(connection, names, options, large, listener);
    await moves.#sender.open();
    return moves;
  }

  /** Tasks on their way. */
  get pending(): number {
    return this.#sender.unconfirmed.size - this.#stuck.size;
  }

  /** Tasks that a queue does not take. */
  get stuck(): number {
    return this.#stuck.size;
  }

  /** Those of them that have failed for good. */
  get stuckLetters(): number {
    const { deadLetterQueue } = this.names;
    return [...this.#stuck].filter(({ queue }) => queue === deadLetterQueue).length;
  }

  *tasks(): Iterable<DeliveredTask> {
    for (const { task } of this.#sender.unconfirmed) yield task;
  }

  /** To where it waits for its next attempt. */
  retry(task: DeliveredTask, failed: FailedAttempt, delayMs: number, fate: Fate): void {
    const headers = retryHeaders(task.message.properties.headers, failed);
    this.#move(task, delayQueueOf(this.names, delayMs), headers, fate);
  }

  deadLetter(task: DeliveredTask, failed: FailedAttempt, failure: Failure, fate: Fate): void {
    const headers = deadLetterHeaders(task.message.properties.headers, failed, failure);
    this.#move(task, this.names.deadLetterQueue, headers, fate);
  }

  /** A task that is not due, to where it waits: nothing has become of it. Microseconds since the epoch. */
  postpone(task: DeliveredTask, envelope: Envelope, dueAt: number, now: number, onSafe: () => void): void {
    const queue = delayQueueOf(this.names, stepTowards((dueAt - now) / 1000));
    const { headers } = task.message.properties;
    this.#move(task, queue, postponedHeaders(headers, returnsTo(task.queue), envelope, dueAt, now), {
      onSafe,
    });
  }

  /** Resolves when all is safe but for what is stuck. */
  async settled(): Promise<void> {
    if (this.pending > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
  }

  close(): void {
    for (const { again } of this.#sender.unconfirmed) clearTimeout(again);
    this.#sender.close();
  }

  #move(task: DeliveredTask, queue: string, headers: Record<string, unknown>, fate: Fate): void {
    const properties = { messageId: task.id, ...republishableProperties(task.message.properties), headers };
    const move: Move = {
      id: task.id,
      isSent: false,
      nacks: 0,
      task,
      queue,
      properties,
      fate,
      again: undefined,
    };
    this.#sender.add(move);
    this.#send(move);
  }

  /** While the channel is away the move waits: all is sent on the next. */
  #send(move: Move): void {
    clearTimeout(move.again);
    move.again = undefined;
    const { queue, task, properties } = move;
    const { content } = task.message;
    const options = { persistent: true, mandatory: true, ...properties };
    if (!isLarge(move)) {
      this.#sender.send(move, '', queue, content, options);
      return;
    }
    this.large.send(queue, content, options).then(
      (sent) => this.#largeAnswered(move, sent),
      (error) => {
        if (!(error instanceof ConnectionClosed)) this.listener.onFailure(error);
      },
    );
  }

  #largeAnswered(move: Move, sent: Sent): void {
    switch (sent.kind) {
      case 'taken':
        this.#sender.drop(move);
        this.#taken(move);
        return;
      case 'returned':
        this.#makeAndSend(move);
        return;
      case 'too large':
        this.#stick(move, `takes no message of more than ${sent.limit} bytes`);
        return;
      case 'nacked':
        move.nacks++;
        this.#nacked(move);
        this.#sendLater(move);
        return;
    }
  }

  #taken(move: Move): void {
    this.#stuck.delete(move);
    this.#full.delete(move.queue);
    clearTimeout(move.again);
    move.fate.onSafe();
    this.#tellIdle();
  }

  #nacked(move: Move): void {
    if (move.nacks <= MOST_RENEWALS && !this.#full.has(move.queue)) this.#sender.renewSoon();
    else
      this.#stick(move, 'takes no more: it is full, or a policy (max-length with reject-publish) limits it');
  }

  #stick(move: Move, why: string): void {
    const { queue } = move;
    if (!this.#stuck.has(move)) move.fate.onStuck?.(queue);
    this.#stuck.add(move);
    this.#full.add(queue);
    if (!this.#warned.has(queue)) {
      this.#warned.add(queue);
      this.listener.onWarning(
        `the queue "${queue}" ${why}. Tasks that are to go there stay unacknowledged where they are, and are tried again; give it room, or raise the limit`,
      );
    }
    this.#sendLater(move);
    this.#tellIdle();
  }

  #sendLater(move: Move): void {
    move.again ??= setTimeout(() => this.#send(move), TRY_AGAIN_MS);
  }

  #tellIdle(): void {
    if (this.pending === 0) for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  /** Somebody has deleted the queue: it is made again, and nothing is lost. */
  #makeAndSend(move: Move): void {
    const { generation } = this.#sender;
    // When the channel goes meanwhile, the making may fail with it, and the next channel sends the move.
    const isCurrent = () => this.#sender.isOpen && this.#sender.generation === generation;
    this.#making ??= this.#makeAgain().finally(() => {
      this.#making = undefined;
    });
    this.#making.then(
      () => {
        if (isCurrent() || isLarge(move)) this.#send(move);
      },
      (error) => {
        if (isCurrent()) this.listener.onFailure(error);
      },
    );
  }

  async #makeAgain(): Promise<void> {
    const { queueKind, retry } = this.options;
    await assertTopology(this.connection, this.names, queueKind.type);
    await assertDelayQueues(this.connection, this.names, queueKind.type, delaysOf(retry));
  }
}

function isLarge({ task }: Move): boolean {
  return task.message.content.length > LARGE_BYTES;
}
