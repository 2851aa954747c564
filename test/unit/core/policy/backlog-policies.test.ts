import { describe, expect, it } from 'vitest';
import { backlogPlan } from '../../../../src/core/policy/backlog/backlog-policies.js';
import type { RabbitPolicy } from '../../../../src/core/policy/backlog/rabbit-policy.js';
import { NO_POLICY, type PolicyDocument, type RuleOf } from '../../../../src/core/policy/policy-document.js';
import { namesFor } from '../../../../src/core/queues/names.js';

const names = namesFor('fairq');
const NOW = 1_000_000;

function document(...rules: (readonly [string, number, (number | undefined)?, RuleOf?])[]): PolicyDocument {
  return {
    ...NO_POLICY,
    rules: rules.map(([name, value, until, of = 'user']) => ({
      of,
      name,
      limits: { backlog: { value, by: 'ops', at: 0, ...(until !== undefined && { until }) } },
    })),
  };
}

function policy(name: string, priority: number, definition: object = {}, applyTo = 'queues'): RabbitPolicy {
  return { name, pattern: '.*', applyTo, priority, definition: { ...definition } };
}

function wanted(found: PolicyDocument, present: readonly RabbitPolicy[] = []) {
  return backlogPlan(names, found, present, NOW).put;
}

describe('the policies for backlog limits', () => {
  it('refuse what is more, in the queues of one user', () => {
    expect(wanted(document(['A', 10]))).toMatchObject([
      {
        name: 'fairq-backlog-fairq/A',
        pattern: '^fairq\\.user\\.A$',
        applyTo: 'queues',
        priority: 1,
        definition: { 'max-length': 10, overflow: 'reject-publish' },
      },
    ]);
  });

  it('are the higher the more exact their rule is; names are level', () => {
    const found = wanted(document(['*', 1], ['acme/*', 2], ['B', 3], ['acme/x', 4], ['ac*', 5]));
    const levels = found.map(({ rule, priority }) => [rule.name, priority]);
    expect(levels).toEqual([
      ['B', 4],
      ['acme/x', 4],
      ['acme/*', 3],
      ['ac*', 2],
      ['*', 1],
    ]);
  });

  it('leave out what has ended, what is no limit of the backlog, and tenants', () => {
    const found = document(['A', 1, NOW], ['B', 2, NOW + 1], ['T', 3, undefined, 'tenant']);
    const weight = { of: 'user', name: 'W', limits: { weight: { value: 2, by: 'ops', at: 0 } } } as const;
    expect(wanted({ ...found, rules: [...found.rules, weight] }).map(({ rule }) => rule.name)).toEqual(['B']);
  });

  it('have the settings of each policy that would count without them, above all of these', () => {
    const present = [
      policy('low', -5, { 'message-ttl': 7 }, 'all'),
      policy('high', 40, { 'max-length': 5, overflow: 'drop-head' }, 'quorum_queues'),
      policy('streams', 99, {}, 'streams'),
      policy('fairq-backlog-other/A', 99, {}),
    ];
    const found = wanted(document(['A', 10], ['*', 20]), present);
    expect(found.map(({ name, priority, applyTo }) => [name, priority, applyTo])).toEqual([
      ['fairq-backlog-fairq/A/high', 46, 'quorum_queues'],
      ['fairq-backlog-fairq/A/low', 45, 'queues'],
      ['fairq-backlog-fairq/A', 44, 'queues'],
      ['fairq-backlog-fairq/%2A/high', 43, 'quorum_queues'],
      ['fairq-backlog-fairq/%2A/low', 42, 'queues'],
      ['fairq-backlog-fairq/%2A', 41, 'queues'],
    ]);
    expect(found.map(({ definition }) => definition)).toEqual([
      { 'max-length': 5, overflow: 'reject-publish' },
      { 'message-ttl': 7, 'max-length': 10, overflow: 'reject-publish' },
      { 'max-length': 10, overflow: 'reject-publish' },
      { 'max-length': 5, overflow: 'reject-publish' },
      { 'message-ttl': 7, 'max-length': 20, overflow: 'reject-publish' },
      { 'max-length': 20, overflow: 'reject-publish' },
    ]);
    expect(found[0]?.pattern).toBe('^(?=[\\s\\S]*?(?:.*))fairq\\.user\\.A$');
  });

  it('are put where they are missing or others, and removed where they are no longer needed', () => {
    const before = wanted(document(['A', 10], ['B', 20], ['C', 30])).map(
      ({ rule: _, over: __, ...one }) => one,
    );
    const others = [policy('fairq-backlog-fairq2/A', 1), policy('fairq-backlog-fairq.x/A', 1)];
    const plan = backlogPlan(names, document(['A', 10], ['B', 21], ['D', 5]), [...before, ...others], NOW);
    expect(plan.put.map(({ name }) => name)).toEqual(['fairq-backlog-fairq/B', 'fairq-backlog-fairq/D']);
    expect(plan.remove.map(({ name }) => name)).toEqual(['fairq-backlog-fairq/C']);
    expect(plan.needed).toBe(3);
  });

  it('are put anew when the policy changes whose settings they have', () => {
    const first = [policy('ttl', 3, { 'message-ttl': 7, expires: 9 })];
    const made = wanted(document(['A', 10]), first);
    const same = [policy('ttl', 3, { expires: 9, 'message-ttl': 7 }), ...made];
    expect(wanted(document(['A', 10]), same)).toEqual([]);
    const changed = [policy('ttl', 3, { 'message-ttl': 8 }), ...made];
    expect(wanted(document(['A', 10]), changed).map(({ over }) => over?.name)).toEqual(['ttl']);
    const plan = backlogPlan(names, document(['A', 10]), made, NOW);
    expect(plan.remove.map(({ name }) => name)).toEqual(['fairq-backlog-fairq/A/ttl']);
  });
});
