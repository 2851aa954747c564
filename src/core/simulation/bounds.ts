/** Tasks, in memory for one strategy after the other. */
export const MOST_TASKS = 50_000_000;
export const MOST_USERS = 1_000_000;

/** Beyond, milliseconds have too few digits left, and something else was meant. As one writes them. */
export const LONGEST_TASK = '720h';
export const LONGEST_MOVE = '1h';
export const LONGEST_REST = '720h';

const DAY_MS = 86_400_000;
export const LONGEST_TASK_MS = 30 * DAY_MS;
/** From the first arrival to the last. */
export const MOST_DAYS = 3_650;
export const LAST_DUE_MS = MOST_DAYS * DAY_MS;

/** No queue could be named after a longer one. Characters. */
export const LONGEST_USER = 255;
