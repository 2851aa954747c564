import { describe, expect, it } from 'vitest';
import type { RabbitPolicy } from '../../../../src/core/policy/backlog/rabbit-policy.js';
import { NO_POLICY, type PolicyDocument, type RuleOf } from '../../../../src/core/policy/policy-document.js';
import { namesFor } from '../../../../src/core/queues/names.js';
import { BacklogLimits } from '../../../../src/run/policy/backlog-limits.js';

function document(names: readonly string[], of: RuleOf = 'user'): PolicyDocument {
  const limits = { backlog: { value: 10, by: 'ops', at: 0 } };
  return { ...NO_POLICY, rules: names.map((name) => ({ of, name, limits })) };
}

function limits(present: RabbitPolicy[], asked: string[]): BacklogLimits {
  const policies = {
    checkRight: async () => {
      asked.push('right');
    },
    list: async () => present,
    put: async ({ name }: RabbitPolicy) => {
      if (name.endsWith('/C')) throw new Error('away');
      asked.push(`put ${name}`);
    },
    remove: async (name: string) => {
      asked.push(`remove ${name}`);
    },
  };
  return new BacklogLimits({ policies, names: namesFor('fairq'), nowMs: () => 0 });
}

const left = (name: string): RabbitPolicy => ({
  name,
  pattern: '',
  applyTo: 'queues',
  priority: 1,
  definition: {},
});

describe('backlog limits', () => {
  it('need no right, and ask nothing, where they stay as they are', async () => {
    const asked: string[] = [];
    await limits([], asked).check(document(['A']), document(['A']));
    await limits([], asked).check(NO_POLICY, NO_POLICY);
    await limits([], asked).agree(NO_POLICY, NO_POLICY);
    expect(asked).toEqual([]);
    await limits([], asked).check(document(['A']), NO_POLICY);
    expect(asked).toEqual(['right']);
  });

  it('are refused for a tenant, and where there are too many', async () => {
    const found = limits([], []);
    await expect(found.check(NO_POLICY, document(['acme'], 'tenant'))).rejects.toMatchObject({
      code: 'TENANT_BACKLOG',
      kind: 'usage',
      hint: expect.stringContaining('"acme/*"'),
    });
    const many = document(Array.from({ length: 201 }, (_, i) => `u${i}`));
    await expect(found.check(NO_POLICY, many)).rejects.toMatchObject({
      code: 'TOO_MANY_BACKLOGS',
      message: 'the backlog limits need 201 RabbitMQ policies; the most is 200',
    });
    const some = document(Array.from({ length: 120 }, (_, i) => `u${i}`));
    const other = limits([left('theirs')], []).check(NO_POLICY, some);
    await expect(other).rejects.toThrow(/need 240 RabbitMQ policies, since other policies are there/);
  });

  it('tidy up what others have left, and say why where they may not', async () => {
    const asked: string[] = [];
    const old = left('fairq-backlog-fairq/old');
    const changes = await limits([old], asked).agree(document(['A']), document(['A']));
    expect(changes).toEqual({ set: ['fairq-backlog-fairq/A'], removed: ['fairq-backlog-fairq/old'] });
    expect(asked).toEqual(['put fairq-backlog-fairq/A', 'remove fairq-backlog-fairq/old']);
    const { notTidied } = await limits([old], []).agree(document(['C']), document(['C']));
    expect(notTidied).toContain('away');
  });

  it('say how much was done where not all was', async () => {
    const cut = limits([], []).agree(NO_POLICY, document(['A', 'C']));
    await expect(cut).rejects.toMatchObject({
      code: 'BACKLOG_NOT_SET',
      kind: 'partial',
      message: '1 of 2 RabbitMQ policies for backlog limits were changed: away',
    });
  });
});
