import type { Users } from '../../../serve/overview/overview-views.js';
import type { UserSort } from '../../../serve/overview/user-order.js';
import { Labels } from '../../parts/attention.js';
import { countText, shareText } from '../../parts/figures.js';
import { UserLink } from '../../parts/name.js';
import { setText } from '../../parts/set-text.js';
import { type Order, SortHead } from '../../parts/sort-head.js';
import { oldestText, waitingText } from '../../parts/waiting.js';

export interface Sorting {
  readonly sort: UserSort;
  readonly order: Order;
}

const COLUMNS: readonly (readonly [label: string, by: UserSort | undefined])[] = [
  ['user', 'user'],
  ['why to look', 'attention'],
  ['oldest wait', 'wait'],
  ['waiting', 'backlog'],
  ['running', 'running'],
  ['got', 'share'],
  ['fair', undefined],
  ['failed', 'failed'],
  ['policy', undefined],
];

export function sortingIn(query: URLSearchParams): Sorting {
  const by = query.get('sort');
  const sort = COLUMNS.find(([, one]) => one !== undefined && one === by)?.[1] ?? 'attention';
  const order = query.get('order');
  return { sort, order: order === 'asc' || order === 'desc' ? order : usualOrder(sort) };
}

function usualOrder(sort: UserSort): Order {
  return sort === 'user' ? 'asc' : 'desc';
}

interface UsersTableProps {
  readonly users: Users['users'];
  readonly sorting: Sorting;
  /** They are of the question before: the answer to this one is on its way. */
  readonly isOld: boolean;
  onSort(sorting: Sorting): void;
}

export function UsersTable({ users, sorting, isOld, onSort }: UsersTableProps) {
  return (
    <section class="scroll" aria-label="users">
      <table class="rows fixed users" aria-busy={isOld}>
        <thead>
          <tr>
            {COLUMNS.map(([label, by]) =>
              by === undefined ? (
                <th key={label} scope="col">
                  {label}
                </th>
              ) : (
                <SortHead
                  key={label}
                  label={label}
                  by={by}
                  {...sorting}
                  usual={usualOrder(by)}
                  onSort={(sort, order) => onSort({ sort, order })}
                />
              ),
            )}
          </tr>
        </thead>
        <tbody>
          {users.map((row) => (
            <tr key={row.user}>
              <th scope="row">
                <UserLink user={row.user} />
              </th>
              <td class="text">
                <Labels of={row.attention} />
              </td>
              <td>{oldestText(row)}</td>
              <td>{waitingText(row)}</td>
              <td>{countText(row.running)}</td>
              <td>{shareText(row.share)}</td>
              <td>{shareText(row.fairShare)}</td>
              <td>{countText(row.failedLately)}</td>
              <td>{setText(row) || '–'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
