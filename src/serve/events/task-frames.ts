import { isFinal, type TaskState } from '../../core/events/task-state.js';
import { jsonText } from '../../core/values/written-json.js';
import { taskView } from '../tasks/task-view.js';
import { eventIdText } from './event-id.js';
import type { EventFrame } from './event-output.js';
import type { TaskNews } from './task-news.js';

export const GAP: EventFrame = {
  event: 'gap',
  data: JSON.stringify({ detail: 'Events may be missing here: they are no longer kept.' }),
};

export function newsFrame(news: TaskNews, offset: number, index: number, isLast: boolean): EventFrame {
  return { event: news.state, id: eventIdText(offset, index, isLast), data: news.data() };
}

/** Where a task stands, as an event. */
export function stateFrame(state: TaskState, id: string | undefined): EventFrame {
  const event = state.state === 'expired' ? 'done' : state.state;
  return { event, id, data: jsonText(taskView(state)) };
}

/** Whether the news say nothing that the state does not. */
export function isKnown({ state, attempt }: Pick<TaskNews, 'state' | 'attempt'>, known: TaskState): boolean {
  if (attempt === undefined) return !isFinal(known); // sent once more, maybe
  const last = known.attempt ?? 0;
  if (attempt < last || isFinal(known)) return true;
  return attempt === last && (known.state === state || known.state === 'queued');
}
