import { describe, expect, it } from 'vitest';
import { type SortOrder, USER_SORTS, type UserFigures } from '../../../src/serve/overview/user-figures.js';
import { usersPage } from '../../../src/serve/overview/users-page.js';

function figures(user: string, backlog: number | null, more: Partial<UserFigures> = {}): UserFigures {
  return {
    user,
    backlog,
    running: null,
    cap: null,
    capWhenBusy: false,
    rate: null,
    paused: null,
    unacknowledged: null,
    perSecond: 0,
    share: null,
    fairShare: null,
    oldestWaitSeconds: null,
    lastWaitSeconds: null,
    failedLately: 0,
    unserved: false,
    ...more,
  };
}

/** Of 40, by fives with the same backlog, and some of whom it is not known. */
const ALL = Array.from({ length: 40 }, (_, i) =>
  figures(`u${i}`, i % 8 === 7 ? null : i % 8, { running: i % 3, share: i % 5 === 0 ? null : i / 40 }),
);

function walk(sort: (typeof USER_SORTS)[number], order: SortOrder, limit: number): string[] {
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const { users, next, total } = usersPage(ALL, { sort, order, limit, cursor });
    expect(total).toBe(40);
    seen.push(...users.map(({ user }) => user));
    cursor = next ?? undefined;
  } while (cursor !== undefined);
  return seen;
}

describe('a list of users, page by page', () => {
  it.each(USER_SORTS)('has each user once, in the order of one page, by %s', (sort) => {
    for (const order of ['asc', 'desc'] as const) {
      const whole = usersPage(ALL, { sort, order, limit: 1_000 });
      expect(whole.next).toBeNull();
      for (const limit of [1, 7, 39, 40]) {
        expect(walk(sort, order, limit)).toEqual(whole.users.map(({ user }) => user));
      }
    }
  });

  it('puts last what is not known, in either order', () => {
    for (const order of ['asc', 'desc'] as const) {
      const { users } = usersPage(ALL, { sort: 'backlog', order, limit: 1_000 });
      expect(users.slice(-5).map(({ backlog }) => backlog)).toEqual([null, null, null, null, null]);
    }
  });

  it('shifts nobody when users above the place come and go', () => {
    const first = usersPage(ALL, { sort: 'user', limit: 10 });
    const changed = [figures('a', 1), figures('b', 1), ...ALL.filter(({ user }) => user !== 'u3')];
    const second = usersPage(changed, { sort: 'user', limit: 10, cursor: first.next! });
    expect(second.users[0]!.user).toBe('u10');
  });

  it('finds names by a part of them, in capitals or not', () => {
    expect(usersPage(ALL, { sort: 'user', limit: 3, search: 'U1' })).toMatchObject({
      total: 11,
      users: { length: 3 },
    });
  });

  it.each(['', 'x', '[]', Buffer.from('["user","desc",null,"A"]').toString('base64url')])(
    'refuses the cursor %j',
    (cursor) => {
      expect(() => usersPage(ALL, { sort: 'user', limit: 1, cursor })).toThrow(/as it came/);
    },
  );
});
