import { round3 } from '../values/round.js';
import type { CountedRun } from './counted-run.js';
import { fairShare } from './fair-share.js';
import {
  countTasks,
  intervalsOf,
  mostWaiting,
  type RunTimeline,
  type Spread,
  spreadOf,
} from './run-timeline.js';
import type { Shares } from './shares.js';

/** As many as can be told apart in a picture. */
const INTERVALS = 120;

/**
 * The run in intervals, for those who draw it.
 *
 * @param drawn users of whom it is told one by one
 */
export function timelineOf(
  { completions, service }: CountedRun,
  shares: Shares,
  drawn: readonly string[],
  most = INTERVALS,
): RunTimeline {
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
  const { half } = fairShare(service, shares, {
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
