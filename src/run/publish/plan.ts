import type { QueueKind } from '../../broker/topology.js';
import { type Names, routingKeyOf } from '../../core/names.js';
import { evenly, unpaced } from '../../core/pacing.js';
import type { DurationRange } from '../../core/quantities.js';
import { seededRandom } from '../../core/random.js';
import { type WorkloadFlags, workloadFrom } from '../../core/workload.js';
import { usageError } from '../../errors.js';
import { payloadsFrom } from './payloads.js';
import type { PlannedTask, PublishPlan } from './publish-run.js';

export interface PlanFlags extends WorkloadFlags {
  readonly seed: number;
  readonly task: string;
  readonly duration?: DurationRange | undefined;
  readonly size?: number | undefined;
  readonly payload?: string | undefined;
  readonly from?: string | undefined;
  readonly rate?: number | undefined;
  readonly run: string;
  readonly queueKind: QueueKind;
  readonly shared: boolean;
}

/** What is to be sent, complete and checked before anything is. */
export async function planFrom(
  flags: PlanFlags,
  names: Names,
  stdin: NodeJS.ReadableStream,
): Promise<PublishPlan> {
  const plan =
    flags.from === undefined
      ? generatedPlan(flags)
      : complete(flags, await fromFile(flags.from, flags, names, stdin));
  for (const user of plan.users) routingKeyOf(names, user);
  return plan;
}

/** A load that is made up from flags alone. */
export function generatedPlan(flags: PlanFlags): PublishPlan {
  return complete(flags, generated(flags));
}

function complete(flags: PlanFlags, load: Load): PublishPlan {
  return {
    ...load,
    run: flags.run,
    pacing: flags.rate === undefined ? unpaced : evenly(flags.rate),
    queueKind: flags.queueKind,
    shared: flags.shared,
  };
}

type Load = Pick<PublishPlan, 'total' | 'users' | 'tasks' | 'givenIds'>;

function generated(flags: PlanFlags): Load {
  const workload = workloadFrom(flags, seededRandom(flags.seed));
  const { duration, size, payload } = flags;
  const next = payloadsFrom({ duration, size, payload }, seededRandom(flags.seed + 1));
  return {
    total: workload.total,
    users: workload.users,
    givenIds: [],
    *tasks() {
      for (const user of workload.order()) yield { user, type: flags.task, ...next() };
    },
  };
}

async function fromFile(
  file: string,
  flags: PlanFlags,
  names: Names,
  stdin: NodeJS.ReadableStream,
): Promise<Load> {
  const clash = (['user', 'count', 'users', 'total', 'payload', 'duration', 'size'] as const).find(
    (name) => flags[name] !== undefined,
  );
  if (clash !== undefined) {
    throw usageError('FROM_AND_OTHERS', `--from and --${clash} exclude each other`, {
      hint: 'The file says whose tasks these are and what they carry.',
    });
  }
  const { readTaskFile } = await import('./task-file.js');
  const tasks: PlannedTask[] = await readTaskFile(file, stdin, names, flags.task);
  return {
    total: tasks.length,
    users: [...new Set(tasks.map(({ user }) => user))],
    givenIds: tasks.flatMap(({ id }) => id ?? []),
    tasks: () => tasks,
  };
}
