import type { GivenUpAttempt } from '../events/given-up.js';
import type { RunRecord, TaskEvent } from '../events/task-event.js';
import type { Outstanding, Whereabouts } from '../events/whereabouts.js';
import type { Grouping } from '../queues/grouping.js';
import type { CompletionOrder, OverlapReport, RunReport } from '../reports/run-report.js';
import type { TenantsReport } from '../reports/tenants-report.js';
import type { TenantRule } from '../tenants/tenant-rule.js';
import { compareNatural } from '../values/natural-order.js';
import { round3 } from '../values/round.js';
import type { PartOfRun } from '../values/window-of-time.js';
import { CollectedRun } from './collected-run.js';
import { type CountedRun, countRun } from './counted-run.js';
import { timelineOf } from './drawn-timeline.js';
import { fairShare } from './fair-share.js';
import { type GroupsReport, groupReport } from './group-report.js';
import { percentiles } from './percentiles.js';
import type { RunTimeline } from './run-timeline.js';
import { sendingReport } from './sending-report.js';
import { lasting, type Shares } from './shares.js';
import { tenantsAtOnce } from './tenants-at-once.js';
import {
  allDwells,
  type CountedUser,
  outstandingByUser,
  roundedPercentiles,
  userReports,
} from './user-reports.js';

function finite(micros: number): number | null {
  return Number.isFinite(micros) ? micros : null;
}

/** Null where it is not known of anybody. */
function total(users: readonly CountedUser[], of: keyof Whereabouts | 'outstanding'): number | null {
  let known: number | null = null;
  for (const user of users) if (user[of] !== null) known = (known ?? 0) + user[of];
  return known;
}

/** So many are named. */
const MOST_OVERLAPS = 1_000;

function overlapReport({
  id,
  user,
  run,
  attempt,
  worker,
  freeFrom,
  finished,
}: GivenUpAttempt): OverlapReport {
  return { worker, task: id, user, run, attempt, from: freeFrom, to: finished };
}

function sum(counts: Uint32Array): number {
  return counts.reduce((total, count) => total + count, 0);
}

/** Measures what the event stream says of one run: takes events in, in stream order, and gives reports out. */
export class RunMeasures {
  readonly #run = new CollectedRun();
  readonly #shares: Shares;
  readonly #part: PartOfRun;
  #cache: CountedRun | undefined;
  #found: ReadonlyMap<string, Whereabouts> | undefined;
  #historyFrom = Number.NEGATIVE_INFINITY;

  /**
   * @param shares or a weight for each user, the same all the time
   * @param part to measure only the tasks that started then
   */
  constructor(shares: Shares | ((user: string) => number) = () => 1, part: PartOfRun = {}) {
    this.#shares = typeof shares === 'function' ? lasting(shares) : shares;
    this.#part = part;
  }

  add(event: TaskEvent): void {
    this.#cache = undefined;
    this.#run.add(event);
  }

  addRecord(record: RunRecord): void {
    this.#cache = undefined;
    this.#run.addRecord(record);
  }

  addGivenUp(attempt: GivenUpAttempt): void {
    this.#cache = undefined;
    this.#run.addGivenUp(attempt);
  }

  /** The event stream holds nothing from before; microseconds since the epoch. */
  historyBegins(at: number): void {
    this.#historyFrom = at;
  }

  /** What has not completed, of each user who has such tasks; empty where nobody has said what was published. */
  outstanding(): ReadonlyMap<string, Outstanding> {
    const { completions, published } = this.#counted();
    const tasks = outstandingByUser(completions, published);
    const found = new Map<string, Outstanding>();
    for (const [i, user] of completions.names.entries()) {
      const count = tasks[i]!;
      if (count) found.set(user, { tasks: count, retrying: completions.retrying[i]! });
    }
    return found;
  }

  /** Queues that its tasks went to and that are no user's own. */
  get queues(): readonly string[] {
    return this.#run.published.queues;
  }

  /** Where the tasks are that are outstanding, which nobody can tell from events. */
  found(whereabouts: ReadonlyMap<string, Whereabouts>): void {
    this.#found = whereabouts;
  }

  report(run: string): RunReport {
    const collected = this.#run;
    const { completions, startOrder, service, window, published, atOnce } = this.#counted();
    const users = userReports(completions, startOrder, published, this.#found);
    const completed = completions.users.length;
    const from = Math.max(collected.firstStart, window.from);
    const seconds = Math.max(0, Math.min(collected.lastFinish, window.to) - from) / 1e6;
    const tasksPerSecond = seconds === 0 ? 0 : completed / seconds;
    const share = fairShare(service, this.#shares);
    const overlaps = collected.givenUp.overlaps(window);
    const sent = published?.total ?? null;
    return {
      run,
      seconds: round3(seconds),
      tasksPerSecond: round3(tasksPerSecond),
      published: sent,
      completed,
      failed: sum(completions.failed),
      retries: sum(completions.retries),
      outstanding: sent === null ? null : (total(users, 'outstanding') ?? 0),
      waiting: total(users, 'waiting'),
      running: total(users, 'running'),
      retrying: total(users, 'retrying'),
      unknown: total(users, 'unknown'),
      missing: sent === null ? null : (total(users, 'missing') ?? 0),
      duplicates: collected.duplicates,
      mostRunning: atOnce.most,
      overlaps: overlaps.slice(0, MOST_OVERLAPS).map(overlapReport),
      overlapCount: overlaps.length,
      runs: [...collected.runIndex.keys()].sort(compareNatural),
      beganAt: completed === 0 ? null : finite(from),
      endedAt: completed === 0 ? null : finite(Math.min(collected.lastFinish, window.to)),
      window: published === null ? { since: finite(window.from), until: finite(window.to) } : null,
      historyCutAt: collected.earliest < this.#historyFrom ? this.#historyFrom : null,
      workerNames: [...collected.workers].sort(compareNatural),
      userCount: users.length,
      users: users.map((user, i) => ({
        ...user,
        maxLagTasks: round3(share.lagOf[i]!),
        mostRunning: atOnce.mostOf[i]!,
      })),
      dwellMs: roundedPercentiles(percentiles(allDwells(completions))),
      sending: sendingReport(completions),
      fairness: {
        jainAtHalf: round3(share.jainAtHalf),
        maxLagTasks: round3(share.maxLagTasks),
        maxLagMs: tasksPerSecond === 0 ? 0 : round3((share.maxLagTasks / tasksPerSecond) * 1000),
        maxLagUser: share.maxLagUser,
        maxLagAtSeconds:
          share.maxLagAt === null ? null : round3(Math.max(0, share.maxLagAt - collected.firstStart) / 1e6),
      },
    };
  }

  /**
   * The run in intervals, for those who draw it.
   *
   * @param drawn users of whom it is told one by one
   */
  timeline(drawn: readonly string[], most?: number): RunTimeline {
    return timelineOf(this.#counted(), this.#shares, drawn, most);
  }

  /** How users who share queues fared: between their groups, and inside of each. */
  groupReport(grouping: Grouping): GroupsReport {
    return this.#groupReport(grouping, this.#betweenUsers);
  }

  /** As if nobody belonged to anybody. */
  get #betweenUsers(): Shares {
    return { ...this.#shares, tenants: undefined };
  }

  #groupReport(grouping: Grouping, between: Shares): GroupsReport {
    const { completions, startOrder, service, published } = this.#counted();
    const users = userReports(completions, startOrder, published, this.#found);
    const missing = users.map((user) => user.missing);
    return groupReport({ completions, startOrder, service, missing }, grouping, between, this.#betweenUsers);
  }

  /** How tenants fared: between them, and inside of each. @param weightOf of a tenant */
  tenantsReport(
    { text, tenantOf }: TenantRule,
    weightOf: (tenant: string, at: number) => number,
  ): TenantsReport {
    const { groupBy, maxLagGroup, groups, ...rest } = this.#groupReport(
      { text, groupsStartWith: undefined, groupOf: tenantOf },
      { weightOf, changes: this.#shares.changes },
    );
    const names = groups.map(({ group }) => group);
    const atOnce = tenantsAtOnce(this.#run, this.#counted().window, names, tenantOf, this.#found);
    const tenants = groups.map(({ group, ...one }, i) => ({ tenant: group, ...one, ...atOnce[i]! }));
    return { tenantOf: groupBy, maxLagTenant: maxLagGroup, ...rest, tenants };
  }

  /** Users are in the order of `RunReport.users`. */
  completionOrder(): CompletionOrder {
    const { names, users } = this.#counted().completions;
    return { users: names, order: users };
  }

  #counted(): CountedRun {
    this.#cache ??= countRun(this.#run, this.#part);
    return this.#cache;
  }
}
