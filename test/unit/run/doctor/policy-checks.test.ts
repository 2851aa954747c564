import { describe, expect, it } from 'vitest';
import type { WorkerPresence } from '../../../../src/broker/control/control.js';
import type { RabbitPolicy } from '../../../../src/core/policy/backlog/rabbit-policy.js';
import { NO_POLICY } from '../../../../src/core/policy/policy-document.js';
import { namesFor } from '../../../../src/core/queues/names.js';
import { backlogLimits, goesByPolicy } from '../../../../src/run/doctor/policy-checks.js';

const names = namesFor('fairq');
const worker = (name: string, policy?: number) => ({ name, policy }) as WorkerPresence;
const at = (revision: number) => ({ ...NO_POLICY, revision });
const cap = { value: { tasks: 2 }, by: 'ops', at: 0, until: 1_000 };
const ofAcme = { ...at(1), rules: [{ of: 'tenant', name: 'acme', limits: { cap } }] } as const;

describe('workers and the policy', () => {
  it.each([
    [at(0), [worker('a')], 'ok', 'nothing has been set'],
    [at(3), [worker('a', 3), worker('b', 4)], 'ok', 'every worker that was heard goes by revision 3'],
    [at(3), [worker('a', 3), worker('b', 2)], 'warning', '1 worker not at revision 3 of the policy yet: "b"'],
    [
      at(3),
      [worker('a', 2), worker('b')],
      'warning',
      '1 worker of an older fairq, which knows no policy: "b"',
    ],
  ] as const)('%#', (document, workers, level, text) => {
    expect(goesByPolicy(document, { workers }, 0)).toMatchObject({ level, text });
  });
});

describe('workers and what is set for tenants', () => {
  const workers = [{ ...worker('a', 1), tenants: true as const }, worker('b', 1)];

  it('names those that know none, as long as something is set', () => {
    expect(goesByPolicy(ofAcme, { workers }, 0)).toMatchObject({
      level: 'warning',
      text: 'what is set for tenants counts for nothing at 1 worker: "b"',
    });
    expect(goesByPolicy(ofAcme, { workers }, 1_000)).toMatchObject({ level: 'ok' });
    expect(goesByPolicy(ofAcme, { workers: workers.slice(0, 1) }, 0)).toMatchObject({ level: 'ok' });
  });
});

describe('RabbitMQ policies for backlog limits', () => {
  const limits = { backlog: { value: 5, by: 'ops', at: 0, until: 1_000 } };
  const document = { ...at(1), rules: [{ of: 'user', name: 'A', limits }] } as const;
  const ours: RabbitPolicy = {
    name: 'fairq-backlog-fairq/A',
    pattern: '^fairq\\.user\\.A$',
    applyTo: 'queues',
    priority: 1,
    definition: { 'max-length': 5, overflow: 'reject-publish' },
  };

  it.each([
    [undefined, 0, 'unknown', "this user may not see RabbitMQ's policies"],
    [[ours], 0, 'ok', 'RabbitMQ goes by all of them'],
    [[], 1_000, 'ok', 'none is set'],
    [
      [{ ...ours, priority: 2 }],
      0,
      'warning',
      'RabbitMQ\'s policies for backlog limits are not as they should be: "fairq-backlog-fairq/A"',
    ],
    [
      [ours],
      1_000,
      'warning',
      'RabbitMQ still goes by limits that have ended or were taken back: "fairq-backlog-fairq/A"',
    ],
  ] as const)('%#', (policies, now, level, text) => {
    expect(backlogLimits(document, { policies, definitions: [] }, names, now)).toMatchObject({ level, text });
  });
});
