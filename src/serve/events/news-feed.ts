import { setMaxListeners } from 'node:events';
import type { Turns } from '../http/turns.js';
import type { StreamTail } from '../tasks/stream-tail.js';
import type { EventId } from './event-id.js';
import type { EventOutput } from './event-output.js';
import type { Hear, NewsHub } from './news-hub.js';
import { type ReplayDeps, replay } from './stream-replay.js';
import { GAP, newsFrame } from './task-frames.js';
import type { NewsFilter, TaskNews } from './task-news.js';

export interface FeedDeps extends ReplayDeps {
  readonly tail: Pick<StreamTail, 'offset'>;
  readonly hub: NewsHub;
  /** Streams are read again for so many at a time. */
  readonly turns: Turns;
}

/** The news for one client: from now on, or after an event that it has had. Nothing is left out, and nothing told twice. */
export class NewsFeed {
  readonly #ended = new AbortController();
  #leave = () => {};

  constructor(
    private readonly deps: FeedDeps,
    private readonly filter: NewsFilter,
    private readonly output: EventOutput,
    /** Is called when a piece of news has been sent. */
    private readonly onNews: (news: TaskNews) => void = () => {},
  ) {
    setMaxListeners(0, this.#ended.signal);
  }

  /** Tells what is written from now on. */
  begin(): void {
    this.#leave = this.deps.hub.subscribe(this.filter, this.#tell);
  }

  /** Tells what was written after an event, and goes on with what is written. Resolves when it has caught up. */
  async resume(from: EventId): Promise<void> {
    let position: EventId | undefined = from;
    let isFirst = true;
    while (!this.#ended.signal.aborted) {
      await this.output.drained();
      const giveBack = await this.deps.turns.take();
      let hasJoined = false;
      try {
        if (this.#ended.signal.aborted) return;
        position = await replay(this.deps, {
          filter: this.filter,
          from: position,
          hear: this.#tell,
          onGap: () => {
            if (isFirst) this.#tellGap();
          },
          isEnough: (offset, isEnd) => {
            hasJoined = this.#join(offset, isEnd);
            return hasJoined || this.output.isFull;
          },
          signal: this.#ended.signal,
        });
      } finally {
        giveBack();
      }
      if (hasJoined) return;
      if (position === undefined) {
        this.#tellGap();
        if (!this.#ended.signal.aborted) this.begin();
        return;
      }
      isFirst = false;
    }
  }

  close(): void {
    this.#ended.abort();
    this.#leave();
  }

  /**
   * Goes on with what everybody is told, where that has not gone further than this client. What has been read of the
   * stream for it alone may be further: it is not told twice.
   */
  #join(offset: number, isEnd: boolean): boolean {
    if (this.#ended.signal.aborted) return false;
    const tailAt = this.deps.tail.offset;
    if (tailAt === undefined ? !isEnd : tailAt > offset) return false;
    let isAhead = true;
    this.#leave = this.deps.hub.subscribe(this.filter, (news, at, index, isLast) => {
      // Offsets that are smaller than before are those of a new stream.
      isAhead &&= at <= offset && at > (tailAt ?? -1);
      if (!isAhead) this.#tell(news, at, index, isLast);
    });
    return true;
  }

  readonly #tell: Hear = (news, offset, index, isLast) => {
    this.output.send(newsFrame(news, offset, index, isLast));
    this.onNews(news);
  };

  #tellGap(): void {
    this.output.send(GAP);
  }
}
