import { useState } from 'preact/hooks';
import { Dialog } from '../dialog.js';
import { Name } from '../name.js';
import { RefusedBox } from '../notice.js';
import { ReasonField } from './reason-field.js';
import type { Changing, RuleName } from './use-policy.js';

interface TakeBackDialogProps {
  readonly rule: RuleName;
  readonly etag: string;
  readonly changing: Changing;
  onClose(): void;
}

/** Asks before all that the rule sets is taken back. */
export function TakeBackDialog({ rule, etag, changing, onClose }: TakeBackDialogProps) {
  const [reason, setReason] = useState('');
  const takeBack = async () => {
    if ((await changing.send({ method: 'DELETE', reason: reason.trim(), etag })) !== undefined) onClose();
  };
  return (
    <Dialog title="Take back all that is set" onClose={onClose}>
      <form
        class="ask"
        onSubmit={(event) => {
          event.preventDefault();
          void takeBack();
        }}
      >
        <p>
          The rule of the {rule.of} <Name of={rule.name} /> sets nothing any more. Rules of patterns go on to
          count.
        </p>
        <RefusedBox refused={changing.refused} />
        <ReasonField reason={reason} onReason={setReason} />
        <button type="submit" class="main" disabled={changing.isBusy}>
          Take back
        </button>
      </form>
    </Dialog>
  );
}
