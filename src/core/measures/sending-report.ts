import type { SendingReport } from '../reports/run-report.js';
import { percentiles } from './percentiles.js';
import { type Completions, roundedPercentiles } from './user-reports.js';

/** A task that is later than this against its schedule counts as late. Milliseconds. */
export const LATE_MS = 10;
/** With more of them late the sender was the limit. */
const LATE_SHARE = 0.01;

/**
 * A sender that cannot keep up sends less than the load asks for, and a system that is measured by what
 * reaches it looks better than it is ("coordinated omission", Gil Tene). So dwell begins when a task was
 * due; this says how much of it was the sender's.
 */
export function sendingReport({ enqueued, started, sentLate }: Completions): SendingReport | null {
  if (sentLate.every((micros) => micros === 0)) return null;
  const lateness = roundedPercentiles(percentiles(sentLate.map((micros) => micros / 1000)));
  const fromSent = started.map((at, i) => Math.max(0, at - enqueued[i]! - sentLate[i]!) / 1000);
  const dwellFromSentMs = roundedPercentiles(percentiles(fromSent));
  if (lateness === null || dwellFromSentMs === null) return null;
  const late = sentLate.reduce((count, micros) => count + (micros > LATE_MS * 1000 ? 1 : 0), 0);
  return {
    late,
    latenessMs: lateness,
    dwellFromSentMs,
    senderWasLimit: late > LATE_SHARE * sentLate.length,
  };
}
