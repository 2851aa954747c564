import { useCallback, useEffect, useState } from 'preact/hooks';
import type { DeadDoneTold, DeadPlanTold } from '../../../serve/actions/dead-action-views.js';
import { ask, Refused } from '../../base/ask.js';
import { usePage } from '../../base/page-context.js';
import { Dialog } from '../../parts/dialog.js';
import { counted, countText } from '../../parts/figures.js';
import { Name } from '../../parts/name.js';
import { Loading, RefusedBox } from '../../parts/notice.js';

export type DeadVerb = 'redrive' | 'discard';

/** A part of the reason, the task, and so on; or one letter by its id. None of them: all letters. */
export type DeadSelection = Readonly<Partial<Record<'id' | 'user' | 'run' | 'task' | 'reason', string>>>;

const WORDS = {
  redrive: { title: 'Redrive', would: 'would be sent back to the queues of their users', did: 'sent back' },
  discard: { title: 'Discard', would: 'would be thrown away, for good', did: 'thrown away' },
} as const;

const USERS_SHOWN = 10;
const KEPT_SHOWN = 20;

interface DeadActionProps {
  readonly verb: DeadVerb;
  readonly selection: DeadSelection;
  onClose(): void;
  /** Letters may have gone. */
  onDone(): void;
}

/** First the plan with its numbers; then, when an operator says so, that plan and nothing else. */
export function DeadAction({ verb, selection, onClose, onDone }: DeadActionProps) {
  const { say } = usePage();
  const [plan, setPlan] = useState<DeadPlanTold>();
  const [done, setDone] = useState<DeadDoneTold>();
  const [refused, setRefused] = useState<Refused>();
  const [isActing, setActing] = useState(false);
  const { title, did } = WORDS[verb];
  const body = JSON.stringify(Object.keys(selection).length === 0 ? { all: true } : selection);
  const send = useCallback(
    async <T,>(text: object, onAnswer: (answer: T) => void) => {
      setRefused(undefined);
      try {
        onAnswer(await ask<T>(`v1/dead:${verb}`, { method: 'POST', body: text }));
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        setPlan(undefined);
        setRefused(error);
      }
    },
    [verb],
  );
  const makePlan = useCallback(() => void send<DeadPlanTold>(JSON.parse(body), setPlan), [send, body]);
  useEffect(makePlan, [makePlan]);
  const carryOut = async (token: string) => {
    setActing(true);
    await send<DeadDoneTold>({ token }, (answer) => {
      setDone(answer);
      say(`${counted(answer.done, 'dead letter')} ${did}.`);
    });
    setActing(false);
    onDone();
  };
  return (
    <Dialog title={`${title} dead letters`} onClose={onClose}>
      <RefusedBox refused={refused} />
      {refused !== undefined && (
        <p class="buttons">
          <button type="button" onClick={makePlan}>
            Plan again
          </button>
        </p>
      )}
      {done !== undefined ? (
        <Outcome done={done} did={did} onClose={onClose} />
      ) : plan === undefined ? (
        refused === undefined && <Loading />
      ) : (
        <>
          <Plan plan={plan} />
          <p class="buttons">
            <button
              type="button"
              class={verb === 'discard' ? 'danger' : 'main'}
              disabled={isActing || plan.chosen === 0}
              onClick={() => carryOut(plan.token)}
            >
              {title} {countText(plan.chosen)}
            </button>
            <button type="button" onClick={onClose}>
              Cancel
            </button>
            <span class="quiet" role="status">
              {isActing && 'It is being done.'}
            </span>
          </p>
        </>
      )}
    </Dialog>
  );
}

function Plan({ plan }: { readonly plan: DeadPlanTold }) {
  const { action, total, chosen, beyondMax, byUser } = plan;
  const others = byUser.slice(USERS_SHOWN).reduce((sum, { letters }) => sum + letters, 0);
  const untold = chosen - byUser.reduce((sum, { letters }) => sum + letters, 0);
  return (
    <>
      <p>
        <b>
          {countText(chosen)} of {counted(total, 'dead letter')}
        </b>{' '}
        {WORDS[action].would}.
      </p>
      {beyondMax > 0 && (
        <p>
          {countText(beyondMax)} more fit. A plan has {countText(chosen)} at most: these are the oldest.
        </p>
      )}
      <table>
        <thead>
          <tr>
            <th scope="col">user</th>
            <th scope="col">letters</th>
          </tr>
        </thead>
        <tbody>
          {byUser.slice(0, USERS_SHOWN).map(({ user, letters }) => (
            <tr key={user}>
              <th scope="row">{user === null ? 'unknown' : <Name of={user} />}</th>
              <td>{countText(letters)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {others + untold > 0 && <p class="quiet">{countText(others + untold)} letters of other users.</p>}
    </>
  );
}

interface OutcomeProps {
  readonly done: DeadDoneTold;
  readonly did: string;
  onClose(): void;
}

function Outcome({ done: { done, kept, gone }, did, onClose }: OutcomeProps) {
  return (
    <>
      <p role="status">
        <b>
          {counted(done, 'dead letter')} {did}.
        </b>{' '}
        {gone > 0 && `${countText(gone)} had been taken away by somebody else.`}
      </p>
      {kept.length > 0 && (
        <>
          <p class="bad">{countText(kept.length)} were left where they are:</p>
          <ul>
            {kept.slice(0, KEPT_SHOWN).map(({ id, reason }) => (
              <li key={id}>
                <Name of={id} />: <Name of={reason} />
              </li>
            ))}
          </ul>
          {kept.length > KEPT_SHOWN && <p class="quiet">and {countText(kept.length - KEPT_SHOWN)} more</p>}
        </>
      )}
      <p class="buttons">
        <button type="button" onClick={onClose}>
          Close
        </button>
      </p>
    </>
  );
}
