import { formatRate } from '../../../render/parts/numbers.js';
import type { Workers } from '../../../serve/overview/overview-views.js';
import { countText, secondsText } from '../../parts/figures.js';
import { Name, UserLink } from '../../parts/name.js';

type Worker = Workers['workers'][number];

const MOST_SHOWN = 500;
/** A worker speaks every two seconds: one that has missed two of its turns is told of. */
const SILENT_AFTER_SECONDS = 5;

interface WorkersTableProps {
  readonly workers: readonly Worker[];
  /** Revision of the newest policy; null where nobody knows it. */
  readonly newest: number | null;
}

export function WorkersTable({ workers, newest }: WorkersTableProps) {
  const sorted = workers.toSorted((a, b) => a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1));
  const hidden = sorted.length - MOST_SHOWN;
  return (
    <>
      <div class="scroll">
        <table class="rows steady">
          <thead>
            <tr>
              <th scope="col">worker</th>
              <th scope="col" class="text">
                state
              </th>
              <th scope="col">slots</th>
              <th scope="col">running</th>
              <th scope="col">prefetched</th>
              <th scope="col">ends</th>
              <th scope="col">policy</th>
              <th scope="col" class="text">
                longest task
              </th>
            </tr>
          </thead>
          <tbody>
            {sorted.slice(0, MOST_SHOWN).map((worker) => (
              <Row key={worker.id} worker={worker} newest={newest} />
            ))}
          </tbody>
        </table>
      </div>
      {hidden > 0 && <p class="quiet">{countText(hidden)} more are not shown.</p>}
    </>
  );
}

function Row({ worker, newest }: { readonly worker: Worker; readonly newest: number | null }) {
  const { name, slots, idle, running, prefetched, perSecond, longest, policyRevision } = worker;
  const isOlder = policyRevision !== null && newest !== null && policyRevision < newest;
  return (
    <tr>
      <th scope="row">
        <Name of={name} />
      </th>
      <td class="text">
        <State worker={worker} />
      </td>
      <td>{countText(slots)}</td>
      <td>{countText(running ?? Math.round(slots - idle))}</td>
      <td>{countText(prefetched)}</td>
      <td>{formatRate(perSecond)}</td>
      <td>
        {policyRevision === null ? 'unknown' : countText(policyRevision)}
        {isOlder && <span class="label warn">older</span>}
      </td>
      <td class="text long">
        {longest !== null && (
          <>
            {secondsText(longest.seconds)}, <Name of={longest.task} /> of <UserLink user={longest.user} />
          </>
        )}
      </td>
    </tr>
  );
}

function State({ worker: { ready, heardSecondsAgo } }: { readonly worker: Worker }) {
  if (heardSecondsAgo >= SILENT_AFTER_SECONDS) {
    return <span class="label bad">silent for {secondsText(Math.floor(heardSecondsAgo))}</span>;
  }
  return ready ? <span class="label good">ready</span> : <span class="label warn">starting</span>;
}
