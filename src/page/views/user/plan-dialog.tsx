import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { ask, Refused } from '../../base/ask.js';
import { Dialog } from '../../parts/dialog.js';
import { Loading, RefusedBox } from '../../parts/notice.js';

/** What every plan has, and every answer that says what was done. */
export interface Planned {
  readonly carriedOut: boolean;
  /** Carries it out. */
  readonly token?: string;
}

interface PlanDialogProps<Plan extends Planned> {
  readonly title: string;
  readonly path: string;
  /** What is planned, beside what the path says. */
  readonly body?: object;
  /** What the button says that carries it out. */
  readonly act: string;
  /** What else can be planned where the first is refused so. */
  readonly also?: { readonly of: string; readonly body: object; readonly text: string };
  /** Nothing is to be done by this plan. */
  isEmpty?(plan: Plan): boolean;
  readonly children: (plan: Plan) => ComponentChildren;
  onDone(done: Plan): void;
  onClose(): void;
}

/** Asks for a plan, shows it, and has it carried out as it is: where that is not possible any more it says why, and plans anew. */
export function PlanDialog<Plan extends Planned>(props: PlanDialogProps<Plan>) {
  const { title, path, act, also, isEmpty, children, onDone, onClose } = props;
  const [body, setBody] = useState<object>(props.body ?? {});
  const [plan, setPlan] = useState<Plan>();
  const [refused, setRefused] = useState<Refused>();
  const [isBusy, setBusy] = useState(false);
  const send = async (sent: object): Promise<Plan | undefined> => {
    try {
      return await ask<Plan>(path, { method: 'POST', body: sent });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      setRefused(error);
      return undefined;
    }
  };
  const planIt = async () => {
    setBusy(true);
    setPlan(await send(body));
    setBusy(false);
  };
  useEffect(() => {
    setRefused(undefined);
    void planIt();
  }, [path, JSON.stringify(body)]);
  const carryOut = async (token: string) => {
    setRefused(undefined);
    setBusy(true);
    const done = await send({ token });
    if (done !== undefined) return onDone(done);
    // What is there is another: so is the plan.
    await planIt();
  };
  const token = plan?.token;
  return (
    <Dialog title={title} onClose={onClose}>
      <RefusedBox refused={refused} />
      {plan === undefined ? isBusy && <Loading /> : children(plan)}
      <div class="acts">
        {refused !== undefined && refused.slug === also?.of && (
          <button type="button" class="danger" disabled={isBusy} onClick={() => setBody(also.body)}>
            {also.text}
          </button>
        )}
        {plan !== undefined && token !== undefined && !isEmpty?.(plan) && (
          <button type="button" class="danger" disabled={isBusy} onClick={() => carryOut(token)}>
            {act}
          </button>
        )}
        <button type="button" onClick={onClose}>
          Leave it
        </button>
      </div>
    </Dialog>
  );
}
