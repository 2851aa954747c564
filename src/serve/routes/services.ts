import type { TaskState } from '../../core/events/task-state.js';
import type { Names } from '../../core/queues/names.js';
import type { Actions } from '../actions/actions.js';
import type { Doctor } from '../doctor/doctor.js';
import type { EventStreams } from '../events/event-streams.js';
import type { History } from '../history/history.js';
import type { BodyLimits } from '../http/body.js';
import type { Problem } from '../http/problem.js';
import type { Idempotency } from '../keys/idempotency.js';
import type { LiveStreams } from '../live/live-streams.js';
import type { DeadList } from '../overview/dead-list.js';
import type { Explanations } from '../overview/explanations.js';
import type { Overview } from '../overview/overview.js';
import type { RecentCompletions } from '../overview/recent-completions.js';
import type { Reports } from '../overview/reports.js';
import type { FollowedPolicy } from '../policy/followed-policy.js';
import type { Sending } from '../tasks/sending.js';
import type { TaskKind } from '../tasks/task-kind.js';
import type { TaskStates } from '../tasks/task-states.js';

/** What the routes work with. */
export interface Services {
  readonly sending: Sending;
  readonly states: TaskStates;
  readonly kind: TaskKind;
  /** @throws Problem 501 where the queues of users are those of an application, and not fairq's own */
  readonly requireOwnQueues: () => void;
  readonly events: EventStreams;
  readonly keys: Idempotency;
  readonly overview: Overview;
  /** What ended lately, of all users. */
  readonly recent: RecentCompletions;
  readonly live: LiveStreams;
  readonly history: History;
  readonly doctor: Doctor;
  readonly reports: Reports;
  readonly dead: DeadList;
  readonly explanations: Explanations;
  readonly actions: Actions;
  readonly policy: FollowedPolicy;
  readonly names: Names;
  readonly newId: () => string;
  /** Since the epoch. */
  readonly nowMicros: () => number;
  /** The server ends: waits end, too. */
  readonly closing: AbortSignal;
  /** Of bodies. */
  readonly limits: BodyLimits;
  /** What is said of an error; one that nobody had thought of is logged. */
  readonly problemOf: (error: unknown) => Problem;
  /** What whoever asks for a task should know, such as that no worker serves its queue. */
  readonly warningOf: (state: TaskState) => string | undefined;
  /** Why it is not ready to take tasks; undefined where it is. */
  readonly trouble: () => string | undefined;
}
