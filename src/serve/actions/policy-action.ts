import { FairqError } from '../../core/errors/errors.js';
import type { RuleName } from '../../core/policy/policy-changes.js';
import type { PolicyDocument } from '../../core/policy/policy-document.js';
import type { Edited } from '../../core/policy/policy-edits.js';
import type { Names } from '../../core/queues/names.js';
import type { Clock } from '../../core/values/clock.js';
import { type ChangedPolicy, changePolicy } from '../../run/policy/change-policy.js';
import { changeWarnings } from '../../run/policy/change-warnings.js';
import { brokerProblem } from '../http/broker-problem.js';
import { Problem } from '../http/problem.js';
import type { Acting } from './acting.js';

/** Where the connection is lost in the middle. */
const UNCERTAIN = 'Whether the policy was changed is not known: GET /v1/policy/history says it.';

export interface PolicyActionDeps {
  readonly acting: Acting;
  readonly names: Names;
  readonly clock: Clock;
  readonly newId: () => string;
}

export interface AskedChange {
  readonly rule: RuleName;
  readonly by: string;
  readonly reason: string | undefined;
  /** The revision that whoever asks has seen; undefined: whichever there is. */
  readonly seen: number | undefined;
  readonly timeoutMs: number;
  /** @throws FairqError (usage); undefined where it is so already */
  next(before: PolicyDocument, now: number): Edited | undefined;
}

export interface MadeChange extends ChangedPolicy {
  /** What whoever asks should know besides. */
  readonly warnings: readonly string[];
}

/** Changes the policy as the commands do, for operators who ask by HTTP. */
export class PolicyAction {
  constructor(private readonly deps: PolicyActionDeps) {}

  /** @throws Problem */
  change({ rule, by, reason, seen, timeoutMs, next }: AskedChange): Promise<MadeChange> {
    const { acting, names, clock, newId } = this.deps;
    const epochMs = () => Math.floor(clock.epochMicros() / 1_000);
    const head = { action: 'policy', by, ...(rule.of === 'user' && { user: rule.name }) };
    return acting.carryOut(
      head,
      async ({ connection, management }, progress) => {
        const now = () => clock.now();
        const deps = { connection, management, names, newId, now, epochMs };
        const begin = (before: PolicyDocument) => {
          const edited = next(before, epochMs());
          progress.state = UNCERTAIN;
          return edited;
        };
        try {
          const changed = await changePolicy(deps, begin, { by, reason, seen, timeoutMs });
          return { ...changed, warnings: await changeWarnings(management, names, changed) };
        } catch (error) {
          throw changeProblem(error);
        }
      },
      ({ after, agreement }) => ({
        what: after.what,
        revision: after.revision,
        workers: agreement.agreed.length,
        late: agreement.late.length,
      }),
    );
  }
}

/** What is wrong with the change, in the words of the command; any other error stays as it is. */
function changeProblem(error: unknown): unknown {
  if (!(error instanceof FairqError)) return error;
  const { code, kind, message } = error;
  const detail = `${message}.`;
  if (code === 'POLICY_OVERTAKEN') {
    return new Problem(412, 'policy-overtaken', 'The policy has been changed meanwhile', detail);
  }
  if (code === 'NOT_SET') return new Problem(404, 'not-set', 'Nothing is set by this name', detail);
  if (code === 'PAUSED_BY_RULE') {
    return new Problem(409, 'paused-by-rule', 'Another rule goes on to pause', detail);
  }
  if (kind === 'usage') return new Problem(400, 'bad-policy', 'This cannot be set', detail);
  // The broker has said no, and the policy is as it was.
  if (kind === 'refused') return brokerProblem(error);
  return error;
}
