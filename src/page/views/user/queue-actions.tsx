import { useState } from 'preact/hooks';
import { formatTasks } from '../../../render/parts/numbers.js';
import { inPath } from '../../base/ask.js';
import { usePage } from '../../base/page-context.js';
import { Name } from '../../parts/name.js';
import { PlanDialog, type Planned } from './plan-dialog.js';
import { PruneDialog } from './prune-dialog.js';

interface QueueActionsProps {
  readonly user: string;
  /** Undefined while it is not known. */
  readonly queue: string | undefined;
  /** Something was done: figures are another. */
  onDone(): void;
}

/** A plan of a purge or a deletion, or what was done. */
interface QueuePlan extends Planned {
  readonly queue: string;
  readonly tasks: number;
}

/** What an operator may do to the queue of a user. Each is planned first, and carried out as it was planned. */
export function QueueActions({ user, queue, onDone }: QueueActionsProps) {
  const { say } = usePage();
  const [open, setOpen] = useState<'purge' | 'delete' | 'prune'>();
  const close = () => setOpen(undefined);
  const done = (text: string) => {
    say(text);
    close();
    onDone();
  };
  const path = `v1/users/${inPath(user)}`;
  return (
    <section aria-labelledby="queue">
      <h2 id="queue">Its queue</h2>
      {queue !== undefined && (
        <p class="quiet">
          <Name of={queue} />
        </p>
      )}
      <div class="acts">
        <button type="button" class="danger" onClick={() => setOpen('purge')}>
          Purge …
        </button>
        <button type="button" class="danger" onClick={() => setOpen('delete')}>
          Delete …
        </button>
        <button type="button" disabled={queue === undefined} onClick={() => setOpen('prune')}>
          Prune …
        </button>
      </div>
      {open === 'purge' && (
        <PlanDialog<QueuePlan>
          title="Purge the queue"
          path={`${path}:purge`}
          act="Throw them away"
          onClose={close}
          onDone={({ tasks }) => done(`${formatTasks(tasks)} thrown away.`)}
        >
          {({ queue: planned, tasks }) => (
            <p>
              {waits(tasks)} in <Name of={planned} />, and would be thrown away for good. Those that workers
              have already are run.
            </p>
          )}
        </PlanDialog>
      )}
      {open === 'delete' && (
        <PlanDialog<QueuePlan>
          title="Delete the queue"
          path={`${path}:delete`}
          act="Delete it"
          also={{ of: 'queue-has-tasks', body: { withTasks: true }, text: 'Plan it with the tasks' }}
          onClose={close}
          onDone={({ tasks }) =>
            done(`The queue is deleted${tasks > 0 ? `, and ${formatTasks(tasks)} are thrown away` : ''}.`)
          }
        >
          {({ queue: planned, tasks }) => (
            <p>
              <Name of={planned} /> would be deleted
              {tasks > 0
                ? `, and ${formatTasks(tasks)} in it would be thrown away for good.`
                : '. It is empty.'}{' '}
              It is made again when the user needs one.
            </p>
          )}
        </PlanDialog>
      )}
      {open === 'prune' && queue !== undefined && <PruneDialog queue={queue} onClose={close} onDone={done} />}
    </section>
  );
}

function waits(tasks: number): string {
  return `${formatTasks(tasks)} ${tasks === 1 ? 'waits' : 'wait'}`;
}
