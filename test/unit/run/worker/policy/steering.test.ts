import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { NO_POLICY, type PolicyDocument } from '../../../../../src/core/policy/policy-document.js';
import type { ConsumedQueue } from '../../../../../src/run/worker/intake/consumed-queue.js';
import { Steering } from '../../../../../src/run/worker/policy/steering.js';
import { consumedQueue } from '../../../../support/consumed-queue.js';

const clock = { now: () => Date.now(), epochMicros: () => Date.now() * 1_000 };
const steerings: Steering[] = [];

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
});
afterEach(() => {
  for (const one of steerings.splice(0)) one.close();
  vi.useRealTimers();
});

function documentOf(revision: number, until?: number): PolicyDocument {
  const paused = { value: true as const, by: 'ann', at: 1, ...(until !== undefined && { until }) };
  return { ...NO_POLICY, revision, rules: [{ of: 'user', name: 'A', limits: { paused } }] };
}

/** What is applied, as `A paused`; each change takes until it is let through. */
function steered(
  queues: readonly ConsumedQueue[] = [consumedQueue({ user: 'A' })],
  tenantOf?: (user: string) => string,
) {
  const applied: string[] = [];
  const told: number[] = [];
  const through: (() => void)[] = [];
  const steering = new Steering(
    clock,
    {
      onApplied: (revision) => told.push(revision),
      onFailure: (error) => told.push(Number(error.message)),
    },
    tenantOf,
  );
  steerings.push(steering);
  steering.begin(
    () => queues,
    [
      {
        apply: ({ lane }, { paused }, ofTenant) => {
          const isPaused = (paused ?? ofTenant.paused) !== undefined;
          applied.push(`${lane.user} ${isPaused ? 'paused' : 'goes on'}`);
          return new Promise<void>((resolve) => through.push(resolve));
        },
      },
    ],
  );
  const settle = async () => {
    for (const resolve of through.splice(0)) resolve();
    await vi.advanceTimersByTimeAsync(0);
  };
  return { steering, applied, told, settle };
}

describe('steering', () => {
  it('begins in the same tick, and says so when all of it is so', async () => {
    const { steering, applied, told, settle } = steered();
    steering.apply(documentOf(3));
    expect([applied, told, steering.revision]).toEqual([['A paused'], [], 0]);
    await settle();
    expect([told, steering.revision]).toEqual([[3], 3]);
  });

  it('goes on at the end of a pause, by the clock and not by the timer alone', async () => {
    const { steering, applied, settle } = steered();
    steering.apply(documentOf(1, 1_010_000));
    await settle();
    await vi.advanceTimersByTimeAsync(9_000);
    expect(applied).toEqual(['A paused']);
    vi.setSystemTime(1_005_000); // the clock was set back
    await vi.advanceTimersByTimeAsync(2_000);
    expect(applied).toEqual(['A paused']);
    await vi.advanceTimersByTimeAsync(4_000);
    expect(applied).toEqual(['A paused', 'A goes on']);
  });

  it('applies what is set to a queue that is taken up later', () => {
    const { steering, applied } = steered([]);
    steering.apply(documentOf(1));
    steering.newQueue(consumedQueue({ user: 'A' }));
    steering.newQueue(consumedQueue({ user: 'B' }));
    expect(applied).toEqual(['A paused', 'B goes on']);
  });

  it('never says an older revision after a newer one', async () => {
    const { steering, told, settle } = steered();
    steering.apply(documentOf(1));
    steering.apply(documentOf(2));
    await settle();
    expect(steering.revision).toBe(2);
    expect(told.at(-1)).toBe(2);
  });

  it('applies what is set for a tenant to each of its users, where it knows tenants', () => {
    const users = ['A/x', 'A/y', 'B/x'];
    const queues = users.map((user) => consumedQueue({ user }));
    const document = documentOf(1);
    const ofTenants = {
      ...document,
      rules: document.rules.map((rule) => ({ ...rule, of: 'tenant' as const })),
    };
    const knows = steered(queues, (user) => user[0]!);
    knows.steering.apply(ofTenants);
    expect(knows.applied).toEqual(['A/x paused', 'A/y paused', 'B/x goes on']);
    expect(users.map((user) => knows.steering.isPaused(user))).toEqual([true, true, false]);
    expect(knows.steering.passesTenantsOver).toBe(false);
    const knowsNone = steered(queues);
    knowsNone.steering.apply(ofTenants);
    expect(knowsNone.applied).toEqual(users.map((user) => `${user} goes on`));
    expect(knowsNone.steering.passesTenantsOver).toBe(true);
  });
});
