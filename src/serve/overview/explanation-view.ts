import type { Explanation } from '../../core/explain/explanation.js';
import type { Reason } from '../../core/explain/reason.js';

/** Milliseconds since the epoch in a reason. */
const MOMENTS = new Set(['at', 'since', 'until']);
/** What a user may know of a reason beside its numbers: who works for others, and who has set what, is not theirs. */
const OWN = new Set(['why', 'rate', 'whenBusy', 'alarms']);

/** @param all whoever asks may see what is not the user's own: names of workers, rules, tenants and operators */
export function explanationView(explanation: Explanation, all: boolean): object {
  const { subject, queue, reasons, workers, ...rest } = explanation;
  return {
    user: subject.name,
    ...rest,
    reasons: reasons.map((reason) => reasonView(reason, all)),
    ...(all && { queue: queue ?? null, workers }),
  };
}

function reasonView(reason: Reason, all: boolean): object {
  const fields = Object.entries(reason).flatMap(([name, value]: [string, unknown]) => {
    if (MOMENTS.has(name) && typeof value === 'number') return [[name, new Date(value).toISOString()]];
    return all || OWN.has(name) || typeof value === 'number' || value === null ? [[name, value]] : [];
  });
  return Object.fromEntries(fields);
}
