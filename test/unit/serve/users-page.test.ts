import { describe, expect, it } from 'vitest';
import { byAttention } from '../../../src/serve/overview/attention.js';
import type { UserFigures } from '../../../src/serve/overview/user-figures.js';
import { type SortOrder, USER_SORTS } from '../../../src/serve/overview/user-order.js';
import { usersPage } from '../../../src/serve/overview/users-page.js';

function figures(user: string, backlog: number | null, more: Partial<UserFigures> = {}): UserFigures {
  return {
    user,
    tenant: null,
    weight: 1,
    backlog,
    shares: false,
    atWorkers: null,
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

  it('goes back over the same pages, and says how many users are before each', () => {
    for (const sort of USER_SORTS) {
      const forth: [string[], number][] = [];
      let cursor: string | undefined;
      let previous: string | null = null;
      do {
        const page = usersPage(ALL, { sort, limit: 7, cursor });
        forth.push([page.users.map(({ user }) => user), page.before]);
        cursor = page.next ?? undefined;
        previous = page.previous;
      } while (cursor !== undefined);
      expect(forth.map(([, before]) => before)).toEqual([0, 7, 14, 21, 28, 35]);
      for (const expected of forth.slice(0, -1).reverse()) {
        const page = usersPage(ALL, { sort, limit: 7, cursor: previous! });
        expect([page.users.map(({ user }) => user), page.before]).toEqual(expected);
        previous = page.previous;
      }
      expect(previous).toBeNull();
    }
  });

  it('shows the whole first page where fewer users than a page are before', () => {
    const second = usersPage(ALL, {
      sort: 'user',
      limit: 10,
      cursor: usersPage(ALL, { sort: 'user', limit: 4 }).next!,
    });
    const back = usersPage(ALL, { sort: 'user', limit: 10, cursor: second.previous! });
    expect(back.users.map(({ user }) => user)).toEqual(ALL.slice(0, 10).map(({ user }) => user));
    expect(back.previous).toBeNull();
  });

  it('is of those alone of whom something is to be said, or of a tenant', () => {
    const some = [figures('x', 1, { unserved: true }), figures('y', 1, { tenant: 'acme' }), ...ALL];
    expect(usersPage(some, { sort: 'user', limit: 9, attention: 'unserved' })).toMatchObject({
      total: 1,
      users: [{ user: 'x', attention: ['unserved'] }],
    });
    expect(usersPage(some, { sort: 'user', limit: 9, tenant: 'acme' }).users.map(({ user }) => user)).toEqual(
      ['y'],
    );
  });

  it('puts whoever needs most attention first, as the overview does', () => {
    const some = [
      figures('small', 5, { unserved: true }),
      figures('large', 50, { unserved: true }),
      figures('long', 1, { oldestWaitSeconds: 90 }),
      figures('calm', 1_000),
    ];
    expect(usersPage(some, { sort: 'attention', limit: 9 }).users.map(({ user }) => user)).toEqual([
      'long',
      'large',
      'small',
      'calm',
    ]);
    expect(some.toSorted(byAttention).map(({ user }) => user)).toEqual(['long', 'large', 'small', 'calm']);
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
