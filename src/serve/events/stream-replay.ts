import type { Connection } from '../../broker/connection/connection.js';
import { StreamReader } from '../../broker/streams/stream-reader.js';
import type { Names } from '../../core/queues/names.js';
import { deferred } from '../../core/values/deferred.js';
import { type EventId, isAfter } from './event-id.js';
import type { Hear } from './news-hub.js';
import { isWanted, type NewsFilter, newsIn } from './task-news.js';

/** A stream that sends nothing for so long is taken to be empty; milliseconds. */
const EMPTY_AFTER_MS = 2_000;

export interface ReplayDeps {
  readonly connection: Connection;
  readonly names: Names;
}

export interface Replay {
  readonly filter: NewsFilter;
  /** News after this one are told. */
  readonly from: EventId;
  readonly hear: Hear;
  /** The message of `from` is not there any more: what came after it may be gone, too. */
  readonly onGap: () => void;
  /** All up to this message has been told. @param isEnd there was no more a moment ago @returns whether that is enough */
  readonly isEnough: (offset: number, isEnd: boolean) => boolean;
  readonly signal: AbortSignal;
}

/**
 * Reads the stream of events again from some event on, until that is enough.
 *
 * @returns up to where all has been told; undefined where the stream has nothing so late: it is another one, maybe
 */
export async function replay(
  { connection, names }: ReplayDeps,
  { filter, from, hear, onGap, isEnough, signal }: Replay,
): Promise<EventId | undefined> {
  const end = deferred<EventId | undefined>();
  let isOver = false;
  let told: number | undefined;
  const finish = (id: EventId | undefined) => {
    isOver = true;
    end.resolve(id);
  };
  const onAbort = () => finish(told === undefined ? from : { offset: told });
  const look = (isEnd: boolean) => {
    if (told !== undefined && !isOver && isEnough(told, isEnd)) finish({ offset: told });
  };
  let isCaughtUp = false;
  const reader = await StreamReader.open(
    connection,
    names.eventStream,
    { offset: from.offset },
    {
      onMessage: (type, body, offset) => {
        if (isOver || offset < from.offset) return; // a stream is read from the beginning of a chunk
        if (told === undefined && offset > from.offset) onGap();
        const some = newsIn(type, body, filter);
        some.forEach((news, index) => {
          if (isWanted(news, filter) && isAfter(from, offset, index))
            hear(news, offset, index, index === some.length - 1);
        });
        told = offset;
        look(isCaughtUp);
      },
      onFailure: (error) => end.reject(error),
    },
  );
  signal.addEventListener('abort', onAbort);
  if (signal.aborted) onAbort();
  reader.caughtUp(EMPTY_AFTER_MS).then(
    () => {
      isCaughtUp = true;
      if (told === undefined) finish(undefined);
      else look(true);
    },
    (error) => end.reject(error),
  );
  try {
    return await end.promise;
  } finally {
    isOver = true;
    signal.removeEventListener('abort', onAbort);
    await reader.close();
  }
}
