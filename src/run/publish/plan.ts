import type { QueueKind } from '../../broker/queues/topology.js';
import { usageError } from '../../core/errors/errors.js';
import { evenly, unpaced } from '../../core/load/pacing.js';
import { orderOf } from '../../core/load/workload.js';
import { MOST_TEXT } from '../../core/message/envelope.js';
import { republishableText } from '../../core/message/republishable.js';
import { BY_USER, type Grouping } from '../../core/queues/grouping.js';
import { encodeText, type Names } from '../../core/queues/names.js';
import type { DurationRange } from '../../core/values/quantities.js';
import { seededRandom } from '../../core/values/random.js';
import { type WorkloadFlags, workloadFrom } from './asked-workload.js';
import { payloadsFrom } from './payloads.js';
import { Places } from './places.js';
import type { PlannedTask } from './planned-task.js';
import type { PublishPlan } from './publish-plan.js';

/** Tasks that are made at a time. */
const BATCH = 256;

export interface PlanFlags extends WorkloadFlags {
  readonly seed: number;
  readonly task: string;
  readonly duration?: DurationRange | undefined;
  readonly size?: number | undefined;
  readonly payload?: string | undefined;
  readonly from?: string | undefined;
  /** Send while it is read. */
  readonly stream: boolean;
  readonly rate?: number | undefined;
  /** Where the tasks go instead of their users' own queues. */
  readonly queue?: string | undefined;
  readonly grouping: Grouping;
  readonly run: string;
  /** Somebody has named it. */
  readonly runGiven: boolean;
  /** Whom the broker knows this connection as. */
  readonly username: string;
  readonly queueKind: QueueKind;
  readonly shared: boolean;
  /** Refuses a user whose queue cannot have its name; fairq's own queues if not given. */
  readonly queueOf?: ((user: string) => string) | undefined;
  /** All tasks go to the queue of strategy `priority`, with this one. */
  readonly priority?: number | undefined;
}

/** What is to be sent, checked before anything is, unless it comes as a stream. */
export async function planFrom(
  flags: PlanFlags,
  names: Names,
  stdin: NodeJS.ReadableStream,
): Promise<PublishPlan> {
  const groups = flags.grouping !== BY_USER;
  if ((flags.queue !== undefined || groups) && (flags.shared || flags.priority !== undefined)) {
    const flag = groups ? '--group-by' : '--queue';
    throw usageError('QUEUE_AND_STRATEGY', `${flag} and another --strategy exclude each other`, {
      hint: 'Such a strategy has one queue for all tasks.',
    });
  }
  checkLengths(flags);
  const places = new Places(names, flags);
  const load =
    flags.from === undefined ? generated(flags, places) : await fromFile(flags.from, flags, places, stdin);
  return {
    ...load,
    run: flags.run,
    pacing: flags.rate === undefined ? unpaced : evenly(flags.rate),
    queueKind: flags.queueKind,
    shared: flags.shared,
  };
}

type Load = Pick<PublishPlan, 'total' | 'users' | 'tasksOf' | 'common' | 'batches' | 'source'>;

/** Refuses what would not arrive as it was sent. */
function checkLengths({ run, task }: PlanFlags): void {
  if (encodeText(run).length > MOST_TEXT) {
    throw usageError('RUN_TOO_LONG', `--run "${run.slice(0, 24)}…" is too long to be sent with each task`, {
      hint: `Use a shorter one: at most ${MOST_TEXT} characters, of which those other than letters, digits and . _ @ : - count more.`,
    });
  }
  if (republishableText(task) === undefined) {
    throw usageError('TASK_NAME_TOO_LONG', `--task "${task.slice(0, 24)}…" is longer than 255 bytes`, {
      hint: 'Use a shorter name: AMQP carries none that is longer.',
    });
  }
}

function generated(flags: PlanFlags, places: Places): Load {
  const { task, duration, size, payload } = flags;
  const user = flags.user ?? (flags.users === undefined ? places.named(task) : undefined);
  const workload = workloadFrom({ ...flags, user }, seededRandom(flags.seed));
  const placed = new Map(workload.users.map((name) => [name, places.of(task, name)]));
  const only = workload.users.length === 1 ? workload.users[0] : undefined;
  const next = payloadsFrom({ duration, size, payload }, seededRandom(flags.seed + 1));
  return {
    total: workload.total,
    users: workload.users,
    tasksOf: workload.tasksOf,
    common: { type: task, ...(only !== undefined && { user: only, ...placed.get(only) }) },
    async *batches() {
      let batch: PlannedTask[] = [];
      for (const name of orderOf(workload)) {
        batch.push({ user: name, ...placed.get(name), type: task, ...next() });
        if (batch.length < BATCH) continue;
        yield batch;
        batch = [];
      }
      yield batch;
    },
  };
}

async function fromFile(
  file: string,
  flags: PlanFlags,
  places: Places,
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
  const { openTaskFile } = await import('./task-file.js');
  const { task: defaultTask, username, runGiven: renamesRuns, stream } = flags;
  const options = { defaultTask, places, username, renamesRuns, stream };
  const source = await openTaskFile(file, stdin, options);
  // Whose they are is known when they have been read.
  const { total, tasksOf } = source;
  return {
    total,
    users: [],
    ...(tasksOf && { tasksOf }),
    common: {},
    batches: () => source.batches(),
    source,
  };
}
