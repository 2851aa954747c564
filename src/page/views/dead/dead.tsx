import { useEffect, useState } from 'preact/hooks';
import { GROUP_FIELDS, type GroupField } from '../../../core/message/dead-letter-groups.js';
import type { DeadLetters as DeadTold } from '../../../serve/overview/dead-views.js';
import { usePage } from '../../base/page-context.js';
import { useRoute } from '../../base/route.js';
import { useAsked } from '../../base/use-asked.js';
import { Ago } from '../../parts/age.js';
import { counted, countText } from '../../parts/figures.js';
import { Loading, RefusedBox } from '../../parts/notice.js';
import { DeadAction } from './dead-action.js';
import { FILTERS, type Filter, FilterForm } from './filter-form.js';
import { GroupsTable } from './groups-table.js';
import { LettersTable } from './letters-table.js';

/** Letters or groups that are shown at first, and when more are asked for. */
const STEPS = [100, 300, 1_000];
/** To count letters is to go through them all: where they are many, they are counted when somebody asks. */
const FEW = 1_000;
const BUSY_AGAIN_MS = 3_000;

/** Tasks that failed for good: which, of whom and why; and for operators, back with them or away. */
export function DeadLetters() {
  const { query } = useRoute();
  const filter = filterOf(query);
  const by = (query.get('by') ?? '').split(',').filter(isField);
  // What another selection had shown of, this one has not.
  return <Selection key={`${[...query]}`} filter={filter} by={by} />;
}

interface SelectionProps {
  readonly filter: Filter;
  readonly by: readonly GroupField[];
}

function Selection({ filter, by }: SelectionProps) {
  const { live, isOperator } = usePage();
  const [step, setStep] = useState(0);
  const [isFew, setFew] = useState(false);
  const [verb, setVerb] = useState<'redrive' | 'discard'>();
  const asks = new URLSearchParams({
    ...filter,
    ...(by.length > 0 && { by: by.join(',') }),
    limit: String(STEPS[step]),
  });
  const { value, answeredAt, refused, again } = useAsked<DeadTold>(
    `v1/dead?${asks}`,
    isFew ? live.look?.totals.failedLately : 0,
  );
  useEffect(() => setFew(value !== undefined && value.total <= FEW), [value]);
  const isBusy = refused?.slug === 'busy';
  useEffect(() => {
    if (!isBusy) return;
    const timer = setInterval(again, BUSY_AGAIN_MS);
    return () => clearInterval(timer);
  }, [isBusy, again]);
  const chosen = value?.chosen ?? 0;
  return (
    <>
      <h1>Dead letters</h1>
      <FilterForm filter={filter} by={by} />
      <RefusedBox refused={refused} />
      {isBusy && <p class="quiet">It is asked again by itself.</p>}
      {value === undefined && refused === undefined && <Loading />}
      {value !== undefined && (
        <>
          <p class="buttons">
            <span class="counts">{countsText(value)}</span>
            <span class="quiet">
              As it was <Ago at={answeredAt - value.reportedSecondsAgo * 1_000} />.
            </span>
            <button type="button" onClick={again}>
              Look again
            </button>
            {isOperator && chosen > 0 && (
              <>
                <button type="button" onClick={() => setVerb('redrive')}>
                  Redrive…
                </button>
                <button type="button" class="danger" onClick={() => setVerb('discard')}>
                  Discard…
                </button>
              </>
            )}
          </p>
          {value.letters !== undefined && value.letters.length > 0 && (
            <LettersTable letters={value.letters} />
          )}
          {value.groups !== undefined && value.groups.length > 0 && (
            <GroupsTable by={value.by ?? []} groups={value.groups} filter={filter} />
          )}
          {value.hidden > 0 && (
            <p class="buttons">
              <span class="quiet">
                {countText(value.hidden)} more {value.groups === undefined ? 'letters' : 'groups'} are not
                shown.
              </span>
              {step < STEPS.length - 1 && (
                <button type="button" onClick={() => setStep(step + 1)}>
                  Show more
                </button>
              )}
            </p>
          )}
        </>
      )}
      {verb !== undefined && (
        <DeadAction verb={verb} selection={filter} onClose={() => setVerb(undefined)} onDone={again} />
      )}
    </>
  );
}

function filterOf(query: URLSearchParams): Filter {
  return Object.fromEntries(FILTERS.flatMap((name) => (query.get(name) ? [[name, query.get(name)!]] : [])));
}

function isField(text: string): text is GroupField {
  return (GROUP_FIELDS as readonly string[]).includes(text);
}

function countsText({ total, chosen }: DeadTold): string {
  if (total === 0) return 'There are no dead letters.';
  const letters = counted(total, 'dead letter');
  if (chosen === total) return `${letters}.`;
  return chosen === 0 ? `None of ${letters} fits.` : `${countText(chosen)} of ${letters}.`;
}
