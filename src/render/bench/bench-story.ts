import { lastPosition } from '../../core/reports/bench-report.js';
import type { CompletionOrder } from '../../core/reports/run-report.js';
import { userSpans } from '../lanes/lane-choice.js';
import { formatCount, formatDuration, formatTasks } from '../parts/numbers.js';
import { safeText } from '../parts/safe-text.js';
import type { TextStyle } from '../parts/style.js';
import { shortName } from '../report/report-text.js';
import { type BenchResult, resultLabels } from './bench-result.js';

/** One line of the figures: the same measure of every result. */
export interface Figure {
  readonly name: string;
  readonly of: (result: BenchResult) => string;
}

/** What a load is about: its own figures, and one sentence that a person can repeat. */
export interface Story {
  readonly figures: readonly Figure[];
  readonly moral: string;
}

/**
 * With loads that differ it is about the small user behind the large one: when was it done? With loads
 * that are alike the last are done at the end whatever the strategy; there it is about who has how much
 * at half time.
 */
export function storyOf(results: readonly BenchResult[], style: TextStyle): Story | null {
  const users = usersOf(results);
  if (users.size < 2) return null;
  let least = Number.POSITIVE_INFINITY;
  let most = 0;
  for (const { tasks } of users.values()) {
    least = Math.min(least, tasks);
    most = Math.max(most, tasks);
  }
  const alike = most < 2 * least;
  return alike ? storyOfHalfTime(results, style) : storyOfSubject(results, subjectOf(users), style);
}

interface Fate {
  readonly tasks: number;
  /** The worst under any strategy. */
  readonly stretch: number;
}

function usersOf(results: readonly BenchResult[]): Map<string, Fate> {
  const users = new Map<string, Fate>();
  for (const { order } of results) {
    for (const [user, { tasks, stretch }] of userSpans(order)) {
      const known = users.get(user) ?? { tasks: 0, stretch: 0 };
      users.set(user, { tasks: Math.max(tasks, known.tasks), stretch: Math.max(stretch, known.stretch) });
    }
  }
  return users;
}

/** Of the users with the fewest tasks the one that was served worst. */
function subjectOf(users: ReadonlyMap<string, Fate>): string {
  const [first] = [...users].sort(([, a], [, b]) => a.tasks - b.tasks || b.stretch - a.stretch);
  return first![0];
}

function storyOfSubject(results: readonly BenchResult[], subject: string, style: TextStyle): Story {
  const short = shortName(subject, { ...style, columns: 24 });
  const clauses = results.map((result, i) => {
    const last = lastPosition(result, subject);
    const who = i === 0 ? `${shortName(subject, style)}'s last task` : 'it';
    const was = last === null ? 'was never done' : `was number ${formatCount(last)}`;
    return `${withWords(results, i, style)} ${who} ${was}`;
  });
  return {
    figures: [
      {
        name: `${short}'s last task is number`,
        of: (result) => {
          const last = lastPosition(result, subject);
          return last === null ? '-' : formatCount(last);
        },
      },
      {
        name: `${short}'s dwell, p95`,
        of: ({ report }) => {
          const dwell = report.users.find(({ user }) => user === subject)?.dwellMs ?? null;
          return dwell === null ? '-' : formatDuration(dwell.p95);
        },
      },
    ],
    moral: sentence(clauses),
  };
}

function storyOfHalfTime(results: readonly BenchResult[], style: TextStyle): Story {
  const clauses = results.map((result, i) => {
    const { least, most } = halfTime(result.order);
    const who =
      i === 0
        ? `the least served user had ${formatTasks(least)} done at half time and the most served ${formatCount(most)}`
        : `${formatCount(least)} and ${formatCount(most)}`;
    return `${withWords(results, i, style)} ${who}`;
  });
  return {
    figures: [
      { name: 'at half time, least served', of: ({ order }) => formatCount(halfTime(order).least) },
      { name: 'at half time, most served', of: ({ order }) => formatCount(halfTime(order).most) },
    ],
    moral: sentence(clauses),
  };
}

/** The fewest and the most tasks that a user had completed when half of all had been. */
function halfTime({ users, order }: CompletionOrder): { least: number; most: number } {
  const tasks = new Uint32Array(users.length);
  for (const user of order.subarray(0, order.length >> 1)) tasks[user]!++;
  const least = tasks.reduce((a, b) => Math.min(a, b));
  return { least, most: tasks.reduce((a, b) => Math.max(a, b)) };
}

const STRATEGY_WORDS: Readonly<Record<string, string>> = {
  fifo: 'one queue',
  arrival: 'a queue per user in the order of arrival',
  priority: 'one queue by priority',
  fair: 'fair queues',
  celery: "Celery's own workers",
};

function withWords(results: readonly BenchResult[], i: number, style: TextStyle): string {
  const { strategy, workers, concurrency } = results[i]!;
  const words = STRATEGY_WORDS[strategy] ?? safeText(strategy, style.unicode);
  const alone = resultLabels(results)[i] === strategy;
  return `with ${words}${alone ? '' : ` (workers x slots: ${workers} x ${concurrency})`}`;
}

function sentence(clauses: readonly string[]): string {
  const text = clauses.join('; ');
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
