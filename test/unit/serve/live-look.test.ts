import { expect, it } from 'vitest';
import { liveLook } from '../../../src/serve/live/live-look.js';
import type { AllUsers } from '../../../src/serve/overview/overview.js';
import type { UserFigures } from '../../../src/serve/overview/user-figures.js';

const PAUSED = { by: 'boss', until: null, reason: null };

function oldestOf(...users: Partial<UserFigures>[]): string | undefined {
  const all = { age: {}, runningKnown: true, users: users.map((user) => ({ paused: null, ...user })) };
  const workers = { workers: [], perSecond: 0 };
  const look = liveLook({
    all: all as unknown as AllUsers,
    workers: workers as never,
    alarms: null,
    policyRevision: 0,
  });
  return look.oldest?.user;
}

it('names who waits for longest, and none who is paused', () => {
  expect(
    oldestOf(
      { user: 'a', oldestWaitSeconds: 3 },
      { user: 'b', oldestWaitSeconds: 5 },
      { user: 'c', oldestWaitSeconds: 9, paused: PAUSED },
      { user: 'd', oldestWaitSeconds: null },
    ),
  ).toBe('b');
  expect(oldestOf({ user: 'c', oldestWaitSeconds: 9, paused: PAUSED })).toBeUndefined();
  expect(oldestOf()).toBeUndefined();
});
