import { useState } from 'preact/hooks';
import { formatBytes } from '../../../render/parts/numbers.js';
import type { WholeLetter } from '../../../serve/overview/dead-views.js';
import { inPath } from '../../base/ask.js';
import { usePage } from '../../base/page-context.js';
import { addressOf } from '../../base/route.js';
import { useAsked } from '../../base/use-asked.js';
import { Ago, Moment } from '../../parts/age.js';
import { Name, UserLink } from '../../parts/name.js';
import { Loading, RefusedBox } from '../../parts/notice.js';
import { TextBlock } from '../../parts/text-block.js';
import { DeadAction, type DeadVerb } from './dead-action.js';

/** One dead letter, whole. */
export function OneLetter({ id }: { readonly id: string }) {
  const { isOperator } = usePage();
  const { value, refused, again } = useAsked<WholeLetter>(`v1/dead/${inPath(id)}`);
  const [verb, setVerb] = useState<DeadVerb>();
  return (
    <>
      <p>
        <a href={addressOf(['dead'])}>Dead letters</a>
      </p>
      <h1>
        Dead letter <Name of={id} />
      </h1>
      <RefusedBox refused={refused} />
      {refused !== undefined && refused.status !== 404 && (
        <button type="button" onClick={again}>
          Look again
        </button>
      )}
      {value === undefined
        ? refused === undefined && <Loading />
        : refused?.status !== 404 && (
            <>
              {isOperator && (
                <p class="buttons">
                  <button type="button" onClick={() => setVerb('redrive')}>
                    Redrive…
                  </button>
                  <button type="button" class="danger" onClick={() => setVerb('discard')}>
                    Discard…
                  </button>
                </p>
              )}
              <Whole letter={value} />
            </>
          )}
      {verb !== undefined && value !== undefined && (
        <DeadAction
          verb={verb}
          selection={{ id: value.id }}
          onClose={() => setVerb(undefined)}
          onDone={again}
        />
      )}
    </>
  );
}

function Whole({ letter }: { readonly letter: WholeLetter }) {
  const { id, task, user, run, queue, attempts, firstStartAt, lastEndAt, reason, stack } = letter;
  return (
    <>
      <dl class="facts">
        <dt>task</dt>
        <dd>{task === '' ? 'unknown' : <Name of={task} />}</dd>
        <dt>user</dt>
        <dd>{user === null ? 'unknown' : <UserLink user={user} />}</dd>
        <dt>run</dt>
        <dd>{run === null ? 'unknown' : <Name of={run} />}</dd>
        <dt>queue</dt>
        <dd>{queue === null ? 'unknown' : <Name of={queue} />}</dd>
        <dt>attempts</dt>
        <dd>{attempts ?? 'unknown'}</dd>
        <dt>first start</dt>
        <dd>
          <At moment={firstStartAt} />
        </dd>
        <dt>last end</dt>
        <dd>
          <At moment={lastEndAt} />
        </dd>
      </dl>
      <h2>Reason</h2>
      {reason === null ? <p>unknown</p> : <TextBlock text={reason} label="reason" />}
      {stack !== null && (
        <>
          <h2>Stack</h2>
          <TextBlock text={stack} label="stack" />
        </>
      )}
      <h2>Payload</h2>
      <p class="quiet">
        {formatBytes(letter.bytes)} <Name of={letter.contentType || 'of no content type'} />.{' '}
        <a href={`v1/dead/${inPath(id)}/payload`} download>
          Download
        </a>
      </p>
      {letter.payload === null ? (
        <p>It is no text.</p>
      ) : (
        letter.payload !== '' && <TextBlock text={letter.payload} label="payload" />
      )}
      {letter.payloadCut && <p class="quiet">There is more of it: download it.</p>}
      <h2>Headers</h2>
      <TextBlock text={JSON.stringify(letter.headers, undefined, 2)} label="headers" />
    </>
  );
}

function At({ moment }: { readonly moment: string | null }) {
  if (moment === null) return <>unknown</>;
  return (
    <>
      <Moment at={moment} /> (<Ago at={Date.parse(moment)} />)
    </>
  );
}
