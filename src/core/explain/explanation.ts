import { type Counts, countsOf } from './counts.js';
import { type Expected, expectationOf, type RestsOn } from './expectation.js';
import type { Facts, Subject } from './facts.js';
import type { Reason } from './reason.js';
import { reasonsOf } from './reasons.js';

/** Why somebody waits, and until when it may be expected to. */
export interface Explanation {
  readonly subject: Subject;
  /** Of a task: whose it is, where that is known. */
  readonly user?: string;
  readonly queue?: string;
  readonly waiting: number;
  readonly running: number;
  /** The one that decides first; never empty. */
  readonly reasons: readonly Reason[];
  readonly nextStart: Expected | null;
  readonly end: Expected | null;
  readonly restsOn: RestsOn | null;
  /** Workers that answered; null where none could be asked. */
  readonly workers: readonly string[] | null;
}

export function explain(facts: Facts): Explanation {
  const counts: Counts = countsOf(facts);
  const found = reasonsOf(facts);
  const reasons: readonly Reason[] =
    found.length > 0 ? found : [{ why: 'unknown', what: 'nothing that is known keeps it' }];
  const { nextStart = null, end = null, restsOn = null } = expectationOf(facts, reasons);
  const { subject, task, queueName, workers } = facts;
  const user = subject.of === 'user' ? subject.name : task?.state.user;
  return {
    subject,
    ...(user !== undefined && { user }),
    ...(queueName !== undefined && { queue: queueName }),
    waiting: counts.waiting,
    running: counts.running,
    reasons,
    nextStart,
    end,
    restsOn,
    workers: workers?.map(({ name }) => name).sort() ?? null,
  };
}
