import { round3 } from '../../core/values/round.js';
import { ATTENTION, type Attention, attentionTo, byAttention } from '../overview/attention.js';
import type { AllUsers, AllWorkers } from '../overview/overview.js';
import type { UserFigures } from '../overview/user-figures.js';
import type { Alarm } from './alarms.js';
import type { Live } from './live-views.js';

/** Users that are told of one by one. */
const MOST_SHOWN = 50;
const MOST_SERVED = 12;

export interface LookParts {
  readonly all: AllUsers;
  readonly workers: AllWorkers;
  readonly alarms: readonly Alarm[] | null;
  readonly policyRevision: number;
}

/** What is to be seen at once of all users and workers. */
export function liveLook({ all, workers: { workers, perSecond }, alarms, policyRevision }: LookParts): Live {
  const { age, users, shared, atAllWorkers } = all;
  const told = users.map((figures) => ({ ...figures, attention: attentionTo(figures) }));
  const needing = Object.fromEntries(ATTENTION.map((one) => [one, 0])) as Record<Attention, number>;
  for (const { attention } of told) for (const one of attention) needing[one]++;
  const sum = (of: (figures: UserFigures) => number | null, and = 0) =>
    users.reduce((total, figures) => total + (of(figures) ?? 0), and);
  const slots = workers.reduce((total, worker) => total + worker.slots, 0);
  const idle = workers.reduce((total, worker) => total + worker.idle, 0);
  const size = ({ share, fairShare }: UserFigures) => Math.max(share ?? 0, fairShare ?? 0);
  return {
    ...age,
    totals: {
      users: users.length,
      backlogged: users.filter(({ backlog, atWorkers }) => (backlog ?? atWorkers ?? 0) > 0).length,
      backlog: age.listedSecondsAgo === null ? null : sum(({ backlog }) => backlog, shared?.backlog ?? 0),
      running: atAllWorkers === undefined ? null : sum(({ running }) => running),
      perSecond: round3(perSecond),
      failedLately: sum(({ failedLately }) => failedLately),
      slots,
      busy: Math.round(slots - idle),
      workers: workers.length,
    },
    shared,
    needing,
    oldest: oldestOf(told) ?? null,
    attention: told
      .filter(({ attention }) => attention.length > 0)
      .sort(byAttention)
      .slice(0, MOST_SHOWN),
    served: told
      .filter((figures) => size(figures) > 0)
      .sort((a, b) => size(b) - size(a))
      .slice(0, MOST_SERVED),
    alarms: alarms === null ? null : [...alarms],
    policyRevision,
  };
}

/** Whoever waits for longest. Who is paused waits on purpose. */
function oldestOf<Told extends UserFigures>(users: readonly Told[]): Told | undefined {
  let oldest: Told | undefined;
  for (const figures of users) {
    const { oldestWaitSeconds, paused } = figures;
    if (oldestWaitSeconds === null || paused !== null) continue;
    if (oldest === undefined || oldestWaitSeconds > oldest.oldestWaitSeconds!) oldest = figures;
  }
  return oldest;
}
