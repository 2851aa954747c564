import { describe, expect, it } from 'vitest';
import { Policy, withoutEnded } from '../../../../src/core/policy/policy.js';
import {
  type Limits,
  NO_POLICY,
  type PolicyRule,
  type Setting,
} from '../../../../src/core/policy/policy-document.js';

const set = <T>(value: T, until?: number): Setting<T> => ({
  value,
  by: 'ann',
  at: 1,
  ...(until !== undefined && { until }),
});
const rule = (name: string, limits: Limits, of: 'user' | 'tenant' = 'user'): PolicyRule => ({
  of,
  name,
  limits,
});
const policyOf = (...rules: PolicyRule[]) => new Policy({ ...NO_POLICY, revision: 1, rules });

describe('a policy', () => {
  it('sets nothing where nobody has set anything', () => {
    expect(new Policy(NO_POLICY).forUser('A', 5)).toEqual({});
    expect(new Policy(NO_POLICY).nextEnd(5)).toBeUndefined();
  });

  it('takes each setting from the most exact rule that has it, whatever the order', () => {
    const all = rule('*', { weight: set(1), backlog: set(100) });
    const team = rule('team-*', { weight: set(2), cap: set({ tasks: 5 }) });
    const red = rule('team-red', { weight: set(3) });
    for (const rules of [
      [all, team, red],
      [red, all, team],
    ]) {
      const found = policyOf(...rules).forUser('team-red', 5);
      expect([found.weight?.value, found.cap?.value, found.backlog?.value]).toEqual([3, { tasks: 5 }, 100]);
      expect(found.weight?.rule).toBe(red);
      expect(found.weight?.passedOver).toEqual([team, all]);
      expect(found.rate).toBeUndefined();
    }
  });

  it('goes by the next rule once a setting has ended, and by the others of its rule still', () => {
    const policy = policyOf(
      rule('A', { weight: set(3), paused: set(true, 10) }),
      rule('*', { weight: set(2) }),
    );
    expect(policy.forUser('A', 9).paused?.value).toBe(true);
    expect(policy.forUser('A', 10).paused).toBeUndefined();
    expect(policy.forUser('A', 10).weight?.value).toBe(3);
    expect(policy.nextEnd(9)).toBe(10);
    expect(policy.nextEnd(10)).toBeUndefined();
  });

  it('knows for whom something is set by name, until all of it has ended', () => {
    const policy = policyOf(
      rule('*', { weight: set(1) }),
      rule('A', { weight: set(2, 100), cap: set({ tasks: 5 }, 200) }),
      rule('team', { weight: set(2) }, 'tenant'),
    );
    const isNamed = (name: string, now = 5) => policy.isNamed({ of: 'user', name }, now);
    expect(['A', 'B', '*', 'team'].map((name) => isNamed(name))).toEqual([true, false, false, false]);
    expect([isNamed('A', 150), isNamed('A', 250)]).toEqual([true, false]);
    expect(policy.isNamed({ of: 'tenant', name: 'team' }, 5)).toBe(true);
  });

  it('tells a tenant from a user of the same name', () => {
    const policy = policyOf(rule('acme', { weight: set(3) }, 'tenant'), rule('acme', { weight: set(2) }));
    expect(policy.forUser('acme', 5).weight?.value).toBe(2);
    expect(policy.forTenant('acme', 5).weight?.value).toBe(3);
  });

  it('forgets what has ended', () => {
    expect(withoutEnded({ weight: set(3), paused: set(true, 10) }, 10)).toEqual({ weight: set(3) });
  });
});
