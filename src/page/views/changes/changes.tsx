import { useEffect, useState } from 'preact/hooks';
import type { PolicyHistory } from '../../../serve/policy/policy-schemas.js';
import { usePage } from '../../base/page-context.js';
import { useAsked } from '../../base/use-asked.js';
import { Ago, Moment } from '../../parts/age.js';
import { countText } from '../../parts/figures.js';
import { Name } from '../../parts/name.js';
import { Loading, RefusedBox } from '../../parts/notice.js';
import { ChangedSettings } from './changed-settings.js';

/** So many at first, and so many more each time; the server tells no more at once. */
const STEP = 25;
const MOST = 100;

type Change = PolicyHistory['changes'][number];

/** Who has set what, when and why. What is new comes by itself. */
export function Changes() {
  const { live } = usePage();
  const [shown, setShown] = useState(STEP);
  const [before, setBefore] = useState<number>();
  const from = before === undefined ? '' : `&before=${before}`;
  const revision = live.look?.policyRevision;
  const { value, refused, again } = useAsked<PolicyHistory>(
    `v1/policy/history?rules=false&limit=${shown}${from}`,
    revision,
  );
  const kept = useKept(value);
  const newestFirst = kept?.changes.toReversed() ?? [];
  const oldest = newestFirst.at(-1);
  // The server may have been told of a change before the stream shows it.
  const isBehind =
    before === undefined && revision !== undefined && value !== undefined && newestOf(value) < revision;
  useEffect(() => {
    if (!isBehind) return;
    const timer = setTimeout(again, 1_000);
    return () => clearTimeout(timer);
  }, [isBehind, again, value]);
  return (
    <>
      <h1>Changes of the policy</h1>
      <p class="quiet">
        What operators have set for users and tenants, the newest first. “fairq policy history” tells the
        same.
      </p>
      <RefusedBox refused={refused} />
      {kept === undefined && refused === undefined && <Loading />}
      {kept !== undefined && kept.changes.length === 0 && <p>Nothing has ever been set.</p>}
      <ol class="changes">
        {newestFirst.map((change) => (
          <ChangeItem key={change.revision} change={change} />
        ))}
      </ol>
      <p class="buttons">
        {before !== undefined && (
          <button type="button" onClick={() => setBefore(undefined)}>
            To the newest
          </button>
        )}
        {kept !== undefined && kept.hidden > 0 && (
          <>
            <button
              type="button"
              onClick={() => (shown < MOST ? setShown(shown + STEP) : setBefore(oldest?.revision))}
            >
              Show older ones
            </button>
            <span class="quiet">{countText(kept.hidden)} more are not shown.</span>
          </>
        )}
      </p>
    </>
  );
}

function newestOf({ changes }: PolicyHistory): number {
  return changes.at(-1)?.revision ?? 0;
}

/** What was told last stays while more of it is asked for: nothing jumps. */
function useKept<T>(value: T | undefined): T | undefined {
  const [kept, setKept] = useState<T>();
  useEffect(() => {
    if (value !== undefined) setKept(value);
  }, [value]);
  return value ?? kept;
}

function ChangeItem({ change }: { readonly change: Change }) {
  const { revision, at, by, reason, what, changes } = change;
  return (
    <li data-revision={revision}>
      <p class="change-head">
        <b>
          <Name of={by} />
        </b>{' '}
        <span class="quiet">
          <Moment at={at} /> (<Ago at={Date.parse(at)} />
          ), revision {revision}
        </span>
      </p>
      {reason !== null && (
        <p class="reason">
          “<Name of={reason} />”
        </p>
      )}
      {changes === null ? (
        <p>
          <Name of={what} />. <span class="quiet">What was before it is no longer kept.</span>
        </p>
      ) : changes.length === 0 ? (
        <p class="quiet">It has changed nothing.</p>
      ) : (
        <ChangedSettings changes={changes} reason={reason} />
      )}
    </li>
  );
}
