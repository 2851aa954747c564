import { useState } from 'preact/hooks';
import { usePage } from '../../base/page-context.js';
import { Loading, RefusedBox } from '../notice.js';
import { ChangeSaid } from './change-said.js';
import { Editor } from './editor.js';
import { InForce } from './in-force.js';
import { PauseDialog } from './pause-dialog.js';
import { TakeBackDialog } from './take-back-dialog.js';
import { type RuleName, useChanging, usePolicy } from './use-policy.js';

/** What counts for a user or a tenant; an operator may change it. */
export function PolicySection(rule: RuleName) {
  const { isOperator } = usePage();
  const asked = usePolicy(rule);
  const changing = useChanging(rule, asked.again);
  const [open, setOpen] = useState<'pause' | 'take-back'>();
  const { value: policy, headers } = asked;
  const etag = headers?.get('etag') ?? '';
  const close = () => {
    setOpen(undefined);
    changing.forget();
  };
  const { isBusy } = changing;
  return (
    <section aria-labelledby="policy" class="policy">
      <h2 id="policy">Policy</h2>
      <RefusedBox refused={asked.refused} />
      {policy === undefined ? (
        asked.refused === undefined && <Loading />
      ) : (
        <>
          <InForce policy={policy} />
          <ChangeSaid change={changing.change} />
          {open === undefined && <RefusedBox refused={changing.refused} />}
          {isOperator && (
            <>
              <div class="acts">
                {policy.inForce.paused === undefined ? (
                  <button type="button" disabled={isBusy} onClick={() => setOpen('pause')}>
                    Pause …
                  </button>
                ) : (
                  <button
                    type="button"
                    disabled={isBusy}
                    onClick={() => changing.send({ method: 'POST', verb: ':resume', body: {}, etag })}
                  >
                    Resume
                  </button>
                )}
                <button
                  type="button"
                  class="danger"
                  disabled={isBusy || policy.rule === null}
                  onClick={() => setOpen('take-back')}
                >
                  Take back all …
                </button>
              </div>
              <Editor policy={policy} etag={etag} changing={changing} isPattern={/[*?]/.test(rule.name)} />
              {open === 'pause' && (
                <PauseDialog rule={rule} etag={etag} changing={changing} onClose={close} />
              )}
              {open === 'take-back' && (
                <TakeBackDialog rule={rule} etag={etag} changing={changing} onClose={close} />
              )}
            </>
          )}
        </>
      )}
    </section>
  );
}
