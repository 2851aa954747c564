import type { PolicyHistory } from '../../../serve/policy/policy-schemas.js';
import { countText } from '../../parts/figures.js';
import { Name, UserLink } from '../../parts/name.js';
import { SettingWords } from '../../parts/setting.js';

type Changed = NonNullable<PolicyHistory['changes'][number]['changes']>[number];

/** A file of a thousand rules may be applied at once. */
const MOST_SHOWN = 50;

interface ChangedSettingsProps {
  readonly changes: readonly Changed[];
  /** Of the change itself: it is not said again for each setting. */
  readonly reason: string | null;
}

/** Each setting before and after, in words. */
export function ChangedSettings({ changes, reason }: ChangedSettingsProps) {
  const hidden = changes.length - MOST_SHOWN;
  return (
    <>
      <ul class="changed">
        {changes.slice(0, MOST_SHOWN).map((change) => (
          <li key={`${change.of} ${change.limit} ${change.name}`}>
            <Whose of={change.of} name={change.name} />: <Words change={change} />
            {change.after?.reason && change.after.reason !== reason && (
              <span class="quiet">
                {' '}
                “<Name of={change.after.reason} />”
              </span>
            )}
          </li>
        ))}
      </ul>
      {hidden > 0 && <p class="quiet">{countText(hidden)} more settings are not shown.</p>}
    </>
  );
}

function Whose({ of, name }: Pick<Changed, 'of' | 'name'>) {
  if (of === 'user' && !/[*?]/.test(name)) return <UserLink user={name} />;
  return (
    <>
      {of === 'tenant' ? 'tenant ' : 'users '}
      <Name of={name} />
    </>
  );
}

function Words({ change: { limit, before, after } }: { readonly change: Changed }) {
  const was = before === null ? 'not set' : <SettingWords limit={limit} setting={before} />;
  const is = after === null ? 'no longer set' : <SettingWords limit={limit} setting={after} />;
  return (
    <>
      {limit === 'paused' && before === null ? 'not paused' : was} →{' '}
      <b>{limit === 'paused' && after === null ? 'no longer paused' : is}</b>
    </>
  );
}
