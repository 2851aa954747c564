import { formatDuration, formatTasks } from '../../../render/parts/numbers.js';
import type { Recent } from '../../../serve/overview/recent-schema.js';
import { inPath } from '../../base/ask.js';
import { usePage } from '../../base/page-context.js';
import { useAsked } from '../../base/use-asked.js';
import { Moment } from '../../parts/age.js';
import { Loading, RefusedBox } from '../../parts/notice.js';
import { Lanes } from './lanes.js';
import { ServedMeanwhile } from './served-meanwhile.js';
import { Waits } from './waits.js';

/** What ended of the user lately: how long it had waited, when, and who was served meanwhile. */
export function Recently({ user }: { readonly user: string }) {
  const { looks } = usePage().live;
  const { value, refused } = useAsked<Recent>(`v1/users/${inPath(user)}/recent`, looks);
  return (
    <section aria-labelledby="recently">
      <h2 id="recently">Lately</h2>
      <RefusedBox refused={refused} />
      {value === undefined ? refused === undefined && <Loading /> : <Known recent={value} />}
    </section>
  );
}

function Known({ recent }: { readonly recent: Recent }) {
  const { since, completions, failed, waitMs, waits, meanwhile, firstAt, lastAt } = recent;
  const sinceText = (
    <>
      This server knows of what ended since <Moment at={since} />, and of nothing before.
    </>
  );
  if (waitMs === null || meanwhile === null || firstAt === null || lastAt === null) {
    return <p class="quiet">Nothing of this user has ended. {sinceText}</p>;
  }
  return (
    <>
      <p>
        {formatTasks(completions)} ended{failed > 0 && `, ${failed} of them failed for good`}, from{' '}
        <Moment at={firstAt} /> to <Moment at={lastAt} />. <span class="quiet">{sinceText}</span>
      </p>
      <h3>How long they had waited before they started</h3>
      <p>
        Half of them up to {formatDuration(waitMs.p50)}, 95 % up to {formatDuration(waitMs.p95)}, 99 % up to{' '}
        {formatDuration(waitMs.p99)}; the longest {formatDuration(waitMs.max)}.
      </p>
      <Waits waits={waits} />
      <h3>When they ended, and who was served meanwhile</h3>
      <Lanes meanwhile={meanwhile} firstAt={firstAt} lastAt={lastAt} />
      <ServedMeanwhile own={completions} meanwhile={meanwhile} />
    </>
  );
}
