import type { Envelope } from '../../core/message/envelope.js';
import type { SentProperties } from '../../core/message/saved-message.js';
import type { TraceContext } from '../../core/message/trace-context.js';

/** A task that is to be sent, as the command line or a file says. */
export interface PlannedTask {
  /** Given to it; one is made where it has none. */
  readonly id?: string | undefined;
  readonly user: string;
  /** The queue that it goes to, if not its user's own. */
  readonly queue?: string;
  readonly priority?: number;
  readonly type: string;
  readonly contentType: string;
  readonly payload: Buffer;
  /** Of the file that it was read from, for messages. */
  readonly line?: number;
  /** Of a task that was sent before and is sent again as it was; null: one that never had an envelope. */
  readonly envelope?: Envelope | null;
  /** It waits in a delay queue until then; microseconds since the epoch. */
  readonly dueAt?: number;
  /** Where a trace goes on; it goes beside whatever else the message says. */
  readonly trace?: TraceContext;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly properties?: SentProperties;
}
