import type { PublishedIds, TaskEvent } from '../../core/events/task-event.js';
import type { TailListener } from '../tasks/stream-tail.js';
import { announcedNews, completionNews, isWanted, type NewsFilter, type TaskNews } from './task-news.js';

/** @param isLast of its message */
export type Hear = (news: TaskNews, offset: number, index: number, isLast: boolean) => void;

/** Tells what is written from now on to those whom it concerns. One reader of the stream is enough for all of them. */
export class NewsHub implements TailListener {
  readonly #byId = new Map<string, Set<Hear>>();
  readonly #byUser = new Map<string, Set<Hear>>();
  readonly #all = new Set<Hear>();
  #count = 0;

  /** @returns ends it */
  subscribe(filter: NewsFilter, tell: Hear): () => void {
    const { id, user } = filter;
    const hear: Hear = (news, ...place) => {
      if (isWanted(news, filter)) tell(news, ...place);
    };
    const [map, key] = id === undefined ? [this.#byUser, user] : [this.#byId, id];
    const hearers = key === undefined ? this.#all : (map.get(key) ?? new Set());
    if (key !== undefined) map.set(key, hearers);
    hearers.add(hear);
    this.#count++;
    return () => {
      if (!hearers.delete(hear)) return;
      this.#count--;
      if (key !== undefined && hearers.size === 0) map.delete(key);
    };
  }

  onAnnounced(ids: PublishedIds, offset: number): void {
    if (this.#count > 0) this.#tell(announcedNews(ids), offset);
  }

  onCompletions(events: readonly TaskEvent[], offset: number): void {
    if (this.#count > 0) this.#tell(completionNews(events), offset);
  }

  #tell(some: readonly TaskNews[], offset: number): void {
    some.forEach((news, index) => {
      const isLast = index === some.length - 1;
      const ofUser = news.user === undefined ? undefined : this.#byUser.get(news.user);
      for (const hearers of [this.#all, this.#byId.get(news.id), ofUser]) {
        for (const hear of hearers ?? []) hear(news, offset, index, isLast);
      }
    });
  }
}
