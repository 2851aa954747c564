import type { z } from 'zod';
import type { DispatchedTask } from '../../run/publish/dispatch/dispatcher.js';

/** What tasks may be asked for here, and how they are sent. */
export interface TaskKind<Requested = unknown> {
  /** A request with a key is another one where its task goes elsewhere. */
  readonly scope: string;
  readonly schema: z.ZodType<Requested>;
  /**
   * @param user who asks
   * @param text the JSON that the request was read from: what is in it goes on as it was written
   * @param now  microseconds since the epoch
   * @throws Problem 400, 403
   */
  plan(id: string, user: string, requested: Requested, text: string, now: number): DispatchedTask;
  /** Runs before a task of this user is sent. */
  prepare(user: string): Promise<void>;
}
