import { expect, test } from 'vitest';
import type { PolicyDocument, PolicyRule } from '../../../../src/core/policy/policy-document.js';
import { PolicyOverTime } from '../../../../src/core/policy/policy-over-time.js';

function revision(number: number, at: number, weight: number, until?: number): PolicyDocument {
  const setting = { value: weight, by: 'ops', at, ...(until !== undefined && { until }) };
  const rules: PolicyRule[] = [{ of: 'user', name: 'A', limits: { weight: setting } }];
  return {
    version: 1,
    revision: number,
    madeFrom: number - 1,
    at,
    by: 'ops',
    what: `weight ${weight}`,
    rules,
  };
}

test('says which policy counted when, and when something changed', () => {
  const policy = new PolicyOverTime([
    revision(2, 200, 3, 250),
    revision(1, 100, 2),
    revision(3, 300, 4, 900),
  ]);
  const weightAt = (ms: number) => policy.at(ms)?.forUser('A', ms).weight?.value;
  expect([99, 100, 199, 200, 249, 250, 300, 899, 900].map(weightAt)).toEqual([
    ...[undefined, 2, 2, 3, 3, undefined, 4, 4, undefined],
  ]);
  expect(policy.changes()).toEqual([100, 200, 250, 300, 900]);
});

test('goes by revisions where the clocks of operators differ', () => {
  const policy = new PolicyOverTime([revision(1, 100, 2), revision(2, 90, 3)]);
  expect(policy.at(100)?.document.revision).toBe(2);
  expect(policy.changes()).toEqual([100]);
});

test('of a stream without documents nothing counted', () => {
  const policy = new PolicyOverTime([]);
  expect(policy.at(1)).toBeUndefined();
  expect(policy.changes()).toEqual([]);
});
