import type { Connection } from '../broker/connection/connection.js';
import type { Config } from '../config/config.js';
import type { Clock } from '../core/values/clock.js';

/** What the parts of the library work with. */
export interface LibraryDeps {
  readonly config: Config;
  readonly connection: Connection;
  /** Opens another connection. @param name what the broker's operators see of it */
  readonly open: (name: string) => Promise<Connection>;
  /** The same in another vhost. */
  readonly openIn: (vhost: string, name: string) => Promise<Connection>;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly onWarning: (text: string) => void;
}
