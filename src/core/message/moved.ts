/**
 * On a task that a worker has moved from a spread queue to its user's own. One that is met in a spread queue has come back:
 * that queue is being taken away.
 */
export const MOVED_HEADER = 'x-fairq-moved';
