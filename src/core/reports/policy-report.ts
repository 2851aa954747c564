import type { InForce } from '../policy/policy.js';
import type { PolicyChange } from '../policy/policy-changes.js';
import type { LimitName, PolicyDocument, PolicyRule, RuleOf, Setting } from '../policy/policy-document.js';

/** A worker that does not go by a revision of the policy. */
export interface LateWorker {
  readonly name: string;
  /**
   * `silent`: it is connected, and says nothing. `older`: it knows no policy. `behind`: it goes by an older revision.
   * `no-tenants`: the change is for tenants, and it does not know whom its users belong to.
   */
  readonly why: 'silent' | 'older' | 'behind' | 'no-tenants';
  /** The revision that it goes by; null where it has not said so. */
  readonly revision: number | null;
}

/** A task of a paused user that goes on. */
export interface RunningStill {
  readonly id: string;
  readonly user: string;
  readonly worker: string;
  /** Microseconds since the epoch. */
  readonly started: number;
}

/** What every verb that changes the policy tells. */
export interface PolicyChangeReport {
  readonly schemaVersion: 1;
  readonly kind: 'policy-change';
  /** False where all was so already. */
  readonly changed: boolean;
  readonly revision: number;
  readonly madeFrom: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly by: string;
  readonly what: string;
  readonly reason: string | null;
  readonly changes: readonly (Pick<PolicyChange, 'of' | 'name' | 'limit'> & {
    readonly before: Setting<unknown> | null;
    readonly after: Setting<unknown> | null;
  })[];
  /** Workers that go by the revision. */
  readonly workers: readonly { readonly name: string; readonly revision: number }[];
  readonly late: readonly LateWorker[];
  /** Those that have run for longest come first. */
  readonly stillRunning: readonly RunningStill[];
  /** More that run and are not named. */
  readonly stillRunningUntold: number;
  /** Names of RabbitMQ's own policies. */
  readonly rabbitPolicies: { readonly set: readonly string[]; readonly removed: readonly string[] };
}

/** The rules that count now. */
export interface PolicyList extends Omit<PolicyDocument, 'version' | 'rules' | 'reason'> {
  readonly schemaVersion: 1;
  readonly kind: 'policy';
  readonly reason: string | null;
  readonly rules: readonly PolicyRule[];
  /** Null where this could not be found out. */
  readonly endedInForce: readonly EndedBacklog[] | null;
}

/** A backlog limit that has ended, and RabbitMQ still goes by it. */
export interface EndedBacklog {
  /** Name of the rule. */
  readonly name: string;
  readonly backlog: Setting<number>;
}

/** What counts for one user or tenant. */
export interface PolicyFor {
  readonly schemaVersion: 1;
  readonly kind: 'policy-for';
  readonly of: RuleOf;
  readonly name: string;
  readonly revision: number;
  readonly inForce: Partial<Record<LimitName, SettingInForce>>;
  /** Of a user, and what counts for it there; undefined where nobody has said whom users belong to. */
  readonly tenant?: { readonly name: string; readonly inForce: PolicyFor['inForce'] };
  /** Null where this could not be found out. */
  readonly endedInForce: readonly EndedBacklog[] | null;
}

export interface SettingInForce extends Setting<unknown> {
  /** Name of the rule that sets it. */
  readonly rule: string;
  /** Names of the rules that set it too, and are less exact. */
  readonly passedOver: readonly string[];
}

export function settingsInForce(inForce: InForce): PolicyFor['inForce'] {
  return Object.fromEntries(
    Object.entries(inForce).map(([limit, { rule, passedOver, ...setting }]) => [
      limit,
      {
        ...setting,
        rule: rule.name,
        passedOver: (passedOver as readonly PolicyRule[]).map(({ name }) => name),
      },
    ]),
  );
}

/** Every change that the stream still has, oldest first. */
export interface PolicyHistory {
  readonly schemaVersion: 1;
  readonly kind: 'policy-history';
  readonly changes: readonly (Omit<PolicyDocument, 'version' | 'rules' | 'reason'> & {
    readonly reason: string | null;
    readonly rules: readonly PolicyRule[];
  })[];
  /** Older ones that are left out by --limit. */
  readonly hidden: number;
}
