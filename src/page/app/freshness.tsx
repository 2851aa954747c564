import type { LiveState } from '../base/live.js';
import { agoText, useNow } from '../parts/age.js';

/** Looks come every two seconds: later than that, what is shown is old. */
const OLD_AFTER_MS = 6_000;

/** How old what is shown is, and why nothing newer comes. */
export function Freshness({ live: { look, lookedAt, trouble } }: { readonly live: LiveState }) {
  const now = useNow();
  if (look === undefined) return <span class="fresh">{trouble ?? 'The first look takes a moment.'}</span>;
  const age = Math.max(0, now - lookedAt);
  const isOld = age > OLD_AFTER_MS || trouble !== undefined;
  return (
    <span class={isOld ? 'fresh old' : 'fresh'}>
      {isOld && `As it was ${agoText(age)}. `}
      {/* What counts on is not told to screen readers again each second. */}
      <span role="status">{isOld ? (trouble ?? 'Nothing newer has come.') : 'live'}</span>
    </span>
  );
}
