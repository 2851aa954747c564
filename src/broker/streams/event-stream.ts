import { FairqError, refusedError, usageError } from '../../core/errors/errors.js';
import {
  BEGINNING,
  COMPLETIONS,
  decodeBeginning,
  decodeCompletions,
  decodePublishedIds,
  decodeRunRecord,
  PUBLISHED_IDS,
  RUN_RECORD,
} from '../../core/events/event-codec.js';
import { decodeGivenUp, GIVEN_UP, type GivenUpAttempt } from '../../core/events/given-up.js';
import { decodeSentNote, SENT, type SentNote } from '../../core/events/sent-notes.js';
import type { PublishedIds, RunRecord, TaskEvent } from '../../core/events/task-event.js';
import type { Whereabouts } from '../../core/events/whereabouts.js';
import type { Names } from '../../core/queues/names.js';
import { deferred } from '../../core/values/deferred.js';
import { type Connection, replyCode } from '../connection/connection.js';
import { streamIsReady } from '../queues/queue-presence.js';
import { BatchedAcks } from './batched-acks.js';
import { MissingReplica } from './missing-replica.js';
import { offsetOf, READ_AHEAD, readToEnd } from './stream-end.js';
import { type StreamOffset, StreamReader } from './stream-reader.js';

/** A reader that nothing has come to for so long reads over again on another channel. */
const QUIET_AT_MOST_MS = 20_000;

export interface EventReader {
  /** Completions in stream order, a batch at a time. */
  onCompletions(events: readonly TaskEvent[]): void;
  onRunRecord(record: RunRecord): void;
  /** Attempts that ran, and that no completion tells of. */
  onGivenUp?(attempts: readonly GivenUpAttempt[]): void;
  /** Of a saved run: where its tasks were. */
  onOutstanding?(users: ReadonlyMap<string, Whereabouts>): void;
  /** A publisher is at work. */
  onPublishedIds?(ids: PublishedIds): void;
  /**
   * Before anything else: since when there is a history at all. What happened before was deleted with an
   * earlier stream, or dropped for its age. Microseconds since the epoch.
   */
  onBeginning?(at: number): void;
}

export interface EventTail {
  onCompletions(events: readonly TaskEvent[]): void;
  /** A publisher that goes on says what it has sent. */
  onSent?(note: SentNote): void;
  onRunRecord?(record: RunRecord): void;
  onFailure(error: Error): void;
}

/** Reads what is written, from now on unless said otherwise. Rejects with the broker's 404 where there is no stream. */
export async function tailEvents(
  connection: Connection,
  names: Names,
  tail: EventTail,
  from: StreamOffset = 'next',
): Promise<StreamReader> {
  return StreamReader.open(connection, names.eventStream, from, {
    onMessage: (type, body) => {
      if (type === COMPLETIONS) {
        tail.onCompletions(decodeCompletions(body()) ?? []);
      } else if (type === SENT) {
        const note = decodeSentNote(body());
        if (note !== undefined) tail.onSent?.(note);
      } else if (type === RUN_RECORD) {
        const record = decodeRunRecord(body());
        if (record !== undefined) tail.onRunRecord?.(record);
      }
    },
    onFailure: (error) => tail.onFailure(error),
  });
}

/** The connection or the channel went before the end: what has been read may be thrown away, and read again. */
export class ReplayInterrupted extends Error {
  override readonly name = 'ReplayInterrupted';
}

/**
 * Replays the event stream from its first message up to now.
 *
 * @throws ReplayInterrupted
 */
export async function replayEvents(connection: Connection, names: Names, reader: EventReader): Promise<void> {
  const replica = new MissingReplica(names.eventStream);
  for (;;) {
    try {
      return await replay(connection, names, reader);
    } catch (error) {
      // Nothing has been read: the broker refuses the consumer.
      if (!(await replica.passes(error))) throw error;
    }
  }
}

async function replay(connection: Connection, names: Names, reader: EventReader): Promise<void> {
  const channel = await connection.channel();
  let refusal: Error | undefined;
  channel.once('error', (error) => {
    refusal = error;
  });
  const closed = new Promise<never>((_, reject) => {
    channel.once('close', () => reject(refusal ?? new ReplayInterrupted('the replay was interrupted')));
  });
  closed.catch(() => {});
  // What fails with neither a code nor an error of ours fails since the channel goes.
  const answer = <T>(asked: Promise<T>): Promise<T> =>
    Promise.race([
      asked.catch((error) =>
        replyCode(error) === undefined && !(error instanceof FairqError)
          ? closed
          : Promise.reject(refused(error, names)),
      ),
      closed.catch((error) => Promise.reject(refused(error, names))),
    ]);
  await answer(streamIsReady(connection, channel, names.eventStream));
  await answer(channel.prefetch(READ_AHEAD));
  const acks = new BatchedAcks(channel);
  let heardAt = performance.now();
  let heard = 0;
  let last: number | undefined;
  const listening = setInterval(() => {
    if (performance.now() - heardAt > QUIET_AT_MOST_MS) channel.close().catch(() => {}); // it is going already
  }, 1_000);
  channel.once('close', () => clearInterval(listening));
  let hasBegun = false;
  const begun = (at: number | undefined) => {
    if (hasBegun || at === undefined) return;
    hasBegun = true;
    reader.onBeginning?.(at);
  };
  const deleted = deferred<never>();
  deleted.promise.catch(() => {}); // the race below, if it gets so far
  const reading = async () => {
    await answer(
      channel.consume(
        names.eventStream,
        (message) => {
          if (message === null) {
            deleted.reject(
              refusedError(
                'STREAM_DELETED',
                `the event stream "${names.eventStream}" was deleted while it was read`,
                {
                  hint: 'Run the command again for what has been written since.',
                },
              ),
            );
            return;
          }
          heardAt = performance.now();
          heard++;
          last = offsetOf(message);
          acks.add(message);
          const { type } = message.properties;
          const body = () => message.content.toString('utf8');
          if (type === BEGINNING) {
            begun(decodeBeginning(body()));
          } else if (type === COMPLETIONS) {
            const events = decodeCompletions(body());
            if (events === undefined) return;
            begun(events[0]?.started);
            reader.onCompletions(events);
          } else if (type === RUN_RECORD) {
            const record = decodeRunRecord(body());
            if (record === undefined) return;
            begun(record.started);
            reader.onRunRecord(record);
          } else if (type === GIVEN_UP) {
            const attempts = decodeGivenUp(body());
            if (attempts !== undefined) reader.onGivenUp?.(attempts);
          } else if (type === PUBLISHED_IDS && reader.onPublishedIds !== undefined) {
            const ids = decodePublishedIds(body());
            if (ids !== undefined) reader.onPublishedIds(ids);
          }
        },
        { arguments: { 'x-stream-offset': 'first' } },
      ),
    );
    await answer(readToEnd(channel, names.eventStream, { heard: () => heard, last: () => last, acks }));
  };
  await Promise.race([reading(), deleted.promise, connection.lost]);
  await channel.close();
}

/** A stream that is missing is told as such; the broker's other words are its own. */
function refused(error: Error, { eventStream }: Names): Error {
  if (replyCode(error) !== 404) return error;
  return usageError('NO_EVENTS', `there is no event stream "${eventStream}" on this vhost`, {
    hint: 'Nothing has been published or run here with this --prefix yet.',
    cause: error,
  });
}
