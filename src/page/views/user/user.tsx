import { useRef } from 'preact/hooks';
import type { User as UserDocument } from '../../../serve/overview/overview-views.js';
import { inPath } from '../../base/ask.js';
import { usePage } from '../../base/page-context.js';
import { useAsked } from '../../base/use-asked.js';
import { Ago } from '../../parts/age.js';
import { Labels } from '../../parts/attention.js';
import { Card, Cards } from '../../parts/cards.js';
import { countText, secondsText, shareText } from '../../parts/figures.js';
import { Name, TenantLink } from '../../parts/name.js';
import { Loading, RefusedBox, Trouble } from '../../parts/notice.js';
import { PolicySection } from '../../parts/policy/policy-section.js';
import { oldestText } from '../../parts/waiting.js';
import { Explained } from './explained.js';
import { QueueActions } from './queue-actions.js';
import { Recently } from './recently.js';

/** Who has gone may come back: it is asked for with so many looks. */
const LOOKS_IN_VAIN = 5;

/** How one user fares, why, by which policy, and who was served meanwhile. */
export function User({ user }: { readonly user: string }) {
  const { live, isOperator } = usePage();
  const wasGone = useRef(false);
  const turn = wasGone.current ? Math.floor(live.looks / LOOKS_IN_VAIN) : live.looks;
  const asked = useAsked<UserDocument>(`v1/users/${inPath(user)}`, turn);
  const { value, refused, answeredAt } = asked;
  const isGone = refused?.slug === 'no-such-user';
  wasGone.current = isGone;
  return (
    <>
      <h1>
        User <Name of={user} />
      </h1>
      {value?.tenant != null && (
        <p>
          of the tenant <TenantLink tenant={value.tenant} />
        </p>
      )}
      {isGone && (
        <Trouble>
          {value === undefined ? (
            'Nobody has heard of this user. It has no queue, and nothing of it ended lately.'
          ) : (
            <>
              <b>Nobody has heard of this user any more:</b> its queue was deleted. What is shown is as it was{' '}
              <Ago at={answeredAt} />.
            </>
          )}
        </Trouble>
      )}
      {!isGone && <RefusedBox refused={refused} />}
      {value === undefined ? refused === undefined && <Loading /> : <Figures of={value} />}
      <Explained user={user} isGone={isGone} />
      <PolicySection of="user" name={user} />
      <Recently user={user} />
      {isOperator && <QueueActions user={user} queue={value?.queue} onDone={asked.again} />}
    </>
  );
}

function Figures({ of: figures }: { readonly of: UserDocument }) {
  const { backlog, shares, atWorkers, running, unacknowledged, share, fairShare, attention = [] } = figures;
  return (
    <>
      <p class="labels-line">
        {attention.length === 0 ? (
          <span class="good">It fares as it should.</span>
        ) : (
          <Labels of={attention} />
        )}
      </p>
      {shares && (
        <p class="quiet">
          It has no queue of its own, and shares queues with others. What waits of it there nobody can say.
        </p>
      )}
      <Cards>
        <Card value={oldestText(figures)} label="the oldest task has waited" />
        <Card
          value={countText(shares ? atWorkers : backlog)}
          label={shares ? 'tasks wait at workers' : 'tasks wait'}
        />
        <Card
          value={countText(running)}
          label={shares ? 'run' : `run, of ${countText(unacknowledged)} at workers`}
        />
        <Card value={shareText(share)} label={`of what ended; ${shareText(fairShare)} would be fair`} />
        <Card
          value={countText(figures.failedLately)}
          label={`failed for good in the last ${secondsText(figures.failedWithinSeconds)}`}
        />
      </Cards>
    </>
  );
}
