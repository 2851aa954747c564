import type { ComponentChildren } from 'preact';
import { safeText } from '../../render/parts/safe-text.js';
import type { Route } from '../base/route.js';
import { Changes } from './changes/changes.js';
import { DeadLetters } from './dead/dead.js';
import { OneLetter } from './dead/one-letter.js';
import { Overview } from './overview/overview.js';
import { OneRun } from './runs/one-run.js';
import { Runs } from './runs/runs.js';
import { Tenant } from './tenant/tenant.js';
import { Tenants } from './tenant/tenants.js';
import { User } from './user/user.js';
import { Users } from './users/users.js';
import { Workers } from './workers/workers.js';

export interface View {
  readonly title: string;
  /** Views of another key begin anew, at the top of the page. */
  readonly key: string;
  readonly shown: ComponentChildren;
}

/** What an address shows. */
export function viewOf(route: Route): View {
  const [place = '', name] = route.parts;
  switch (place) {
    case '':
      return { title: 'Overview', key: 'overview', shown: <Overview /> };
    case 'workers':
      return { title: 'Workers', key: 'workers', shown: <Workers /> };
    case 'dead': {
      return name === undefined
        ? { title: 'Dead letters', key: 'dead', shown: <DeadLetters /> }
        : { title: 'Dead letter', key: `dead ${name}`, shown: <OneLetter id={name} /> };
    }
    case 'runs': {
      return name === undefined
        ? { title: 'Runs', key: 'runs', shown: <Runs /> }
        : { title: 'Run', key: `run ${name}`, shown: <OneRun run={name} /> };
    }
    case 'changes':
      return { title: 'Changes', key: 'changes', shown: <Changes /> };
    case 'users':
      if (name === undefined) return { title: 'Users', key: 'users', shown: <Users route={route} /> };
      return { title: `User ${safeText(name)}`, key: `user ${name}`, shown: <User user={name} /> };
    case 'tenants':
      if (name === undefined) return { title: 'Tenants', key: 'tenants', shown: <Tenants route={route} /> };
      return { title: `Tenant ${safeText(name)}`, key: `tenant ${name}`, shown: <Tenant tenant={name} /> };
    default:
      return { title: 'Nothing', key: 'nothing', shown: <Nothing /> };
  }
}

function Nothing() {
  return (
    <>
      <h1>Nothing</h1>
      <p>There is nothing at this address.</p>
    </>
  );
}
