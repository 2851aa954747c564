import type { Tenant as TenantDocument } from '../../../serve/overview/overview-views.js';
import { inPath } from '../../base/ask.js';
import { usePage } from '../../base/page-context.js';
import { addressOf } from '../../base/route.js';
import { useAsked } from '../../base/use-asked.js';
import { Card, Cards } from '../../parts/cards.js';
import { countText, shareText } from '../../parts/figures.js';
import { Name } from '../../parts/name.js';
import { Loading, RefusedBox } from '../../parts/notice.js';
import { PolicySection } from '../../parts/policy/policy-section.js';

/** How the users of a tenant fare together, and the policy of the tenant. */
export function Tenant({ tenant }: { readonly tenant: string }) {
  const { live } = usePage();
  const { value, refused } = useAsked<TenantDocument>(`v1/tenants/${inPath(tenant)}`, live.looks);
  return (
    <>
      <h1>
        Tenant <Name of={tenant} />
      </h1>
      <RefusedBox refused={refused} />
      {value === undefined ? (
        refused === undefined && <Loading />
      ) : (
        <>
          <Cards>
            <Card value={countText(value.users)} label={value.users === 1 ? 'user' : 'users'} />
            <Card value={countText(value.backlog)} label="tasks wait" />
            <Card
              value={countText(value.running)}
              label={`run, of ${countText(value.unacknowledged)} at workers`}
            />
            <Card
              value={shareText(value.share)}
              label={`of what ended; ${shareText(value.fairShare)} would be fair`}
            />
          </Cards>
          <p>
            <a href={addressOf(['users'], { tenant })}>its users</a>
          </p>
        </>
      )}
      <PolicySection of="tenant" name={tenant} />
    </>
  );
}
