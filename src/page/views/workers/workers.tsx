import { formatRate } from '../../../render/parts/numbers.js';
import type { Workers as WorkersTold } from '../../../serve/overview/overview-views.js';
import { usePage } from '../../base/page-context.js';
import { useAsked } from '../../base/use-asked.js';
import { counted } from '../../parts/figures.js';
import { Loading, RefusedBox } from '../../parts/notice.js';
import { SilentWorkers } from './silent-workers.js';
import { WorkersTable } from './workers-table.js';

/** Each worker: what it does, and whether it is to be heard. */
export function Workers() {
  const { live } = usePage();
  const { value, refused } = useAsked<WorkersTold>('v1/workers', live.looks);
  return (
    <>
      <h1>Workers</h1>
      <RefusedBox refused={refused} />
      {value === undefined ? refused === undefined && <Loading /> : <Told told={value} />}
    </>
  );
}

function Told({ told }: { readonly told: WorkersTold }) {
  const { workers, silent, workersKnown, perSecond, policyRevision } = told;
  const slots = workers.reduce((sum, worker) => sum + worker.slots, 0);
  return (
    <>
      <p class="quiet">
        {counted(workers.length, 'worker')} with {counted(slots, 'slot')}. {formatRate(perSecond)} end.{' '}
        {policyRevision === null
          ? 'The policy cannot be read.'
          : policyRevision === 0
            ? 'No policy was ever set.'
            : `The newest policy is revision ${policyRevision}.`}{' '}
        {!workersKnown && 'The server has not listened for long enough to have heard all of them.'}
      </p>
      {workers.length === 0 ? (
        workersKnown && <p class="bad">No worker is there: nothing runs until one is started.</p>
      ) : (
        <WorkersTable workers={workers} newest={policyRevision} />
      )}
      {silent.length > 0 && <SilentWorkers silent={silent} />}
    </>
  );
}
