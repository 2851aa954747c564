import { limitText } from '../../core/policy/limit-text.js';
import type { LimitName } from '../../core/policy/policy-document.js';
import { Moment, useNow } from './age.js';

/** One thing that is set, as the server tells it. */
export interface SettingTold {
  readonly value?: unknown;
  readonly by: string;
  readonly at: string;
  readonly until: string | null;
  readonly reason: string | null;
}

/** `cap 5 until 14:03:22`; an end that has passed is marked. */
export function SettingWords({ limit, setting }: { readonly limit: LimitName; setting: SettingTold }) {
  const now = useNow();
  const { value, until } = setting;
  const text = limitText(limit, value);
  if (until === null) return <>{text}</>;
  const hasEnded = Date.parse(until) <= now;
  return (
    <>
      {text} until <Moment at={until} />
      {hasEnded && <span class="label quiet">ended</span>}
    </>
  );
}
