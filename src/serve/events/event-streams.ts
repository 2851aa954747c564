import { isFinal, type TaskState } from '../../core/events/task-state.js';
import { Turns } from '../http/turns.js';
import type { EventId } from './event-id.js';
import type { EventFrame, EventOutput } from './event-output.js';
import { type FeedDeps, NewsFeed } from './news-feed.js';
import { answerOf, OpenOutputs, type OpenOutputsDeps, type Reader } from './open-outputs.js';
import { openStreams } from './open-streams.js';
import { StartWatches } from './start-watch.js';
import { replay } from './stream-replay.js';
import { GAP, isKnown, newsFrame, stateFrame } from './task-frames.js';
import type { NewsFilter, TaskNews } from './task-news.js';

/** The stream of events is read again for so many clients at a time: each has a channel. */
const MOST_READ = 8;
export interface EventStreamsDeps extends Omit<FeedDeps, 'turns'>, OpenOutputsDeps {
  readonly workers: ConstructorParameters<typeof StartWatches>[0];
}

/** One task. */
export type TaskFilter = NewsFilter & { readonly id: string };

/** Whoever asks, and after which event. */
export interface AskedStream extends Reader {
  readonly after: EventId | undefined;
}

/** Event streams that are open. */
export class EventStreams {
  readonly #open: OpenOutputs;
  readonly #deps: FeedDeps;
  readonly #watches: StartWatches;

  /** @param most that may be open */
  constructor(
    private readonly deps: EventStreamsDeps,
    most: number,
  ) {
    this.#open = new OpenOutputs(deps, openStreams(most));
    this.#deps = { ...deps, turns: new Turns(MOST_READ) };
    this.#watches = new StartWatches(deps.workers);
  }

  /** What is written of the tasks of a user, or of all. */
  news(asked: AskedStream, filter: NewsFilter): Response {
    const { output, onEnd } = this.#open.start(asked, asked.after === undefined ? this.#here : undefined);
    const feed = new NewsFeed(this.#deps, filter, output);
    onEnd(() => feed.close());
    if (asked.after === undefined) feed.begin();
    else this.#resume(feed, asked.after, output);
    return answerOf(output);
  }

  /**
   * Where a task stands, and what becomes of it until it ends. Nothing more comes after its end: whoever asks again is
   * told so by 204, and a browser asks no more.
   *
   * @param filter another user may have used the same id
   * @param find where it stands now; throws where it is not to be told
   */
  async task(asked: AskedStream, filter: TaskFilter, find: () => Promise<TaskState>): Promise<Response> {
    const { id } = filter;
    if (asked.after !== undefined) return this.#taskAgain(asked, asked.after, filter, find);
    const early: [TaskNews, EventFrame][] = [];
    let tell = (news: TaskNews, frame: EventFrame): void => void early.push([news, frame]);
    const leave = this.deps.hub.subscribe(filter, (news, ...place) => tell(news, newsFrame(news, ...place)));
    try {
      const at = this.#here;
      const state = await find();
      const { output, onEnd } = this.#open.start(asked);
      onEnd(leave);
      const watch = this.#watches.watch(id, output);
      onEnd(() => watch.close());
      output.send(stateFrame(state, at));
      watch.heard(state);
      tell = (news, frame) => {
        output.send(frame);
        watch.heard(news);
        if (isFinal(news)) output.end();
      };
      if (isFinal(state)) output.end();
      for (const [news, frame] of early) if (!isKnown(news, state)) tell(news, frame);
      return answerOf(output);
    } catch (error) {
      leave();
      throw error;
    }
  }

  async #taskAgain(
    asked: AskedStream,
    after: EventId,
    filter: TaskFilter,
    find: () => Promise<TaskState>,
  ): Promise<Response> {
    const { id } = filter;
    const state = await find();
    const frames = isFinal(state) ? await this.#framesAfter(after, filter, state, asked.request.signal) : [];
    if (isFinal(state) && frames.length === 0) return new Response(null, { status: 204 });
    const { output, onEnd } = this.#open.start(asked);
    if (frames.length > 0) {
      for (const frame of frames) output.send(frame);
      output.end();
    } else {
      const watch = this.#watches.watch(id, output);
      const feed = new NewsFeed(this.#deps, filter, output, (news) => {
        watch.heard(news);
        if (isFinal(news)) output.end();
      });
      onEnd(() => feed.close());
      onEnd(() => watch.close());
      watch.heard(state);
      this.#resume(feed, after, output);
    }
    return answerOf(output);
  }

  /** What was written of a task that has ended. */
  async #framesAfter(
    from: EventId,
    filter: TaskFilter,
    state: TaskState,
    signal: AbortSignal,
  ): Promise<EventFrame[]> {
    const frames: EventFrame[] = [];
    const giveBack = await this.#deps.turns.take();
    try {
      const until = await replay(this.#deps, {
        filter,
        from,
        hear: (news, ...place) => frames.push(newsFrame(news, ...place)),
        onGap: () => frames.push(GAP),
        isEnough: (offset, isEnd) => isEnd || offset >= (this.deps.tail.offset ?? Number.POSITIVE_INFINITY),
        signal,
      });
      return until === undefined ? [GAP, stateFrame(state, this.#here)] : frames;
    } finally {
      giveBack();
    }
  }

  #resume(feed: NewsFeed, after: EventId, output: EventOutput): void {
    feed.resume(after).catch((error) => {
      this.deps.onUnexpected(error);
      output.cutOff();
    });
  }

  /** What has been told to everybody. */
  get #here(): string | undefined {
    const { offset } = this.deps.tail;
    return offset === undefined ? undefined : String(offset);
  }
}
