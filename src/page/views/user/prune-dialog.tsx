import { formatBytes, formatDuration } from '../../../render/parts/numbers.js';
import { Name } from '../../parts/name.js';
import { PlanDialog, type Planned } from './plan-dialog.js';

/** The queue is watched for so long: whoever opens the dialog waits for it. */
const OBSERVE = '2s';

interface PrunePlan extends Planned {
  readonly idleForMs: number;
  readonly queues: number;
  readonly examples: readonly { readonly name: string; readonly memoryBytes: number }[];
  readonly tooSoon: number;
  readonly withTasks: number;
  readonly pruned: number;
  readonly outcomes: readonly { readonly queue: string; readonly reason?: string }[];
}

interface PruneDialogProps {
  readonly queue: string;
  onDone(text: string): void;
  onClose(): void;
}

/** Deletes the queue if nobody uses it, and loses no task whatever comes meanwhile. */
export function PruneDialog({ queue, onDone, onClose }: PruneDialogProps) {
  return (
    <PlanDialog<PrunePlan>
      title="Prune the queue"
      path="v1/queues:prune"
      body={{ match: queue, observe: OBSERVE }}
      act="Prune it"
      isEmpty={({ queues }) => queues === 0}
      onClose={onClose}
      onDone={({ pruned, outcomes: [first] }) =>
        onDone(
          pruned > 0
            ? 'The queue is pruned. It is made again when the user needs one.'
            : `The queue is kept: ${first?.reason ?? 'it is gone, or was used'}.`,
        )
      }
    >
      {(plan) => <Plan plan={plan} />}
    </PlanDialog>
  );
}

function Plan({ plan: { queues, examples, idleForMs, tooSoon, withTasks } }: { readonly plan: PrunePlan }) {
  if (queues === 0) {
    const why =
      withTasks > 0
        ? 'Tasks are in it.'
        : tooSoon > 0
          ? `Something came or went in the last ${formatDuration(idleForMs)}.`
          : 'It is not there.';
    return <p>Nothing is to be pruned. {why}</p>;
  }
  return (
    <>
      <p>
        These are empty, and nothing came or went for {formatDuration(idleForMs)}. They would be deleted; no
        task is lost by it:
      </p>
      <ul>
        {examples.map(({ name, memoryBytes }) => (
          <li key={name}>
            <Name of={name} />, {formatBytes(memoryBytes)} of memory
          </li>
        ))}
      </ul>
    </>
  );
}
