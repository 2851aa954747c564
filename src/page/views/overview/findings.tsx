import { safeText } from '../../../render/parts/safe-text.js';
import type { Doctor, ToldFinding } from '../../../serve/doctor/doctor-view.js';
import type { Asked } from '../../base/use-asked.js';
import { Ago } from '../../parts/age.js';
import { RefusedBox } from '../../parts/notice.js';

const LEVELS: Readonly<Record<ToldFinding['level'], readonly [word: string, tone: string]>> = {
  problem: ['problem', 'bad'],
  warning: ['warning', 'warn'],
  unknown: ['not known', 'set'],
  ok: ['fine', 'good'],
};

/** What doctor finds wrong with the broker, the queues and the workers, and what to do about it. */
export function Findings({ asked }: { readonly asked: Asked<Doctor> }) {
  const { value, refused, answeredAt, again } = asked;
  const told = value?.findings.filter(({ level }) => level !== 'ok') ?? [];
  const fine = value?.findings.filter(({ level }) => level === 'ok') ?? [];
  return (
    <section aria-labelledby="doctor">
      <h2 id="doctor">What doctor finds</h2>
      <RefusedBox refused={refused} />
      {value === undefined && refused === undefined && (
        <p class="quiet" role="status">
          It is looking; that takes some seconds.
        </p>
      )}
      {value !== undefined && (
        <>
          <p class="quiet">
            Looked <Ago at={answeredAt - value.secondsAgo * 1_000} />.{' '}
            <button type="button" class="plain" onClick={again}>
              Look again
            </button>
          </p>
          {told.length === 0 && <p class="good">Nothing is wrong.</p>}
          <ul class="findings">
            {told.map((finding) => (
              <Finding key={`${finding.check} ${finding.text}`} {...finding} />
            ))}
          </ul>
          <details>
            <summary>{fine.length} checks are fine</summary>
            <ul class="findings">
              {fine.map((finding) => (
                <Finding key={`${finding.check} ${finding.text}`} {...finding} />
              ))}
            </ul>
          </details>
        </>
      )}
    </section>
  );
}

function Finding({ check, level, text, mend }: ToldFinding) {
  const [word, tone] = LEVELS[level];
  return (
    <li>
      <span class={`label ${tone}`}>{word}</span> <b>{check}</b> {safeText(text)}
      {mend !== undefined && <p class="mend">→ {safeText(mend)}</p>}
    </li>
  );
}
