import { tooLong } from '../../../core/queues/names.js';
import type { TaskQueue } from './delivered-task.js';

/**
 * The queue that the next attempt of a task goes to. Other programs may send tasks of a user whose name is too long for a
 * queue of its own: they go back to the one that they came from.
 */
export function returnsTo({ name, source }: Pick<TaskQueue, 'name' | 'source'>): string {
  return tooLong(name) === undefined ? name : source.name;
}
