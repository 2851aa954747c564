import type { TaskEvent } from '../../../core/events/task-event.js';
import { errorLine, valueLine } from '../../../core/events/task-result.js';
import type { Failure } from '../../../core/message/dead-letter.js';
import type { ResultOptions } from '../worker-contract.js';
import { keptValue } from './kept-value.js';

/** What is to be kept of what tasks returned, and of why they failed. */
export class Results {
  constructor(
    private readonly options: ResultOptions,
    /** There was a result, and it cannot be kept. */
    private readonly onDropped: (event: TaskEvent, reason: string) => void,
  ) {}

  /** A line for the stream of results, or undefined where there is nothing to keep. */
  lineOf(
    event: TaskEvent,
    failure: (Failure & { readonly retryAfterMs: number | undefined }) | undefined,
    value: unknown,
  ): string | undefined {
    const { ttlMs, mostBytes } = this.options;
    if (ttlMs === 0 || (failure === undefined && value === undefined)) return undefined;
    const expires = event.finished + Math.round(ttlMs * 1000);
    if (failure !== undefined) return errorLine(event, expires, failure.reason, failure.retryAfterMs);
    const kept = keptValue(value, mostBytes);
    if (kept === undefined) return undefined;
    if (kept.dropped !== undefined) this.onDropped(event, kept.dropped);
    return valueLine(event, expires, kept);
  }
}
