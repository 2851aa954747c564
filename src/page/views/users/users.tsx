import type { Users as UsersPage } from '../../../serve/overview/overview-views.js';
import { usePage } from '../../base/page-context.js';
import { addressOf, go, type Route, replaceQuery } from '../../base/route.js';
import { useRowKeys } from '../../base/row-keys.js';
import { useAsked } from '../../base/use-asked.js';
import { useLast } from '../../base/use-last.js';
import { ATTENTION_WORDS } from '../../parts/attention.js';
import { counted, countText } from '../../parts/figures.js';
import { Name } from '../../parts/name.js';
import { Loading, RefusedBox } from '../../parts/notice.js';
import { Search } from '../../parts/search.js';
import { SharedQueues } from '../../parts/shared-queues.js';
import { sortingIn, UsersTable } from './users-table.js';

const A_PAGE = 50;

/** All users, a page at a time: searched, sorted and cut into pages by the server. */
export function Users({ route }: { readonly route: Route }) {
  const { live } = usePage();
  const { query } = route;
  const sorting = sortingIn(query);
  const chosen = {
    search: query.get('search') ?? undefined,
    attention: query.get('attention') ?? undefined,
    tenant: query.get('tenant') ?? undefined,
  };
  const asked = useAsked<UsersPage>(
    pathOf({ ...chosen, ...sorting, cursor: query.get('cursor') ?? undefined }),
    live.looks,
  );
  const page = useLast(asked.value);
  const around = useRowKeys<HTMLDivElement>();
  const change = (changes: Readonly<Record<string, string | undefined>>) =>
    replaceQuery(route, { cursor: undefined, ...changes });
  const turn = (cursor: string | null | undefined) =>
    cursor && go(route.parts, { ...Object.fromEntries(query), cursor });
  return (
    <div ref={around}>
      <h1>Users</h1>
      <search class="choose">
        <Search text={chosen.search ?? ''} onSearch={(search) => change({ search })} />
        <label>
          <span class="unseen">of whom is to be said</span>
          <select
            value={chosen.attention ?? ''}
            onChange={({ currentTarget }) => change({ attention: currentTarget.value })}
          >
            <option value="">all of them</option>
            {ATTENTION_WORDS.map(([one, text]) => (
              <option key={one} value={one}>
                {text}
              </option>
            ))}
          </select>
        </label>
        {chosen.tenant !== undefined && (
          <span class="chip">
            of <Name of={chosen.tenant} />
            <button
              type="button"
              class="plain"
              aria-label="of every tenant"
              onClick={() => change({ tenant: undefined })}
            >
              ✕
            </button>
          </span>
        )}
        <a href={addressOf(['tenants'])}>tenants</a>
      </search>
      <RefusedBox refused={asked.refused} />
      {page === undefined ? (
        asked.refused === undefined && <Loading />
      ) : (
        <>
          <SharedQueues of={page.shared} />
          <UsersTable
            users={page.users}
            sorting={sorting}
            isOld={asked.value === undefined}
            onSort={({ sort, order }) => change({ sort, order })}
          />
          <div class="pages">
            <button type="button" disabled={page.previous === null} onClick={() => turn(page.previous)}>
              ← previous
            </button>
            <span role="status">{placeText(page)}</span>
            <button type="button" disabled={page.next === null} onClick={() => turn(page.next)}>
              next →
            </button>
          </div>
        </>
      )}
    </div>
  );
}

function placeText({ users, before, total }: UsersPage): string {
  if (total === 0) return 'no user';
  const first = before + 1;
  return `${countText(first)} to ${countText(before + users.length)} of ${counted(total, 'user')}`;
}

function pathOf(question: Readonly<Record<string, string | undefined>>): string {
  const said = Object.entries(question).filter((pair): pair is [string, string] => Boolean(pair[1]));
  return `v1/users?${new URLSearchParams([...said, ['limit', String(A_PAGE)]])}`;
}
