import type { Expected, RestsOn } from '../../../core/explain/expectation.js';
import type { Reason } from '../../../core/explain/reason.js';
import { expectedText, restsOnText } from '../../../render/explain/expectation-text.js';
import { reasonText } from '../../../render/explain/reason-text.js';
import { safeText } from '../../../render/parts/safe-text.js';
import { inPath } from '../../base/ask.js';
import { usePage } from '../../base/page-context.js';
import { useAsked } from '../../base/use-asked.js';
import { Ago } from '../../parts/age.js';
import { Loading, RefusedBox } from '../../parts/notice.js';

/** Each answer asks every worker, so it is asked for with each fifth look. */
const LOOKS = 5;

/** As the server says it: a moment is a text there. */
interface Explanation {
  readonly explainedSecondsAgo: number;
  readonly reasons: readonly Readonly<Record<string, unknown>>[];
  readonly nextStart: Expected | null;
  readonly end: Expected | null;
  readonly restsOn: RestsOn | null;
}

interface ExplainedProps {
  readonly user: string;
  /** Nobody has heard of it: there is nothing to explain any more. */
  readonly isGone: boolean;
}

/** Why the user waits, in words, and what may be expected. */
export function Explained({ user, isGone }: ExplainedProps) {
  const { looks } = usePage().live;
  const path = `v1/users/${inPath(user)}/explain`;
  const turn = isGone ? 'gone' : Math.floor(looks / LOOKS);
  const { value, refused, answeredAt, again } = useAsked<Explanation>(path, turn);
  return (
    <section aria-labelledby="why">
      <h2 id="why">Why it waits, or does not</h2>
      <RefusedBox refused={refused} />
      {value === undefined ? (
        refused === undefined && <Loading />
      ) : (
        <>
          <Reasons explanation={value} user={user} at={answeredAt} />
          <p class="quiet">
            Explained <Ago at={answeredAt - 1_000 * value.explainedSecondsAgo} />.{' '}
            <button type="button" class="plain" onClick={again}>
              Ask again
            </button>
          </p>
        </>
      )}
    </section>
  );
}

interface ReasonsProps {
  readonly explanation: Explanation;
  readonly user: string;
  /** When it was answered; milliseconds since the epoch. */
  readonly at: number;
}

function Reasons({ explanation: { reasons, nextStart, end, restsOn }, user, at }: ReasonsProps) {
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['next start', nextStart === null ? undefined : expectedText(nextStart)],
    ['all done', end === null ? undefined : expectedText(end)],
    ['rests on', restsOn === null ? undefined : restsOnText(restsOn)],
  ];
  return (
    <>
      <ol class="reasons">
        {reasons.map((reason, i) => {
          const { says, todo } = reasonText(reasonOf(reason), user, at);
          return (
            <li key={`${i} ${String(reason.why)}`} class={i === 0 ? 'decides' : undefined}>
              <bdi>{safeText(says)}</bdi>
              {todo !== undefined && (
                <span class="quiet">
                  {' '}
                  <bdi>{safeText(todo)}</bdi>
                </span>
              )}
            </li>
          );
        })}
      </ol>
      <dl class="expected">
        {rows.map(
          ([label, text]) =>
            text !== undefined && (
              <div key={label}>
                <dt>{label}</dt>
                <dd>{safeText(text)}</dd>
              </div>
            ),
        )}
      </dl>
    </>
  );
}

const MOMENTS = ['at', 'since', 'until'];

/** A reason as the texts take it: moments in milliseconds. */
function reasonOf(said: Readonly<Record<string, unknown>>): Reason {
  const fields = Object.entries(said).map(([name, value]) =>
    MOMENTS.includes(name) && typeof value === 'string' ? [name, Date.parse(value)] : [name, value],
  );
  return Object.fromEntries(fields) as Reason;
}
