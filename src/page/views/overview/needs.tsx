import type { Live } from '../../../serve/live/live-views.js';
import type { Attention } from '../../../serve/overview/attention.js';
import { addressOf } from '../../base/route.js';
import { attentionText, attentionTone } from '../../parts/attention.js';
import { countText } from '../../parts/figures.js';

/** What the users of each kind are sorted by, where one looks at them. */
const SORTS: Readonly<Record<Attention, string>> = {
  unserved: 'wait',
  'waits-long': 'wait',
  failing: 'failed',
  'over-share': 'share',
  'under-share': 'wait',
  paused: 'backlog',
  'at-cap': 'backlog',
  capped: 'backlog',
  rated: 'backlog',
};

/** How many users there are of each kind that needs attention. Each kind has its place, whether there are any or none. */
export function Needs({ needing }: { readonly needing: Live['needing'] }) {
  return (
    <ul class="needs" aria-label="users by what is to be said of them">
      {(Object.keys(SORTS) as Attention[]).map((one) => {
        const count = needing[one];
        const text = (
          <>
            <b>{countText(count)}</b> {attentionText(one)}
          </>
        );
        return (
          <li key={one} class={count === 0 ? 'none' : attentionTone(one)}>
            {count === 0 ? (
              <span class="need">{text}</span>
            ) : (
              <a class="need" href={addressOf(['users'], { attention: one, sort: SORTS[one] })}>
                {text}
              </a>
            )}
          </li>
        );
      })}
    </ul>
  );
}
