import { safeText } from '../../render/parts/safe-text.js';
import { addressOf } from '../base/route.js';

/** A name from outside, as text: what turns a line around or cannot be seen is shown as what it is. */
export function Name({ of }: { readonly of: string }) {
  return <bdi class="name">{of === '' ? <i>no name</i> : safeText(of)}</bdi>;
}

export function TenantLink({ tenant }: { readonly tenant: string }) {
  return (
    <a href={addressOf(['tenants', tenant])}>
      <Name of={tenant} />
    </a>
  );
}

export function UserLink({ user }: { readonly user: string }) {
  return (
    <a href={addressOf(['users', user])}>
      <Name of={user} />
    </a>
  );
}
