import { useLayoutEffect, useState } from 'preact/hooks';
import type { PolicyFor } from '../../../serve/policy/policy-schemas.js';
import {
  bodyOf,
  type Draft,
  draftOf,
  draftOver,
  draftSince,
  EDITED,
  type Edited,
  entryIn,
  isSameRule,
  isTyped,
  type Line,
  type Rule,
} from './draft.js';
import { EndField } from './end-field.js';
import { Overtaken } from './overtaken.js';
import type { Changing } from './use-policy.js';

interface EditorProps {
  readonly policy: PolicyFor;
  /** Of the policy. */
  readonly etag: string;
  readonly changing: Changing;
  /** The name has `*` or `?` in it. */
  readonly isPattern: boolean;
}

/** What was looked at when somebody began to type. */
interface Base {
  readonly rule: Rule | null;
  readonly etag: string;
  readonly revision: number;
}

/**
 * The rule of this name, to be edited. While nobody types it follows what is set. What was typed is never lost: where
 * somebody else sets the rule meanwhile, theirs stands beside it, and it is asked again.
 */
export function Editor({ policy, etag, changing, isPattern }: EditorProps) {
  const rule = policy.rule as Rule | null;
  const now: Base = { rule, etag, revision: policy.revision };
  const [base, setBase] = useState(now);
  const [draft, setDraft] = useState(() => draftOf(rule));
  const isTouched = EDITED.some((limit) => isTyped(limit, draft, base.rule));
  // The server answers in an order and a form of its own what was sent from here.
  const isSame = policy.revision === base.revision || isSameRule(rule, base.rule);
  const isOlder = policy.revision < base.revision;
  // At once: what is typed between the drawing and a later effect would be lost.
  useLayoutEffect(() => {
    if (isOlder) return;
    if (!isTouched) {
      setBase(now);
      setDraft(draftOf(rule));
    } else if (isSame) setBase(now); // somebody else's rule was set: what was looked at here is as it was
  }, [JSON.stringify(rule), etag]);

  const send = async (sent: Draft, from: Base) => {
    const body = bodyOf(sent, from.rule, Date.now());
    const isNothing = Object.keys(body).length === 0;
    const done = await changing.send({
      ...(isNothing ? { method: 'DELETE' as const } : { method: 'PUT' as const, body }),
      etag: from.etag,
    });
    if (done === undefined) return;
    const set = isNothing ? null : body;
    setBase({ rule: set, etag: done, revision: Number(done.replace(/\D/g, '')) });
    setDraft((typed) => draftSince(typed, sent, set));
  };
  const isOvertaken = isTouched && !isSame && !isOlder;
  return (
    <form
      class="editor"
      aria-label="the rule of this name"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isOvertaken) void send(draft, base);
      }}
    >
      {isPattern && (
        <p class="quiet">
          A name with * or ? is a pattern: what is set here counts for every name that it matches.
        </p>
      )}
      {EDITED.map((limit) => (
        <Field
          key={limit}
          limit={limit}
          line={draft[limit]}
          same={entryIn(base.rule, limit)?.until}
          onChange={(change) => setDraft((typed) => ({ ...typed, [limit]: { ...typed[limit], ...change } }))}
        />
      ))}
      {isOvertaken && (
        <Overtaken
          draft={draft}
          before={base.rule}
          theirs={rule}
          isBusy={changing.isBusy}
          onMine={() => {
            const mine = draftOver(draft, base.rule, rule);
            setBase(now);
            setDraft(mine);
            void send(mine, now);
          }}
          onTheirs={() => {
            setBase(now);
            setDraft(draftOf(rule));
            changing.forget();
          }}
        />
      )}
      {!isOvertaken && (
        <div class="acts">
          <button type="submit" class="main" disabled={!isTouched || changing.isBusy}>
            Set
          </button>
          <button
            type="button"
            disabled={!isTouched || changing.isBusy}
            onClick={() => {
              setDraft(draftOf(base.rule));
              changing.forget();
            }}
          >
            As it was
          </button>
        </div>
      )}
    </form>
  );
}

/** What a field is for, and what may stand in it. */
const FIELDS: Readonly<Record<Edited, readonly [label: string, hint: string]>> = {
  weight: ['weight', '1 is usual'],
  cap: ['cap', 'tasks at a time'],
  rate: ['rate', '100/s, 20/m or 5/h'],
  backlog: ['backlog limit', 'tasks that wait'],
};

interface FieldProps {
  readonly limit: Edited;
  readonly line: Line;
  readonly same: string | undefined;
  onChange(change: Partial<Line>): void;
}

function Field({ limit, line, same, onChange }: FieldProps) {
  const [label, hint] = FIELDS[limit];
  return (
    <fieldset>
      <legend>{label}</legend>
      <input
        type="text"
        name={limit}
        aria-label={`${label}: ${hint}`}
        placeholder={hint}
        inputMode={limit === 'rate' ? 'text' : 'decimal'}
        autocomplete="off"
        value={line.value}
        onInput={({ currentTarget }) => onChange({ value: currentTarget.value })}
      />
      {limit === 'cap' && (
        <label class="check">
          <input
            type="checkbox"
            name="when-busy"
            checked={line.whenBusy}
            onChange={({ currentTarget }) => onChange({ whenBusy: currentTarget.checked })}
          />
          only while others wait
        </label>
      )}
      {limit === 'rate' && (
        <input
          type="text"
          name="burst"
          class="short"
          aria-label="burst: the most starts at once"
          placeholder="burst"
          inputMode="decimal"
          autocomplete="off"
          value={line.burst}
          onInput={({ currentTarget }) => onChange({ burst: currentTarget.value })}
        />
      )}
      <EndField of={label} end={line.end} moment={line.moment} same={same} onChange={onChange} />
      <input
        type="text"
        name={`${limit}-reason`}
        aria-label={`${label}: why`}
        placeholder="why"
        maxLength={1_000}
        autocomplete="off"
        value={line.reason}
        onInput={({ currentTarget }) => onChange({ reason: currentTarget.value })}
      />
    </fieldset>
  );
}
