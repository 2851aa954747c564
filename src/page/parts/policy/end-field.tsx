import { Moment } from '../age.js';
import { ENDS } from './draft.js';

interface EndFieldProps {
  /** What the end is of, for who hears and does not see. */
  readonly of: string;
  readonly end: string;
  readonly moment: string;
  /** The end that is set now. */
  readonly same?: string | undefined;
  onChange(change: { readonly end: string; readonly moment: string }): void;
}

/** Until when a setting is to count. */
export function EndField({ of, end, moment, same, onChange }: EndFieldProps) {
  return (
    <span class="end">
      <select
        aria-label={`${of}: until when`}
        value={end}
        onChange={({ currentTarget }) => onChange({ end: currentTarget.value, moment })}
      >
        <option value="none">until taken back</option>
        {same !== undefined && <option value="same">until the end it has</option>}
        {ENDS.map(([choice, text]) => (
          <option key={choice} value={choice}>
            ends {text}
          </option>
        ))}
        <option value="moment">ends at …</option>
      </select>
      {end === 'moment' && (
        <input
          type="datetime-local"
          aria-label={`${of}: ends at`}
          value={moment}
          onInput={({ currentTarget }) => onChange({ end, moment: currentTarget.value })}
        />
      )}
      {end === 'same' && same !== undefined && <Moment at={same} />}
    </span>
  );
}
