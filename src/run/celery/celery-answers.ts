import type { Channel } from '../../broker/connection/channel.js';
import { type Connection, ConnectionClosed } from '../../broker/connection/connection.js';
import type { Delivery } from '../../broker/connection/delivery.js';
import { PATIENCE_MS } from '../../broker/connection/patience.js';
import { ReconnectingChannel } from '../../broker/connection/reconnecting-channel.js';
import { CLASSIC_QUEUE } from '../../broker/queues/queue-arguments.js';
import { ConfirmedWriter } from '../../broker/streams/confirmed-writer.js';
import { ANSWERED_BY_FAIRQ, CELERY_WORKER } from '../../core/celery/answered-by.js';
import { readCeleryResult } from '../../core/celery/read-result.js';
import { COMPLETIONS, CompletionBatch } from '../../core/events/event-codec.js';
import type { TaskEvent } from '../../core/events/task-event.js';
import { errorLine, RESULTS, valueLine } from '../../core/events/task-result.js';
import { isFinal, type TaskState } from '../../core/events/task-state.js';
import type { Names } from '../../core/queues/names.js';
import type { Clock } from '../../core/values/clock.js';
import { keptValue } from '../worker/outcomes/kept-value.js';

/** Answers that are looked at at a time. */
const PREFETCH = 100;

export interface CeleryAnswersDeps {
  /** That answers are read on; they are written down on the other. */
  readonly reading: Connection;
  readonly writing: Connection;
  readonly names: Names;
  readonly clock: Clock;
  readonly newId: () => string;
  /** Where Celery's workers send answers: one queue for all servers. It lasts as they do not. */
  readonly queue: string;
  /** Makes the streams where they are missing. */
  readonly makeStreams: () => Promise<void>;
  /** What is known of a task. */
  readonly find: (id: string) => Promise<TaskState>;
  /** For how long a result is kept; and of how many bytes at most. */
  readonly resultTtlMs: number;
  readonly resultBytes: number;
  readonly onFailure: (error: Error) => void;
}

interface Ended {
  readonly event: TaskEvent;
  /** For the stream of results; undefined where there is nothing to keep. */
  readonly result: string | undefined;
}

/**
 * Writes down what Celery's own workers answer, as a worker of fairq writes down what has ended there. So every server
 * knows what became of a task, whichever of them gets the answer. An answer is acknowledged when it is written.
 *
 * Celery does not say when a task has started: the event has the moment of the answer for both.
 */
export class CeleryAnswers {
  #channel: ReconnectingChannel | undefined;

  private constructor(
    private readonly deps: CeleryAnswersDeps,
    private readonly completions: ConfirmedWriter,
    private readonly results: ConfirmedWriter,
  ) {}

  static async open(deps: CeleryAnswersDeps): Promise<CeleryAnswers> {
    const { reading, writing, makeStreams, onFailure } = deps;
    const options = { patienceMs: PATIENCE_MS.giveUp, makeAgain: makeStreams, onFailure };
    const answers = new CeleryAnswers(
      deps,
      await ConfirmedWriter.open(writing, options),
      ConfirmedWriter.onDemand(writing, options),
    );
    answers.#channel = await ReconnectingChannel.open(
      () => reading.channel(),
      (channel) => answers.#consume(channel),
      { onFailure },
    );
    return answers;
  }

  async close(): Promise<void> {
    const channel = this.#channel?.current;
    this.#channel?.close();
    await channel?.close().catch(() => {}); // it went with its connection
  }

  async #consume(channel: Channel): Promise<void> {
    const { queue, onFailure } = this.deps;
    await channel.assertQueue(queue, { durable: true, arguments: CLASSIC_QUEUE });
    await channel.prefetch(PREFETCH);
    await channel.consume(queue, (message) => {
      if (message === null) {
        channel.close().catch(() => {}); // it was deleted: the next channel makes it again
        return;
      }
      this.#heard(message).then(
        () => {
          if (this.#channel?.current === channel) channel.ack(message);
        },
        (error) => {
          if (!(error instanceof ConnectionClosed)) onFailure(error);
        },
      );
    });
  }

  /** Resolves when the answer is written down, or has nothing to say. */
  async #heard({ content, properties }: Delivery): Promise<void> {
    if (properties.appId === ANSWERED_BY_FAIRQ) return;
    const said = saidBy(content, properties);
    if (said === undefined) return;
    const about = await this.deps.find(said.id);
    // Of somebody else; or this server was cut off before it could acknowledge the answer.
    if (about.state === 'unknown' || isFinal(about)) return;
    const { event, result } = this.#ended(said, about);
    if (result !== undefined) {
      await written(this.results, this.deps.names.resultStream, RESULTS, result, this.deps.newId());
    }
    const batch = new CompletionBatch(CELERY_WORKER);
    batch.add(event);
    await written(
      this.completions,
      this.deps.names.eventStream,
      COMPLETIONS,
      batch.take(),
      this.deps.newId(),
    );
  }

  #ended(said: Said, about: TaskState): Ended {
    const { clock, resultTtlMs, resultBytes } = this.deps;
    const now = clock.epochMicros();
    const event: TaskEvent = {
      id: said.id,
      user: about.user ?? '',
      run: about.run ?? '',
      sequence: 0,
      attempt: 1,
      outcome: said.state === 'done' ? 'done' : 'failed',
      worker: CELERY_WORKER,
      enqueued: about.enqueued ?? now,
      sentLate: 0,
      started: now,
      finished: now,
      redelivered: false,
      hasResult: true,
    };
    const expires = now + resultTtlMs * 1_000;
    if (said.state !== 'done')
      return { event, result: errorLine(event, expires, said.error ?? '', undefined) };
    const kept =
      said.dropped === undefined
        ? keptValue(said.result ?? undefined, resultBytes)
        : { dropped: said.dropped };
    if (kept === undefined) return { event: { ...event, hasResult: false }, result: undefined };
    return { event, result: valueLine(event, expires, kept) };
  }
}

type Said = Pick<TaskState, 'id' | 'state' | 'result' | 'error'> & { readonly dropped?: string };

/** Undefined for an answer before the end, and for what is none. */
function saidBy(content: Buffer, { contentType, correlationId }: Delivery['properties']): Said | undefined {
  if (contentType === 'application/json') return readCeleryResult(content.toString('utf8'));
  if (typeof correlationId !== 'string') return undefined;
  const dropped = `its answer is ${JSON.stringify(contentType)}, and fairq reads JSON alone`;
  return { id: correlationId, state: 'done', dropped };
}

function written(
  writer: ConfirmedWriter,
  queue: string,
  type: string,
  body: string,
  messageId: string,
): Promise<void> {
  return new Promise((resolve, reject) => {
    writer.write({
      queue,
      body: Buffer.from(body),
      properties: { type, messageId },
      onConfirmed: resolve,
      onRefused: () => reject(new Error(`the stream "${queue}" does not take what Celery's workers answer`)),
    });
  });
}
