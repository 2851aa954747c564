import { safeText } from '../../../render/parts/safe-text.js';
import { bodyOf, type Draft, EDITED, entryIn, entryText, isTyped, type Rule } from './draft.js';

interface OvertakenProps {
  readonly draft: Draft;
  /** What was looked at. */
  readonly before: Rule | null;
  readonly theirs: Rule | null;
  readonly isBusy: boolean;
  onMine(): void;
  onTheirs(): void;
}

/** Somebody else has set the rule while it was edited: theirs beside what was typed. */
export function Overtaken({ draft, before, theirs, isBusy, onMine, onTheirs }: OvertakenProps) {
  const mine = bodyOf(draft, before, Date.now());
  const text = (rule: Rule | null, limit: string) => safeText(entryText(limit, entryIn(rule, limit)));
  return (
    <div class="trouble overtaken" role="alert">
      <p>
        <b>Somebody else has set this rule meanwhile.</b> Nothing of what you typed was set, and nothing is
        lost.
      </p>
      <table>
        <thead>
          <tr>
            <th scope="col">setting</th>
            <th scope="col">it was</th>
            <th scope="col">theirs</th>
            <th scope="col">yours</th>
          </tr>
        </thead>
        <tbody>
          {EDITED.map((limit) => (
            <tr key={limit}>
              <th scope="row">{limit}</th>
              <td class="text">{text(before, limit)}</td>
              <td class="text">{text(theirs, limit)}</td>
              <td class="text">{isTyped(limit, draft, before) ? text(mine, limit) : 'as theirs'}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <div class="acts">
        <button type="button" class="main" disabled={isBusy} onClick={onMine}>
          Set mine over theirs
        </button>
        <button type="button" disabled={isBusy} onClick={onTheirs}>
          Take theirs
        </button>
      </div>
    </div>
  );
}
