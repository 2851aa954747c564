import type { Connection } from '../../broker/connection/connection.js';
import type { Management } from '../../broker/management/management.js';
import type { Names } from '../../core/queues/names.js';
import type { Clock } from '../../core/values/clock.js';

export interface ExplainDeps {
  readonly connection: Connection;
  readonly management: Management;
  readonly names: Names;
  readonly clock: Clock;
  readonly newId: () => string;
  /** A connection for questions alone: a broker under an alarm reads nothing more of it. */
  readonly connectToAsk: (onBlocked: (reason: string) => void) => Promise<Connection>;
  /** These have not answered yet and are waited for, so long at most; milliseconds. */
  readonly onWaiting: (names: readonly string[], ms: number) => void;
  /** How long workers are waited for that do not answer; milliseconds, undefined: as usual. */
  readonly withinMs?: number;
}
