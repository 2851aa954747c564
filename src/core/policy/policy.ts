import { exactness, type Glob, glob } from '../values/glob.js';
import {
  type Cap,
  LIMIT_NAMES,
  type LimitName,
  type Limits,
  type PolicyDocument,
  type PolicyRule,
  type Rate,
  type RuleOf,
  type Setting,
} from './policy-document.js';

/** A setting that counts, and the rule which has it. */
export type Found<T> = Setting<T> & {
  readonly rule: PolicyRule;
  /** Rules that match and set the same thing, and are less exact. */
  readonly passedOver: readonly PolicyRule[];
};

/** What counts for one user or tenant; what is undefined nobody has set. */
export interface InForce {
  readonly weight?: Found<number>;
  readonly cap?: Found<Cap>;
  readonly rate?: Found<Rate>;
  readonly paused?: Found<true>;
  readonly backlog?: Found<number>;
}

/** Whether something is set that only a queue of the user's own can keep. A weight is not: turns go by it anywhere. */
export function needsOwnQueue({ cap, rate, paused, backlog }: InForce): boolean {
  return (cap ?? rate ?? paused ?? backlog) !== undefined;
}

interface Matching {
  readonly pattern: Glob;
  readonly rule: PolicyRule;
}

/**
 * Says which setting counts for whom: each setting comes from the most exact rule in which it is set and has not ended. A
 * name beats a glob; of two globs the one with more literal text.
 */
export class Policy {
  readonly #names = new Map<string, PolicyRule>();
  readonly #globs: readonly Matching[];

  constructor(readonly document: PolicyDocument) {
    const globs: Matching[] = [];
    for (const rule of document.rules) {
      const pattern = glob(rule.name);
      if (pattern.literalStart === rule.name) this.#names.set(keyOf(rule.of, rule.name), rule);
      else globs.push({ pattern, rule });
    }
    this.#globs = globs.sort((a, b) => exactness(b.pattern) - exactness(a.pattern));
  }

  /** @param now milliseconds since the epoch */
  forUser(user: string, now: number): InForce {
    return this.#inForce('user', user, now);
  }

  /** @param now milliseconds since the epoch */
  forTenant(tenant: string, now: number): InForce {
    return this.#inForce('tenant', tenant, now);
  }

  /** @param now milliseconds since the epoch */
  forName({ of, name }: Pick<PolicyRule, 'of' | 'name'>, now: number): InForce {
    return this.#inForce(of, name, now);
  }

  /** Whether something is set for this name alone, and not for all that a pattern matches. @param now milliseconds since the epoch */
  isNamed({ of, name }: Pick<PolicyRule, 'of' | 'name'>, now: number): boolean {
    const limits = this.#names.get(keyOf(of, name))?.limits;
    return limits !== undefined && LIMIT_NAMES.some((limit) => holds(limits[limit], now));
  }

  /** When the next setting ends; milliseconds since the epoch, undefined where none does. */
  nextEnd(now: number): number | undefined {
    let next: number | undefined;
    for (const { limits } of this.document.rules) {
      for (const name of LIMIT_NAMES) {
        const until = limits[name]?.until;
        if (until !== undefined && until > now && (next === undefined || until < next)) next = until;
      }
    }
    return next;
  }

  /** Something is set for tenants. */
  hasTenants(now: number): boolean {
    return hasTenants(this.document, now);
  }

  #inForce(of: RuleOf, name: string, now: number): InForce {
    const rules = this.#matching(of, name);
    if (rules.length === 0) return NOTHING;
    const found: Partial<Record<LimitName, unknown>> = {};
    for (const limit of LIMIT_NAMES) {
      const setting = rules.filter((rule) => holds(rule.limits[limit], now));
      const [rule, ...passedOver] = setting;
      if (rule !== undefined) found[limit] = { ...rule.limits[limit], rule, passedOver };
    }
    return found as InForce;
  }

  #matching(of: RuleOf, name: string): PolicyRule[] {
    const exact = this.#names.get(keyOf(of, name));
    const rules = exact === undefined ? [] : [exact];
    for (const { pattern, rule } of this.#globs) {
      if (rule.of === of && pattern.matches(name)) rules.push(rule);
    }
    return rules;
  }
}

const NOTHING: InForce = {};

/** It is set, and has not ended. */
export function holds(setting: Setting<unknown> | undefined, now: number): boolean {
  return setting !== undefined && (setting.until === undefined || setting.until > now);
}

/** Whether something is set for tenants. */
export function hasTenants({ rules }: Pick<PolicyDocument, 'rules'>, now: number): boolean {
  return rules.some(
    ({ of, limits }) => of === 'tenant' && LIMIT_NAMES.some((limit) => holds(limits[limit], now)),
  );
}

/** The limits without those that have ended. */
export function withoutEnded(limits: Limits, now: number): Limits {
  const kept = LIMIT_NAMES.filter((name) => holds(limits[name], now));
  return Object.fromEntries(kept.map((name) => [name, limits[name]]));
}

function keyOf(of: RuleOf, name: string): string {
  return `${of} ${name}`;
}
