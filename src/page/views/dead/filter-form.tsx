import { useState } from 'preact/hooks';
import type { GroupField } from '../../../core/message/dead-letter-groups.js';
import { go } from '../../base/route.js';

/** What letters are chosen by, as the server takes it. */
export const FILTERS = ['user', 'run', 'task', 'reason'] as const;
export type Filter = Readonly<Partial<Record<(typeof FILTERS)[number], string>>>;

const GROUPINGS: readonly (readonly [by: string, title: string])[] = [
  ['', 'one by one'],
  ['user', 'by user'],
  ['reason', 'by reason'],
  ['task', 'by task'],
  ['run', 'by run'],
  ['user,reason', 'by user and reason'],
  ['task,reason', 'by task and reason'],
];

interface FilterFormProps {
  readonly filter: Filter;
  readonly by: readonly GroupField[];
}

/** The selection stands in the address: it can be handed on, and "back" leads to the one before. */
export function FilterForm({ filter, by }: FilterFormProps) {
  const [typed, setTyped] = useState<Filter>(filter);
  const grouping = by.join(',');
  const show = (grouped: string) => go(['dead'], { ...typed, by: grouped });
  return (
    <form
      class="filter"
      onSubmit={(event) => {
        event.preventDefault();
        show(grouping);
      }}
    >
      {FILTERS.map((name) => (
        <label key={name}>
          {name}
          <input
            type={name === 'user' ? 'search' : 'text'}
            name={name}
            maxLength={1_000}
            placeholder={name === 'reason' ? 'a part of it' : '* and ? are wildcards'}
            value={typed[name] ?? ''}
            onInput={({ currentTarget: { value } }) => setTyped((before) => ({ ...before, [name]: value }))}
          />
        </label>
      ))}
      <label>
        shown
        <select name="by" value={grouping} onChange={({ currentTarget }) => show(currentTarget.value)}>
          {GROUPINGS.map(([value, title]) => (
            <option key={value} value={value}>
              {title}
            </option>
          ))}
          {!GROUPINGS.some(([value]) => value === grouping) && (
            <option value={grouping}>by {by.join(' and ')}</option>
          )}
        </select>
      </label>
      <button type="submit">Find</button>
    </form>
  );
}
