import { describe, expect, it } from 'vitest';
import { decodePolicy, encodePolicy } from '../../../../src/core/policy/policy-codec.js';
import { NO_POLICY, type PolicyDocument } from '../../../../src/core/policy/policy-document.js';

const by = { by: 'ann', at: 1_700_000_000_000 };
const WHOLE: PolicyDocument = {
  version: 1,
  revision: 7,
  madeFrom: 6,
  ...by,
  what: 'A: weight 2',
  reason: 'too loud',
  rules: [
    {
      of: 'user',
      name: 'A',
      limits: {
        weight: { value: 2, ...by, until: 1_800_000_000_000, reason: 'noise' },
        cap: { value: { tasks: 5, whenBusy: true }, ...by },
        rate: { value: { starts: 100, perMs: 1_000, burst: 10 }, ...by },
        paused: { value: true, ...by },
        backlog: { value: 10_000, ...by },
      },
    },
    { of: 'tenant', name: 'acme*', limits: { weight: { value: 0.5, ...by } } },
  ],
};

/** The same document with one thing changed. */
const changed = (change: (copy: { rules: { limits: never }[] }) => void): string => {
  const copy = JSON.parse(encodePolicy(WHOLE));
  change(copy);
  return JSON.stringify(copy);
};

describe('a policy document', () => {
  it('comes back as it was written', () => {
    expect(decodePolicy(encodePolicy(WHOLE))).toEqual(WHOLE);
    expect(decodePolicy(encodePolicy(NO_POLICY))).toEqual(NO_POLICY);
  });

  it('is not written with more rules than are read', () => {
    const rules = Array.from({ length: 10_001 }, (_, i) => ({ ...WHOLE.rules[0]!, name: `u${i}` }));
    expect(decodePolicy(encodePolicy({ ...WHOLE, rules: rules.slice(1) }))?.rules).toHaveLength(10_000);
    expect(() => encodePolicy({ ...WHOLE, rules })).toThrow(
      'there would be 10001 rules, and the most is 10000',
    );
  });

  it('is read without what it does not know', () => {
    const text = changed((copy) => Object.assign(copy, { more: 1 }));
    expect(decodePolicy(text)).toEqual(WHOLE);
  });

  it.each<[string, (limits: Record<string, Record<string, unknown>>) => void]>([
    ['a weight of 0', ({ weight }) => Object.assign(weight!, { value: 0 })],
    ['a negative weight', ({ weight }) => Object.assign(weight!, { value: -1 })],
    ['a weight that is no number', ({ weight }) => Object.assign(weight!, { value: null })],
    ['a cap of 0', ({ cap }) => Object.assign(cap!, { value: { tasks: 0 } })],
    ['a cap of a half', ({ cap }) => Object.assign(cap!, { value: { tasks: 1.5 } })],
    ['a rate of 0', ({ rate }) => Object.assign(rate!, { value: { starts: 0, perMs: 1000, burst: 1 } })],
    [
      'a burst above the rate',
      ({ rate }) => Object.assign(rate!, { value: { starts: 5, perMs: 1000, burst: 6 } }),
    ],
    [
      'a rate by the day',
      ({ rate }) => Object.assign(rate!, { value: { starts: 5, perMs: 86_400_000, burst: 1 } }),
    ],
    ['a pause that is none', ({ paused }) => Object.assign(paused!, { value: false })],
    ['a backlog of 0', ({ backlog }) => Object.assign(backlog!, { value: 0 })],
    ['an end that is no time', ({ weight }) => Object.assign(weight!, { until: 'soon' })],
    ['nobody who set it', ({ weight }) => Object.assign(weight!, { by: undefined })],
  ])('is refused whole with %s', (_, change) => {
    const text = changed((copy) => change(copy.rules[0]!.limits));
    expect(decodePolicy(text)).toBeUndefined();
  });

  it.each<[string, unknown]>([
    ['another version', { version: 2 }],
    ['no revision', { revision: undefined }],
    ['a revision that is made from a later one', { madeFrom: 8 }],
    ['rules that are no list', { rules: {} }],
    ['a rule without a name', { rules: [{ of: 'user', name: '', limits: WHOLE.rules[0]!.limits }] }],
    ['a rule that sets nothing', { rules: [{ of: 'user', name: 'A', limits: {} }] }],
    ['a rule for nobody known', { rules: [{ of: 'planet', name: 'A', limits: WHOLE.rules[0]!.limits }] }],
    ['two rules of one name', { rules: [WHOLE.rules[0], WHOLE.rules[0]] }],
  ])('is refused with %s', (_, change) => {
    expect(decodePolicy(changed((copy) => Object.assign(copy, change)))).toBeUndefined();
  });

  it('is refused where it is no JSON', () => {
    for (const text of ['', '{', '[]', 'null', '7']) expect(decodePolicy(text)).toBeUndefined();
  });
});
