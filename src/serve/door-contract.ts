import type { BrokerAddress } from '../broker/connection/address.js';
import type { ConnectionOptions } from '../broker/connection/connection.js';
import type { QueueKind } from '../broker/queues/topology.js';
import type { Names } from '../core/queues/names.js';
import type { Tenancy } from '../core/top/top-tenants.js';
import type { Clock } from '../core/values/clock.js';
import type { KeptObservations } from '../run/queues/observation-file.js';
import type { ActionDone } from './actions/acting.js';
import type { Authenticator } from './auth/identity.js';
import type { CeleryOptions } from './celery.js';
import type { BodyLimits } from './http/body.js';
import type { ForeignRules } from './http/foreign.js';
import type { ServerOptions } from './http/server.js';
import type { RunPages } from './run-page.js';

export interface DoorDeps {
  readonly address: BrokerAddress;
  readonly names: Names;
  readonly clock: Clock;
  readonly newId: () => string;
  /** What is done about a lost connection. */
  readonly connecting: ConnectionOptions;
  readonly authenticator: Authenticator;
  /** Of fairq. */
  readonly version: string;
  /** Each user's share against the others. */
  readonly weightOf: (user: string) => number;
  /** Whom users belong to, and the weight of each tenant; undefined where nobody has said so. */
  readonly tenants?: Pick<Tenancy, 'tenantOf' | 'weightOf'> | undefined;
  /** Where looks at the queues are kept. */
  readonly observations: KeptObservations;
  readonly onWarning: (text: string) => void;
  /** An operator has done something. */
  readonly onAction: (done: ActionDone) => void;
  /** Nobody had thought of this error. */
  readonly onUnexpected: (error: unknown) => void;
}

export interface DoorOptions {
  readonly server: ServerOptions;
  readonly foreign: ForeignRules;
  readonly body: BodyLimits;
  /** That its tasks are of. */
  readonly run: string;
  /** Of users' queues that it makes. */
  readonly queueKind: QueueKind;
  readonly confirmWithinMs: number;
  /** Queues that belong to no user, to which everybody may send. */
  readonly queues: ReadonlySet<string>;
  /** A Celery application's workers run the tasks. */
  readonly celery?: CeleryOptions;
  /** Of requests with a key: for how long one counts, and how many are remembered. */
  readonly keys: { readonly ttlMs: number; readonly mostKeys: number };
  /** Event streams that may be open. */
  readonly mostStreams: number;
  /** The page in a browser; undefined: there is none. @see suggested the name to sign in with, where a name is enough */
  readonly page?: { readonly suggested: string; readonly runs: RunPages } | undefined;
  /** Tasks that may wait in the queue of a user; undefined: any number. */
  readonly mostBacklog?: number | undefined;
}
