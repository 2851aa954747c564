import { PublishedTasks } from '../events/published-tasks.js';
import type { RunRecord, TaskEvent } from '../events/task-event.js';
import { DONE, FAILED, RETRYING, SUPERSEDED, TaskTable } from '../events/task-table.js';
import type { Outstanding, Whereabouts } from '../events/whereabouts.js';
import type { Grouping } from '../queues/grouping.js';
import type { CompletionOrder, RunReport, UserReport } from '../reports/run-report.js';
import { compareNatural } from '../values/natural-order.js';
import { orderByTime } from '../values/order-by-time.js';
import { round3 } from '../values/round.js';
import { type PartOfRun, type TimeWindow, windowOf } from '../values/window-of-time.js';
import { fairShare, type Service } from './fair-share.js';
import { type GroupsReport, groupReport } from './group-report.js';
import { percentiles } from './percentiles.js';
import {
  countTasks,
  intervalsOf,
  mostWaiting,
  type RunTimeline,
  type Spread,
  spreadOf,
} from './run-timeline.js';
import { sendingReport } from './sending-report.js';
import {
  allDwells,
  type Completions,
  outstandingByUser,
  roundedPercentiles,
  userReports,
} from './user-reports.js';

/** As many as can be told apart in a picture. */
const INTERVALS = 120;

const STATES = { done: DONE, failed: FAILED, retrying: RETRYING } as const;

/** What a report is made from. */
interface Counted {
  readonly completions: Completions;
  readonly startOrder: Uint32Array;
  readonly service: Service;
  readonly window: TimeWindow;
}

function finite(micros: number): number | null {
  return Number.isFinite(micros) ? micros : null;
}

function indexIn(indexes: Map<string, number>, name: string): number {
  let index = indexes.get(name);
  if (index === undefined) {
    index = indexes.size;
    indexes.set(name, index);
  }
  return index;
}

/** Null where it is not known of anybody. */
function total(
  users: readonly Omit<UserReport, 'maxLagTasks'>[],
  of: keyof Whereabouts | 'outstanding',
): number | null {
  let known: number | null = null;
  for (const user of users) if (user[of] !== null) known = (known ?? 0) + user[of];
  return known;
}

function sum(counts: Uint32Array): number {
  return counts.reduce((total, count) => total + count, 0);
}

/**
 * Takes in what the event stream says of one run, in stream order, and measures it. A task counts
 * once, at its last attempt: one that failed is superseded by a later attempt, and any other execution of it
 * is a duplicate and dropped. Takes some 130 bytes a task, most of them for its id; a Map
 * ends at 16.7 million.
 */
export class RunMeasures {
  readonly #rows = new Map<string, number>();
  readonly #tasks = new TaskTable();
  readonly #userIndex = new Map<string, number>();
  readonly #runIndex = new Map<string, number>();
  readonly #workers = new Set<string>();
  readonly #published = new PublishedTasks();
  readonly #weightOf: (user: string) => number;
  readonly #part: PartOfRun;
  #cache: Counted | undefined;
  #found: ReadonlyMap<string, Whereabouts> | undefined;
  #superseded = 0;
  /** Last seen at a failed attempt, with another to come. */
  #retrying = 0;
  #duplicates = 0;
  #historyFrom = Number.NEGATIVE_INFINITY;
  #earliest = Number.POSITIVE_INFINITY;
  #firstStart = Number.POSITIVE_INFINITY;
  #lastFinish = Number.NEGATIVE_INFINITY;

  /** @param part to measure only the tasks that started then */
  constructor(weightOf: (user: string) => number = () => 1, part: PartOfRun = {}) {
    this.#weightOf = weightOf;
    this.#part = part;
  }

  add(event: TaskEvent): void {
    this.#cache = undefined;
    const tasks = this.#tasks;
    const user = indexIn(this.#userIndex, event.user);
    const run = indexIn(this.#runIndex, event.run);
    let key = event.id;
    let row = this.#rows.get(key);
    if (row !== undefined && !this.#isOf(row, user, run, event.sequence)) {
      // Ids that people have given may be there twice, and are of two tasks then.
      key = JSON.stringify([event.id, user, run, event.sequence]);
      row = this.#rows.get(key);
    }
    if (row !== undefined) {
      const before = tasks.states[row]!;
      const attempt = tasks.attempts[row]!;
      // The event of an attempt that failed may reach the stream after that of the next attempt.
      if (event.outcome !== 'done' && event.attempt < attempt) return;
      // A worker whose confirm was lost writes the same completion again: the task ran once.
      if (event.attempt === attempt && event.started === tasks.started[row]) return;
      if (before === DONE || event.attempt <= attempt) {
        this.#duplicates++;
        return;
      }
      if (before === RETRYING) this.#retrying--;
      tasks.states[row] = SUPERSEDED;
      this.#superseded++;
    }
    const state = STATES[event.outcome];
    if (state === RETRYING) this.#retrying++;
    this.#rows.set(key, tasks.push(user, event.attempt, state, run, event));
    this.#workers.add(event.worker);
    this.#firstStart = Math.min(this.#firstStart, event.started);
    this.#earliest = Math.min(this.#earliest, event.enqueued);
    this.#lastFinish = Math.max(this.#lastFinish, event.finished);
  }

  addRecord(record: RunRecord): void {
    this.#cache = undefined;
    this.#earliest = Math.min(this.#earliest, record.started);
    this.#published.add(record);
    indexIn(this.#runIndex, record.run);
  }

  /** The event stream holds nothing from before; microseconds since the epoch. */
  historyBegins(at: number): void {
    this.#historyFrom = at;
  }

  /** What has not completed, of each user who has such tasks; empty where nobody has said what was published. */
  outstanding(): ReadonlyMap<string, Outstanding> {
    const { completions } = this.#counted();
    const tasks = outstandingByUser(completions, this.#isPart ? null : this.#published);
    const found = new Map<string, Outstanding>();
    for (const [i, user] of completions.names.entries()) {
      const count = tasks[i]!;
      if (count) found.set(user, { tasks: count, retrying: completions.retrying[i]! });
    }
    return found;
  }

  /** Queues that its tasks went to and that are no user's own. */
  get queues(): readonly string[] {
    return this.#published.queues;
  }

  /** Where the tasks are that are outstanding, which nobody can tell from events. */
  found(whereabouts: ReadonlyMap<string, Whereabouts>): void {
    this.#found = whereabouts;
  }

  report(run: string): RunReport {
    const { completions, startOrder, service, window } = this.#counted();
    const users = userReports(completions, startOrder, this.#isPart ? null : this.#published, this.#found);
    const completed = completions.users.length;
    const from = Math.max(this.#firstStart, window.from);
    const seconds = Math.max(0, Math.min(this.#lastFinish, window.to) - from) / 1e6;
    const tasksPerSecond = seconds === 0 ? 0 : completed / seconds;
    // What was to run in a part of a run nobody has said.
    const published = this.#isPart ? null : this.#published.total;
    const share = fairShare(service, this.#weightOf);
    return {
      run,
      seconds: round3(seconds),
      tasksPerSecond: round3(tasksPerSecond),
      published,
      completed,
      failed: sum(completions.failed),
      retries: sum(completions.retries),
      outstanding: published === null ? null : (total(users, 'outstanding') ?? 0),
      waiting: total(users, 'waiting'),
      running: total(users, 'running'),
      retrying: total(users, 'retrying'),
      unknown: total(users, 'unknown'),
      missing: published === null ? null : (total(users, 'missing') ?? 0),
      duplicates: this.#duplicates,
      runs: [...this.#runIndex.keys()].sort(compareNatural),
      beganAt: completed === 0 ? null : finite(from),
      endedAt: completed === 0 ? null : finite(Math.min(this.#lastFinish, window.to)),
      window: this.#isPart ? { since: finite(window.from), until: finite(window.to) } : null,
      historyCutAt: this.#earliest < this.#historyFrom ? this.#historyFrom : null,
      workerNames: [...this.#workers].sort(compareNatural),
      userCount: users.length,
      users: users.map((user, i) => ({ ...user, maxLagTasks: round3(share.lagOf[i]!) })),
      dwellMs: roundedPercentiles(percentiles(allDwells(completions))),
      sending: sendingReport(completions),
      fairness: {
        jainAtHalf: round3(share.jainAtHalf),
        maxLagTasks: round3(share.maxLagTasks),
        maxLagMs: tasksPerSecond === 0 ? 0 : round3((share.maxLagTasks / tasksPerSecond) * 1000),
        maxLagUser: share.maxLagUser,
        maxLagAtSeconds:
          share.maxLagAt === null ? null : round3(Math.max(0, share.maxLagAt - this.#firstStart) / 1e6),
      },
    };
  }

  /**
   * The run in intervals, for those who draw it.
   *
   * @param drawn users of whom it is told one by one
   */
  timeline(drawn: readonly string[], most = INTERVALS): RunTimeline {
    const { completions, service } = this.#counted();
    const { times } = service.starts;
    const from = times[0] ?? 0;
    const intervals = intervalsOf(from, times.at(-1) ?? from, most);
    const indexOf = new Map(completions.names.map((name, i) => [name, i]));
    const users = drawn.flatMap((name) => indexOf.get(name) ?? []);
    const rowOf = new Int32Array(completions.names.length).fill(-1);
    for (const [row, user] of users.entries()) rowOf[user] = row;
    const { served, backlog } = countTasks(completions, rowOf, users.length, intervals);
    const due = users.map(() => new Float64Array(intervals.count));
    const before = new Float64Array(users.length);
    const lag: number[] = [];
    const lagUser: (string | null)[] = [];
    const spread: Spread[] = [];
    const ends = Float64Array.from({ length: intervals.count }, (_, i) => from + (i + 1) * intervals.length);
    const { half } = fairShare(service, this.#weightOf, {
      times: ends,
      sample: (index, look) => {
        for (const [row, user] of users.entries()) {
          const now = look.due(user);
          due[row]![index] = now - before[row]!;
          before[row] = now;
        }
        lag.push(round3(look.lag));
        lagUser.push(look.lagUser === null ? null : completions.names[look.lagUser]!);
        const ahead = completions.names.flatMap((_, user) => {
          const due = look.due(user);
          return due > 0 ? [look.started[user]! - due] : [];
        });
        spread.push(spreadOf(Float64Array.from(ahead).sort()));
      },
    });
    return {
      begin: from,
      ends: Array.from(ends, (end) => round3((end - from) / 1e6)),
      users: users.map((user, row) => ({
        user: completions.names[user]!,
        served: [...served[row]!],
        due: Array.from(due[row]!, round3),
        backlog: [...backlog[row]!],
        atHalf: { served: half.started[user]!, due: round3(half.due[user]!) },
      })),
      all: { served: [...served[users.length]!], backlog: [...backlog[users.length]!] },
      lag,
      lagUser,
      spread,
      mostWaiting: mostWaiting(completions, times),
    };
  }

  /** How users who share queues fared: between their groups, and inside of each. */
  groupReport(grouping: Grouping): GroupsReport {
    const { completions, startOrder, service } = this.#counted();
    const users = userReports(completions, startOrder, this.#isPart ? null : this.#published, this.#found);
    const missing = users.map((user) => user.missing);
    return groupReport({ completions, startOrder, service, missing }, grouping, this.#weightOf);
  }

  /** Users are in the order of `RunReport.users`. */
  completionOrder(): CompletionOrder {
    const { names, users } = this.#counted().completions;
    return { users: names, order: users };
  }

  /** Whether it is the same task, whose attempts and repeats have the same number among its user's tasks of the run. */
  #isOf(row: number, user: number, run: number, sequence: number): boolean {
    const { users, runs, sequences } = this.#tasks;
    return users[row] === user && runs[row] === run && sequences[row] === sequence;
  }

  get #isPart(): boolean {
    return this.#part.since !== undefined || this.#part.until !== undefined;
  }

  #counted(): Counted {
    this.#cache ??= this.#count();
    return this.#cache;
  }

  /** What counts, in the order of completion, with the users in the order of their names. */
  #count(): Counted {
    for (const user of this.#published.users) indexIn(this.#userIndex, user);
    const names = [...this.#userIndex.keys()].sort(compareNatural);
    const rank = new Uint32Array(names.length);
    for (const [i, name] of names.entries()) rank[this.#userIndex.get(name)!] = i;

    const tasks = this.#tasks;
    const window = windowOf(this.#part, this.#firstStart);
    const later: { users: number[]; times: number[] } = { users: [], times: [] };
    const most = tasks.size - this.#superseded - this.#retrying;
    const users = new Uint32Array(most);
    const enqueued = new Float64Array(most);
    const started = new Float64Array(most);
    const sentLate = new Float64Array(most);
    let to = 0;
    const failed = new Uint32Array(names.length);
    const retries = new Uint32Array(names.length);
    const retrying = new Uint32Array(names.length);
    for (let row = 0; row < tasks.size; row++) {
      const state = tasks.states[row]!;
      const startedAt = tasks.started[row]!;
      const user = rank[tasks.users[row]!]!;
      const isIn = startedAt >= window.from && startedAt < window.to;
      if (state === SUPERSEDED || state === RETRYING) {
        if (isIn) retries[user]!++;
        if (state === RETRYING) retrying[user]!++;
        continue;
      }
      if (!isIn) {
        if (startedAt >= window.to && tasks.enqueued[row]! < window.to) {
          later.users.push(user);
          later.times.push(tasks.enqueued[row]!);
        }
        continue;
      }
      if (state === FAILED) failed[user]!++;
      users[to] = user;
      enqueued[to] = tasks.enqueued[row]!;
      started[to] = tasks.started[row]!;
      sentLate[to] = tasks.sentLate[row]!;
      to++;
    }
    const completions = {
      names,
      users: users.subarray(0, to),
      enqueued: enqueued.subarray(0, to),
      started: started.subarray(0, to),
      sentLate: sentLate.subarray(0, to),
      failed,
      retries,
      retrying,
    };
    const startOrder = orderByTime(completions.started);
    const service = this.#service(completions, startOrder, later);
    return { completions, startOrder, service, window };
  }

  /**
   * Tasks that were published and have not ended count as waiting from when the last of that user had
   * been sent: without them a user that is not served at all would not be seen to lag.
   *
   * @param later tasks that were there in the part of the run that is measured, and started after it
   */
  #service(
    completions: Completions,
    startOrder: Uint32Array,
    later: { readonly users: readonly number[]; readonly times: readonly number[] },
  ): Service {
    const { names, users, enqueued, started } = completions;
    const missing = outstandingByUser(completions, this.#isPart ? null : this.#published);
    const waiting = [...names.entries()].filter(([user]) => (missing[user] ?? 0) > 0);
    const completed = users.length;
    const size = completed + waiting.length + later.users.length;
    const arrivals = {
      users: new Uint32Array(size),
      times: new Float64Array(size),
      tasks: new Uint32Array(size).fill(1),
    };
    arrivals.users.set(users);
    arrivals.users.set(later.users, completed + waiting.length);
    arrivals.times.set(later.times, completed + waiting.length);
    // A clock may say that a task started before it was sent.
    for (let i = 0; i < completed; i++) arrivals.times[i] = Math.min(enqueued[i]!, started[i]!);
    for (const [i, [user, name]] of waiting.entries()) {
      arrivals.users[completed + i] = user;
      arrivals.times[completed + i] = this.#published.sentBy(name);
      arrivals.tasks[completed + i] = missing[user] ?? 0;
    }
    const starts = {
      users: startOrder.map((i) => users[i]!),
      times: Float64Array.from(startOrder, (i) => started[i]!),
    };
    return { users: names, starts, arrivals };
  }
}
