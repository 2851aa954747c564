import type { GroupField } from '../../../core/message/dead-letter-groups.js';
import type { DeadLetters } from '../../../serve/overview/dead-views.js';
import { addressOf } from '../../base/route.js';
import { Ago } from '../../parts/age.js';
import { countText } from '../../parts/figures.js';
import { Name, UserLink } from '../../parts/name.js';
import type { Filter } from './filter-form.js';
import { Reason } from './letters-table.js';

type Group = NonNullable<DeadLetters['groups']>[number];

interface GroupsTableProps {
  readonly by: readonly GroupField[];
  readonly groups: readonly Group[];
  readonly filter: Filter;
}

/** How many there are of each, the most first. */
export function GroupsTable({ by, groups, filter }: GroupsTableProps) {
  return (
    <div class="scroll">
      <table class="rows">
        <thead>
          <tr>
            {by.map((field) => (
              <th key={field} scope="col" class="text">
                {field}
              </th>
            ))}
            <th scope="col">letters</th>
            <th scope="col">newest</th>
            <th scope="col">oldest</th>
          </tr>
        </thead>
        <tbody>
          {groups.map((group) => (
            <tr key={JSON.stringify(group.of)}>
              {by.map((field, i) =>
                i === 0 ? (
                  <th key={field} scope="row">
                    <Value of={group} field={field} />
                  </th>
                ) : (
                  <td key={field} class="text long">
                    <Value of={group} field={field} />
                  </td>
                ),
              )}
              <td>
                <GroupLink group={group} filter={filter} />
              </td>
              <td>{moment(group.newestAt)}</td>
              <td>{moment(group.oldestAt)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Value({ of: { of }, field }: { readonly of: Group; readonly field: GroupField }) {
  const value = of[field];
  if (field === 'reason') return <Reason of={value} />;
  if (value === null || value === undefined) return <>unknown</>;
  return field === 'user' ? <UserLink user={value} /> : <Name of={value} />;
}

/** To its letters one by one. What letters do not say they cannot be chosen by. */
function GroupLink({ group: { of, letters }, filter }: { readonly group: Group; readonly filter: Filter }) {
  const values = Object.entries(of);
  if (values.some(([, value]) => !value)) return <>{countText(letters)}</>;
  const address = addressOf(['dead'], { ...filter, ...(Object.fromEntries(values) as Filter) });
  return <a href={address}>{countText(letters)}</a>;
}

function moment(at: string | null) {
  return at === null ? 'unknown' : <Ago at={Date.parse(at)} />;
}
