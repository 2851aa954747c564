import type { Live } from '../../../serve/live/live-views.js';
import { addressOf } from '../../base/route.js';
import { Labels } from '../../parts/attention.js';
import { countText, secondsText } from '../../parts/figures.js';
import { UserLink } from '../../parts/name.js';

/** Above all else: who waits for longest. */
export function Headline({ oldest }: { readonly oldest: Live['oldest'] }) {
  if (oldest === null) {
    return (
      <section class="headline" aria-label="who waits for longest">
        <p class="headline-what">Waits for longest</p>
        <p class="headline-wait">nobody</p>
        <p class="quiet">No task waits that may start.</p>
      </section>
    );
  }
  const { user, oldestWaitSeconds, attention, backlog, shares, atWorkers, running } = oldest;
  const tone = attention.some((one) => one === 'waits-long' || one === 'unserved') ? 'bad' : '';
  return (
    <section class={`headline ${tone}`} aria-label="who waits for longest">
      <p class="headline-what">Waits for longest</p>
      <p class="headline-wait">{secondsText(oldestWaitSeconds)}</p>
      <p class="headline-who">
        <b>
          <UserLink user={user} />
        </b>{' '}
        <Labels of={attention} />
        <br />
        <span class="quiet">
          {shares
            ? `${countText(atWorkers)} of its tasks wait at workers`
            : `${countText(backlog)} of its tasks wait`}
          , {countText(running)} run. <a href={addressOf(['users', user])}>Why?</a>
        </span>
      </p>
    </section>
  );
}
