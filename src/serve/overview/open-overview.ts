import type { BrokerAddress } from '../../broker/connection/address.js';
import type { Connection } from '../../broker/connection/connection.js';
import type { TaskState } from '../../core/events/task-state.js';
import type { Policy } from '../../core/policy/policy.js';
import type { Names } from '../../core/queues/names.js';
import type { Tenancy } from '../../core/top/top-tenants.js';
import type { Clock } from '../../core/values/clock.js';
import type { StreamTail } from '../tasks/stream-tail.js';
import { DeadList } from './dead-list.js';
import { Explanations } from './explanations.js';
import { FailedLately } from './failed-lately.js';
import { LookingOn } from './looking-on.js';
import { Overview } from './overview.js';
import { queueWarning } from './queue-warning.js';
import { Reports } from './reports.js';
import { RunningTasks } from './running-tasks.js';
import { WorkersHeard } from './workers-heard.js';

export interface OpenOverviewDeps {
  readonly address: BrokerAddress;
  readonly names: Names;
  readonly clock: Clock;
  readonly newId: () => string;
  /** Each user's share against the others. */
  readonly weightOf: (user: string) => number;
  readonly tenants?: Pick<Tenancy, 'tenantOf' | 'weightOf'> | undefined;
  readonly sendingOn: Connection;
  readonly readingOn: Connection;
  readonly tail: StreamTail;
  /** As it is followed. */
  readonly policy: () => Policy;
  readonly onWarning: (text: string) => void;
}

/** What tells of users, workers, runs and dead letters. */
export interface OpenedOverview {
  readonly overview: Overview;
  readonly reports: Reports;
  readonly dead: DeadList;
  readonly explanations: Explanations;
  readonly warningOf: (state: TaskState) => string | undefined;
  close(): Promise<void>;
}

export async function openOverview(deps: OpenOverviewDeps): Promise<OpenedOverview> {
  const { names, clock, newId, sendingOn, readingOn, tail, onWarning } = deps;
  const workers = await WorkersHeard.open({ connection: readingOn, names, now: clock.now, onWarning });
  const failed = new FailedLately(() => clock.epochMicros() / 1_000);
  tail.listen(failed);
  const running = new RunningTasks({ connection: sendingOn, names, newId, workers });
  const looking = new LookingOn(deps);
  return {
    overview: new Overview({
      names,
      looking,
      running,
      failed,
      heard: workers,
      tenantOf: deps.tenants?.tenantOf,
      policy: deps.policy,
      epochMs: () => clock.epochMicros() / 1_000,
    }),
    reports: new Reports(deps),
    dead: new DeadList(deps),
    explanations: new Explanations(deps),
    warningOf: queueWarning(names, workers),
    close: async () => {
      workers.close();
      await Promise.all([running.close(), looking.close()]);
    },
  };
}
