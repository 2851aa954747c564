import { formatCount } from '../../../render/parts/numbers.js';
import type { PolicyChange } from '../../../serve/policy/policy-schemas.js';
import { Name } from '../name.js';

const LATE: Readonly<Record<PolicyChange['late'][number]['why'], string>> = {
  silent: 'is connected and says nothing',
  older: 'knows no policy: its fairq is older, or it may not read the policy',
  'no-tenants': 'knows no tenants: start it with --tenant-of',
  behind: 'goes by an older revision',
};
const MOST_NAMED = 5;

/** What a change came to: who goes by it, who is late, and what still runs. */
export function ChangeSaid({ change }: { readonly change: PolicyChange | undefined }) {
  return (
    <div role="status" class="change-said">
      {change !== undefined && <Said change={change} />}
    </div>
  );
}

function Said({ change }: { readonly change: PolicyChange }) {
  const { changed, revision, workers, late, warnings, stillRunning, stillRunningUntold } = change;
  const running = stillRunning.length + stillRunningUntold;
  const all = workers.length + late.length;
  return (
    <div class="notice">
      <p>
        <b>
          <Name of={change.what} />
        </b>{' '}
        {changed ? `(revision ${revision}).` : `It was so already (revision ${revision}).`}{' '}
        {all === 0
          ? 'No worker runs. The next one goes by it from its first task on.'
          : late.length === 0
            ? `${formatCount(all)} ${all === 1 ? 'worker goes' : 'workers go'} by it.`
            : `${formatCount(workers.length)} of ${formatCount(all)} workers go by it.`}
      </p>
      {late.length > 0 && (
        <ul class="late">
          {late.map(({ name, why }) => (
            <li key={name}>
              Late: <Name of={name} /> {LATE[why]}.
            </li>
          ))}
        </ul>
      )}
      {warnings.map((warning) => (
        <p key={warning}>
          <Name of={warning} />
        </p>
      ))}
      {running > 0 && (
        <p>
          {running === 1
            ? '1 task that had started still runs'
            : `${formatCount(running)} tasks that had started still run`}{' '}
          (
          {stillRunning.slice(0, MOST_NAMED).map(({ id, worker }, i) => (
            <span key={id}>
              {i > 0 && ', '}
              <Name of={id} /> at <Name of={worker} />
            </span>
          ))}
          {running > MOST_NAMED && ', …'}): a pause ends none.
        </p>
      )}
    </div>
  );
}
