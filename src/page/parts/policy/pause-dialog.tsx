import { useState } from 'preact/hooks';
import { Dialog } from '../dialog.js';
import { Name } from '../name.js';
import { RefusedBox } from '../notice.js';
import { ENDS, endOf } from './draft.js';
import { EndField } from './end-field.js';
import { ReasonField } from './reason-field.js';
import type { Changing, RuleName } from './use-policy.js';

interface PauseDialogProps {
  readonly rule: RuleName;
  readonly etag: string;
  readonly changing: Changing;
  onClose(): void;
}

/** Asks for how long and why. Where somebody else was faster it stays, with what was typed. */
export function PauseDialog({ rule, etag, changing, onClose }: PauseDialogProps) {
  const [{ end, moment }, setEnd] = useState({ end: 'none', moment: '' });
  const [reason, setReason] = useState('');
  const pause = async () => {
    const isSpan = ENDS.some(([choice]) => choice === end);
    const until = isSpan ? undefined : endOf(end, moment, undefined, Date.now());
    const body = {
      ...(isSpan && { for: end }),
      ...(until !== undefined && { until }),
      ...(reason.trim() !== '' && { reason: reason.trim() }),
    };
    if ((await changing.send({ method: 'POST', verb: ':pause', body, etag })) !== undefined) onClose();
  };
  return (
    <Dialog title={`Pause this ${rule.of}`} onClose={onClose}>
      <form
        class="ask"
        onSubmit={(event) => {
          event.preventDefault();
          void pause();
        }}
      >
        <p>
          No task of <Name of={rule.name} /> starts any more. What runs goes on to its end, and what waits
          stays.
        </p>
        <RefusedBox refused={changing.refused} />
        <EndField of="pause" end={end} moment={moment} onChange={setEnd} />
        <ReasonField reason={reason} onReason={setReason} />
        <button type="submit" class="main" disabled={changing.isBusy}>
          Pause
        </button>
      </form>
    </Dialog>
  );
}
