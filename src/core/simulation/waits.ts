import { percentiles } from '../measures/percentiles.js';
import { roundedPercentiles } from '../measures/user-reports.js';
import type { SimulatedUser, StrategyReport } from '../reports/simulation-report.js';
import { largestUsers } from './most-behind.js';
import type { Played } from './played.js';
import type { SimulatedLoad } from './simulated-load.js';

/** All users are told of one by one up to so many; of more, the extremes. */
const ALL_UP_TO = 1_000;
const EXTREMES = 10;

/** Who has how much, and who counts as heavy. */
export interface Classes {
  readonly tasksOf: Uint32Array;
  /** More tasks than that are much. */
  readonly heavyAbove: number;
}

/** Of all tasks, of those of light users and of those of heavy ones. */
export function waitsOf(
  { users }: SimulatedLoad,
  { waitMs }: Played,
  { tasksOf, heavyAbove }: Classes,
): StrategyReport['waitMs'] {
  const heavyTasks = users.reduce((sum, user) => sum + (tasksOf[user]! > heavyAbove ? 1 : 0), 0);
  const heavy = new Float64Array(heavyTasks);
  const light = new Float64Array(users.length - heavyTasks);
  let [toHeavy, toLight] = [0, 0];
  for (let task = 0; task < users.length; task++) {
    if (tasksOf[users[task]!]! > heavyAbove) heavy[toHeavy++] = waitMs[task]!;
    else light[toLight++] = waitMs[task]!;
  }
  const rounded = (values: Float64Array) => roundedPercentiles(percentiles(values));
  return { all: rounded(waitMs), light: rounded(light), heavy: rounded(heavy) };
}

/** All users in their order; of very many those with the most tasks, and those that waited longest. */
export function usersOf(load: SimulatedLoad, played: Played, classes: Classes): SimulatedUser[] {
  const { names, users } = load;
  const { tasksOf, heavyAbove } = classes;
  const shown = names.length <= ALL_UP_TO ? [...names.keys()] : extremes(load, played, tasksOf);
  const placeOf = new Map(shown.map((user, place) => [user, place]));
  const isShown = new Uint8Array(names.length);
  for (const user of shown) isShown[user] = 1;
  const waits = shown.map((user) => new Float64Array(tasksOf[user]!));
  const filled = new Uint32Array(shown.length);
  for (let task = 0; task < users.length; task++) {
    if (isShown[users[task]!] === 0) continue;
    const place = placeOf.get(users[task]!)!;
    waits[place]![filled[place]!++] = played.waitMs[task]!;
  }
  const firsts = new Uint32Array(names.length);
  const lasts = new Uint32Array(names.length);
  for (let i = 0; i < played.ends.length; i++) {
    const user = played.ends[i]!;
    if (firsts[user] === 0) firsts[user] = i + 1;
    lasts[user] = i + 1;
  }
  return shown.map((user, place) => ({
    user: names[user]!,
    tasks: tasksOf[user]!,
    isHeavy: tasksOf[user]! > heavyAbove,
    waitMs: roundedPercentiles(percentiles(waits[place]!)),
    firstCompletionPosition: firsts[user]!,
    lastCompletionPosition: lasts[user]!,
  }));
}

function extremes({ names, users }: SimulatedLoad, { waitMs }: Played, tasksOf: Uint32Array): number[] {
  const longest = new Float64Array(names.length);
  for (let task = 0; task < users.length; task++) {
    const user = users[task]!;
    if (waitMs[task]! > longest[user]!) longest[user] = waitMs[task]!;
  }
  // Whole microseconds, of which Uint32 holds more than an hour: beyond, all are the longest.
  const ranked = Uint32Array.from(longest, (ms) => Math.min(ms * 1_000, 2 ** 32 - 1));
  return [...new Set([...largestUsers(tasksOf, EXTREMES), ...largestUsers(ranked, EXTREMES)])];
}
