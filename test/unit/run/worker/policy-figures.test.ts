import { expect, it } from 'vitest';
import { Policy } from '../../../../src/core/policy/policy.js';
import { NO_POLICY } from '../../../../src/core/policy/policy-document.js';
import { policyFigures } from '../../../../src/run/worker/policy/policy-figures.js';
import type { TaskRun } from '../../../../src/run/worker/slots/task-run.js';

const by = { by: 'ann', at: 0 };
const policy = new Policy({
  ...NO_POLICY,
  rules: [
    { of: 'user', name: 'team-*', limits: { cap: { ...by, value: { tasks: 3 } } } },
    { of: 'user', name: 'A', limits: { paused: { ...by, value: true, until: 100 } } },
  ],
});
const runOf = (user: string) => ({ task: { lane: { user } } }) as unknown as TaskRun;
const figures = (now: number) =>
  policyFigures(
    4,
    {
      inForce: (user) => policy.forUser(user, now),
      isPaused: (user) => user === 'team-blue' || policy.forUser(user, now).paused !== undefined,
    },
    ['A', 'team-red', 'team-red', 'team-blue', 'B'],
    ['team-red', 'team-red', 'B', 'A'].map(runOf),
  );

it('a worker tells for how many of its users something is set, and names none of them', () => {
  const users = { weight: 0, cap: 2, rate: 0, paused: 2, backlog: 0 };
  expect(figures(50)).toEqual({ revision: 4, users, cappedRunning: 2 });
  expect(figures(100).users.paused).toBe(1);
});
