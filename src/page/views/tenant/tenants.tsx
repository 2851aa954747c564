import type { Tenants as TenantsDocument } from '../../../serve/overview/overview-views.js';
import { usePage } from '../../base/page-context.js';
import { addressOf, type Route, replaceQuery } from '../../base/route.js';
import { useRowKeys } from '../../base/row-keys.js';
import { useAsked } from '../../base/use-asked.js';
import { useLast } from '../../base/use-last.js';
import { counted, countText, shareText } from '../../parts/figures.js';
import { TenantLink } from '../../parts/name.js';
import { Loading, RefusedBox } from '../../parts/notice.js';
import { Search } from '../../parts/search.js';
import { setText } from '../../parts/set-text.js';

/** The tenants with the most that waits; others are found by a part of their name. */
export function Tenants({ route }: { readonly route: Route }) {
  const { live } = usePage();
  const search = route.query.get('search') ?? '';
  const path = `v1/tenants${search === '' ? '' : `?${new URLSearchParams({ search })}`}`;
  const { value, refused } = useAsked<TenantsDocument>(path, live.looks);
  const found = useLast(value);
  const around = useRowKeys<HTMLDivElement>();
  return (
    <div ref={around}>
      <h1>Tenants</h1>
      <search class="choose">
        <Search text={search} onSearch={(text) => replaceQuery(route, { search: text })} />
        <a href={addressOf(['users'])}>users</a>
      </search>
      <RefusedBox refused={refused} />
      {found === undefined ? (
        refused === undefined && <Loading />
      ) : (
        <>
          <section class="scroll" aria-label="tenants">
            <table class="rows">
              <thead>
                <tr>
                  <th scope="col">tenant</th>
                  <th scope="col">users</th>
                  <th scope="col">waiting</th>
                  <th scope="col">running</th>
                  <th scope="col">got</th>
                  <th scope="col">fair</th>
                  <th scope="col">policy</th>
                </tr>
              </thead>
              <tbody>
                {found.tenants.map((row) => (
                  <tr key={row.tenant}>
                    <th scope="row">
                      <TenantLink tenant={row.tenant} />
                    </th>
                    <td>{countText(row.users)}</td>
                    <td>{countText(row.backlog)}</td>
                    <td>{countText(row.running)}</td>
                    <td>{shareText(row.share)}</td>
                    <td>{shareText(row.fairShare)}</td>
                    <td>{setText(row) || '–'}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </section>
          <p role="status">
            {found.total > found.tenants.length
              ? `The ${countText(found.tenants.length)} with the most that waits, of ${countText(found.total)} tenants.`
              : counted(found.total, 'tenant')}
          </p>
        </>
      )}
    </div>
  );
}
