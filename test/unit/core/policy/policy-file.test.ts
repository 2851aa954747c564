import { describe, expect, it } from 'vitest';
import {
  changeText,
  differenceOf,
  rulesInForce,
  withLimits,
  withoutLimits,
} from '../../../../src/core/policy/policy-changes.js';
import type { Limits, PolicyRule } from '../../../../src/core/policy/policy-document.js';
import { fileOfRules, rulesOfFile } from '../../../../src/core/policy/policy-file.js';

const by = { by: 'ann', at: 1_000 };
const A = { of: 'user', name: 'A' } as const;
const rule = (name: string, limits: Limits): PolicyRule => ({ of: 'user', name, limits });

describe('the rules of a policy', () => {
  it('keep what is set beside, in one order, and forget what has ended', () => {
    const capped = withLimits([], A, { cap: { value: { tasks: 3 }, ...by, until: 5_000 } }, 2_000);
    const both = withLimits(capped, A, { weight: { value: 2, ...by } }, 2_000);
    expect(both.map(({ limits }) => Object.keys(limits))).toEqual([['weight', 'cap']]);
    expect(rulesInForce(both, 5_000)).toEqual([rule('A', { weight: { value: 2, ...by } })]);
    expect(withoutLimits(both, A, ['weight', 'cap'], 2_000)).toEqual([]);
  });

  it('differ by what is set, not by who set it', () => {
    const before = [
      rule('A', { weight: { value: 2, ...by } }),
      rule('B', { paused: { value: true, ...by } }),
    ];
    const after = [
      rule('A', { weight: { value: 2, by: 'bob', at: 2_000 } }),
      rule('C', { rate: { value: { starts: 5, perMs: 60_000, burst: 1 }, ...by, until: 86_400_000 } }),
    ];
    expect(differenceOf({ rules: before }, { rules: after }).map(changeText)).toEqual([
      'B: no longer paused',
      'C: rate 5/m until 1970-01-02T00:00:00Z',
    ]);
  });

  it('come back from the tables of a file as they were, and keep who set what is the same', () => {
    const rules: PolicyRule[] = [
      rule('A', {
        weight: { value: 0.5, ...by, until: 9_000, reason: 'x' },
        cap: { value: { tasks: 5, whenBusy: true }, ...by },
        rate: { value: { starts: 100, perMs: 1_000, burst: 7 }, ...by },
        paused: { value: true, ...by },
        backlog: { value: 10, ...by },
      }),
      {
        of: 'tenant',
        name: 'acme',
        limits: { rate: { value: { starts: 9, perMs: 1_000, burst: 9 }, ...by } },
      },
    ];
    const file = fileOfRules(rules);
    expect(rulesOfFile(file, { by: 'bob', at: 2_000, before: rules })).toEqual(rules);
    expect(fileOfRules(rulesOfFile(file, { by: 'bob', at: 2_000, before: [] }))).toEqual(file);
    const [first] = rulesOfFile(file, { by: 'bob', at: 2_000, before: [] });
    expect(first?.limits.weight?.by).toBe('bob');
  });

  it('are not read from a file where a name is one that every object has', () => {
    const read = (text: string) => () => rulesOfFile(JSON.parse(text), { by: 'bob', at: 0, before: [] });
    expect(read('{"constructor": {"A": {"weight": 2}}}')).toThrow(
      'constructor: there are the tables "users" and "tenants" only',
    );
    for (const limit of ['constructor', '__proto__']) {
      expect(read(`{"users": {"A": {"${limit}": 2}}}`)).toThrow(
        `users."A".${limit}: there are weight, cap, rate, paused, backlog only`,
      );
    }
  });
});
