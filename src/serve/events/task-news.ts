import {
  COMPLETIONS,
  decodeCompletions,
  decodePublishedIds,
  PUBLISHED_IDS,
} from '../../core/events/event-codec.js';
import type { PublishedIds, TaskEvent } from '../../core/events/task-event.js';
import type { TaskState } from '../../core/events/task-state.js';
import { taskView } from '../tasks/task-view.js';

/** What has become of a task, as a message of the event stream says it. */
export interface TaskNews {
  readonly id: string;
  readonly user: string | undefined;
  readonly state: 'queued' | 'retrying' | 'done' | 'failed';
  readonly attempt: number | undefined;
  /** The document of the event: one line of JSON. */
  readonly data: () => string;
}

/** Of whom or of what news are wanted; nothing: all. */
export interface NewsFilter {
  readonly user?: string | undefined;
  readonly id?: string | undefined;
}

export function announcedNews({ at, tasks = [] }: PublishedIds): TaskNews[] {
  return tasks.map((task) => ({
    id: task.id,
    user: task.user,
    state: 'queued',
    attempt: undefined,
    data: () =>
      JSON.stringify(taskView({ ...task, state: 'queued', ...(at !== undefined && { enqueued: at }) })),
  }));
}

export function completionNews(events: readonly TaskEvent[]): TaskNews[] {
  return events.map((event) => {
    const { id, user, outcome: state, attempt } = event;
    return { id, user, state, attempt, data: () => JSON.stringify(taskView(stateAfter(event))) };
  });
}

/** Without its result, which is written elsewhere. */
function stateAfter({ outcome: state, traceparent, ...event }: TaskEvent): TaskState {
  const { id, user, run, attempt, worker, enqueued, started, finished } = event;
  return {
    id,
    state,
    user,
    run,
    attempt,
    worker,
    enqueued,
    started,
    finished,
    ...(traceparent !== undefined && { traceparent }),
  };
}

/** The news in a message of the event stream; none where it is about something else, or about others alone. */
export function newsIn(type: string, body: () => string, filter: NewsFilter): TaskNews[] {
  if (type !== COMPLETIONS && type !== PUBLISHED_IDS) return [];
  const text = body();
  const { user, id } = filter;
  // Most messages need not be parsed to know that they are about others.
  if (id !== undefined && !text.includes(JSON.stringify(id))) return [];
  if (user !== undefined && !text.includes(JSON.stringify(user))) return [];
  if (type === COMPLETIONS) return completionNews(decodeCompletions(text) ?? []);
  const ids = decodePublishedIds(text);
  return ids === undefined ? [] : announcedNews(ids);
}

export function isWanted(news: TaskNews, { user, id }: NewsFilter): boolean {
  return (user === undefined || news.user === user) && (id === undefined || news.id === id);
}
