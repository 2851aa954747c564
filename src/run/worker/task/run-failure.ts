import type { Failure } from '../../../core/message/dead-letter.js';

/** Why an attempt of a task failed, and when the next one is due. */
export interface RunFailure extends Failure {
  /** When the next attempt is due; undefined: this was the last. */
  readonly retryAfterMs: number | undefined;
}
