import type { Grouping } from '../queues/grouping.js';
import type { BetweenUnits, InsideReport, UnitReport } from '../reports/units-report.js';
import { compareNatural } from '../values/natural-order.js';
import { round3 } from '../values/round.js';
import { type FairShare, fairShare, type Service } from './fair-share.js';
import type { Shares } from './shares.js';
import { type Completions, userReports } from './user-reports.js';

/** A run as seen by the groups that share queues: part of `report --group-by --json`. */
export interface GroupsReport extends BetweenUnits {
  /** As it was asked for: `hash:64`. */
  readonly groupBy: string;
  readonly maxLagGroup: string | null;
  readonly groups: readonly GroupReport[];
}

export interface GroupReport extends UnitReport {
  /** `hash:64:17`; the user, for one that is in no group. */
  readonly group: string;
}

/** What is known of a run, users by index. */
export interface GroupedRun {
  readonly completions: Completions;
  readonly startOrder: Uint32Array;
  readonly service: Service;
  readonly missing: readonly (number | null)[];
}

type Weighing = Shares | ((name: string) => number);

/**
 * @param weightOf of a user, or of a group, by name
 * @param weightInside of a user against the others of its group
 */
export function groupReport(
  { completions, startOrder, service, missing }: GroupedRun,
  { text, groupOf }: Grouping,
  weightOf: Weighing,
  weightInside = weightOf,
): GroupsReport {
  const { labels, unitOf, sizes } = unitsOf(completions.names, groupOf);
  const mapped = (users: Uint32Array) => users.map((user) => unitOf[user]!);
  const share = fairShare(
    {
      users: labels,
      starts: { ...service.starts, users: mapped(service.starts.users) },
      arrivals: { ...service.arrivals, users: mapped(service.arrivals.users) },
    },
    weightOf,
  );
  const reports = userReports(
    { ...completions, names: labels, users: mapped(completions.users) },
    startOrder,
    null,
    undefined,
  );
  const missingOf = labels.map((): number | null => null);
  for (const [user, count] of missing.entries()) {
    if (count !== null) missingOf[unitOf[user]!] = (missingOf[unitOf[user]!] ?? 0) + count;
  }
  const inside = servicesInside(service, unitOf, labels.length);
  return {
    groupBy: text,
    jainAtHalf: round3(share.jainAtHalf),
    maxLagTasks: round3(share.maxLagTasks),
    maxLagGroup: share.maxLagUser,
    groups: reports
      .map(({ user, tasks, dwellMs }, unit) => ({
        group: user,
        users: sizes[unit]!,
        tasks,
        missing: missingOf[unit]!,
        dwellMs,
        maxLagTasks: round3(share.lagOf[unit]!),
        inside: sizes[unit]! < 2 ? null : insideReport(fairShare(inside[unit]!, weightInside)),
      }))
      .sort((a, b) => compareNatural(a.group, b.group)),
  };
}

function insideReport({ jainAtHalf, maxLagTasks, maxLagUser }: FairShare): InsideReport {
  return { jainAtHalf: round3(jainAtHalf), maxLagTasks: round3(maxLagTasks), maxLagUser };
}

/** Groups, and users in none; a group and a user may have the same name. */
function unitsOf(
  names: readonly string[],
  groupOf: Grouping['groupOf'],
): { labels: string[]; unitOf: Uint32Array; sizes: number[] } {
  const units = new Map<string, number>();
  const labels: string[] = [];
  const sizes: number[] = [];
  const unitOf = Uint32Array.from(names, (user) => {
    const group = groupOf(user);
    const key = group === undefined ? `user ${user}` : `group ${group}`;
    const unit = units.get(key) ?? labels.length;
    if (unit === labels.length) {
      units.set(key, unit);
      labels.push(group ?? user);
      sizes.push(0);
    }
    sizes[unit]!++;
    return unit;
  });
  return { labels, unitOf, sizes };
}

/** What the users of each unit asked for and got, as if there were no others. */
function servicesInside({ users, starts, arrivals }: Service, unitOf: Uint32Array, count: number): Service[] {
  const startsOf = rowsByUnit(starts.users, unitOf, count);
  const arrivalsOf = rowsByUnit(arrivals.users, unitOf, count);
  return startsOf.map((rows, unit) => {
    const asked = arrivalsOf[unit]!;
    const own = new Map<number, number>();
    const names: string[] = [];
    const index = (user: number) => {
      let at = own.get(user);
      if (at === undefined) {
        at = names.push(users[user]!) - 1;
        own.set(user, at);
      }
      return at;
    };
    return {
      users: names,
      starts: {
        users: Uint32Array.from(rows, (row) => index(starts.users[row]!)),
        times: Float64Array.from(rows, (row) => starts.times[row]!),
      },
      arrivals: {
        users: Uint32Array.from(asked, (row) => index(arrivals.users[row]!)),
        times: Float64Array.from(asked, (row) => arrivals.times[row]!),
        tasks: Uint32Array.from(asked, (row) => arrivals.tasks[row]!),
      },
    };
  });
}

/** The rows of each unit, in their order. */
function rowsByUnit(users: Uint32Array, unitOf: Uint32Array, count: number): number[][] {
  const rows = Array.from({ length: count }, (): number[] => []);
  for (const [row, user] of users.entries()) rows[unitOf[user]!]!.push(row);
  return rows;
}
