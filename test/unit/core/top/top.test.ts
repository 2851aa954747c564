import { describe, expect, it } from 'vitest';
import { Policy } from '../../../../src/core/policy/policy.js';
import { NO_POLICY, type PolicyRule } from '../../../../src/core/policy/policy-document.js';
import { TopRunning } from '../../../../src/core/top/top-running.js';
import type { TopQueue, TopSample } from '../../../../src/core/top/top-sample.js';
import { topShared } from '../../../../src/core/top/top-shared.js';
import { topTenants } from '../../../../src/core/top/top-tenants.js';
import {
  afterKey,
  askedAbout,
  FIRST_VIEW,
  type TopAction,
  type TopView,
  usersIn,
} from '../../../../src/core/top/top-view.js';
import { type LightFacts, TopWindow, topUsers } from '../../../../src/core/top/top-window.js';
import { textWidth } from '../../../../src/render/parts/text.js';
import { renderTop } from '../../../../src/render/top-text.js';
import { unsafeIn, withoutColours } from '../../../support/hostile-names.js';
import { taskEvent } from '../../../support/synthetic-run.js';

const event = (user: string, worker = 'w', started = 0) => taskEvent({ id: 'x', user, worker, started });
const queue = (user: string, ready: number) => ({ user, ready, unacknowledged: 0, consumers: 1 });
const even = (_: string) => 1;

function usersOf(
  queues: readonly TopQueue[] | undefined,
  rates: Record<string, number>,
  weightOf = even,
  {
    rules,
    running,
    light,
  }: { rules?: PolicyRule[]; running?: Record<string, number>; light?: LightFacts } = {},
) {
  const policy = new Policy({ ...NO_POLICY, rules: rules ?? [] });
  const facts = { queues, rates: new Map(Object.entries(rates)), weightOf };
  return topUsers({
    ...facts,
    light,
    listedUsers: queues === undefined ? ['A'] : [],
    waitMs: () => null,
    isServed: (user) => user === 'served',
    inForce: (user) => policy.forUser(user, 0),
    running: running && new Map(Object.entries(running)),
  });
}

function sampleOf(users: readonly TopQueue[], rates: Record<string, number>): TopSample {
  return {
    at: '2026-01-01T00:00:00.000Z',
    workers: [],
    workersKnown: true,
    perSecond: 0,
    backlog: 0,
    shared: null,
    listedSecondsAgo: 8,
    policyRevision: 0,
    users: usersOf(users, rates),
  };
}

const by = { by: 'ann', at: 0 };
const RULES: PolicyRule[] = [
  { of: 'user', name: 'A', limits: { cap: { ...by, value: { tasks: 3 } }, weight: { ...by, value: 2 } } },
  { of: 'user', name: 'B', limits: { paused: { ...by, value: true, until: 3_600_000, reason: 'noise' } } },
  {
    of: 'user',
    name: 'C',
    limits: {
      cap: { ...by, value: { tasks: 5, whenBusy: true } },
      rate: { ...by, value: { starts: 100, perMs: 60_000, burst: 1 } },
    },
  },
];

function typed(keys: readonly string[], view: TopView = FIRST_VIEW): TopView | TopAction {
  return keys.reduce<TopView | TopAction>(
    (now, key) => (typeof now === 'string' ? now : afterKey(now, key)),
    view,
  );
}

describe('the last seconds', () => {
  it('count what ended in them, of whom and at whom', () => {
    const window = new TopWindow();
    window.begin(0);
    window.add([event('A', 'w1', 5_000), event('A', 'w2'), event('B', 'w2')], 1_000);
    window.add([event('A', 'w1', 9_000)], 2_000);
    const { users, workers } = window.rates(4_000);
    expect([...users]).toEqual([
      ['A', 0.75],
      ['B', 0.25],
    ]);
    expect([...workers]).toEqual([
      ['w1', 0.5],
      ['w2', 0.5],
    ]);
    expect(window.waitMs('A')).toBe(9);
  });

  it('forget what is older, and how long who is not served any more had waited', () => {
    const window = new TopWindow();
    window.begin(0);
    window.add([event('A')], 1_000);
    expect(window.rates(60_000).users.size).toBe(0);
    expect(window.waitMs('A')).toBeNull();
  });
});

describe('a fair share', () => {
  it('is what one asks for without a backlog, and a part of the rest by weight with one', () => {
    const weightOf = (user: string) => (user === 'A' ? 3 : 1);
    const rates = { A: 40, B: 40, C: 20 };
    const users = usersOf([queue('A', 9), queue('B', 9), queue('C', 0)], rates, weightOf);
    expect(users.map(({ user, share, fairShare }) => [user, share, fairShare])).toEqual([
      ['A', 0.4, 0.8 * 0.75],
      ['B', 0.4, 0.8 * 0.25],
      ['C', 0.2, 0.2],
    ]);
  });

  it('is not known while nothing is run', () => {
    expect(usersOf([queue('A', 9)], {})[0]).toMatchObject({ share: null, fairShare: null, perSecond: 0 });
  });

  it('is not known where it is not known who waits, and neither is what waits', () => {
    const nothing = { backlog: null, unacknowledged: null, consumers: null, fairShare: null };
    expect(usersOf(undefined, { B: 5 })).toMatchObject([
      { user: 'A', ...nothing, share: 0 },
      { user: 'B', ...nothing, share: 1 },
    ]);
  });
});

describe('what operators have set', () => {
  const queues = ['A', 'B', 'C', 'D'].map((user) => queue(user, 9));
  const running = { A: 2, C: 7 };
  const users = usersOf(queues, { A: 50, C: 25, D: 25 }, even, { rules: RULES, running });
  const sample = { ...sampleOf([], {}), users };
  const screen = (view: Partial<TopView> = {}, columns = 80) =>
    renderTop(sample, { ...FIRST_VIEW, ...view }, { columns, color: false, unicode: true }, 24);

  it('is told of each user, with how many of its tasks run', () => {
    expect(users).toMatchObject([
      { running: 2, cap: 3, capWhenBusy: false, rate: null, paused: null },
      { running: 0, cap: null, paused: { by: 'ann', until: '1970-01-01T01:00:00.000Z', reason: 'noise' } },
      { running: 7, cap: 5, capWhenBusy: true, rate: { starts: 100, perMs: 60_000 } },
      { running: 0, cap: null, paused: null },
    ]);
    expect(usersOf(queues, {})[0]).toMatchObject({ running: null });
  });

  it('counts in what is fair: the weight that is set, and nothing for who is paused', () => {
    expect(users.map(({ fairShare }) => fairShare)).toEqual([0.5, 0, 0.25, 0.25]);
  });

  it('has columns, and is said where a user is paused', () => {
    const lines = screen();
    expect(lines.find((line) => line.startsWith('user'))).toMatch(/^user +backlog +runs +rate /);
    expect(lines.find((line) => line.startsWith('A '))).toMatch(/^A +9 +2\/3 +- /);
    expect(lines.find((line) => line.startsWith('B '))).toMatch(/^B +9 +0 .* paused to 01:00$/);
    expect(lines.find((line) => line.startsWith('C '))).toMatch(/^C +9 +7\/5~ +100\/m /);
    for (const line of screen()) expect(textWidth(line)).toBeLessThanOrEqual(80);
  });

  it('is asked about before it is changed, by the name of the first user that is shown', () => {
    expect(typed(['P'])).toBe('pause');
    expect(typed(['R'])).toBe('resume');
    const asking = askedAbout({ ...FIRST_VIEW, scroll: 1 }, sample, 'pause');
    expect(asking.asking).toEqual({ verb: 'pause', of: 'user', name: 'B' });
    expect(screen(asking).at(-1)).toContain('y: start no task of B any more');
    expect(afterKey(asking, 'y')).toBe('confirmed');
    for (const key of ['n', 'q', '\r', '\u001b', 'P']) {
      expect(afterKey(asking, key)).toMatchObject({ asking: undefined });
    }
    expect(afterKey(asking, '\u0003')).toBe('quit');
    expect(askedAbout({ ...FIRST_VIEW, filter: 'nobody' }, sample, 'pause').asking).toBeUndefined();
    const said = { ...FIRST_VIEW, said: 'B: paused (revision 4), at all workers' };
    expect(screen(said).at(-1)).toBe(said.said);
    expect(afterKey(said, 'j')).toMatchObject({ said: '', scroll: 1 });
  });

  it('is asked about a tenant where tenants are shown', () => {
    const tenancy = {
      tenantOf: () => 'acme',
      weightOf: even,
      inForce: (name: string) => new Policy({ ...NO_POLICY, rules: [] }).forTenant(name, 0),
    };
    const tenants = topTenants(users, tenancy);
    expect(tenants).toMatchObject([{ tenant: 'acme', running: 9, cap: null }]);
    const asking = askedAbout(FIRST_VIEW, { ...sample, tenants }, 'resume');
    expect(asking.asking).toEqual({ verb: 'resume', of: 'tenant', name: 'acme' });
  });
});

describe('users that share queues', () => {
  const known: Record<string, { tasks: number; oldest: number | undefined }> = {
    light: { tasks: 3, oldest: 4_000_000 },
    idle: { tasks: 0, oldest: undefined },
  };
  const light = { rows: ['light'], of: (row: string) => known[row], isListed: true, nowMs: 10_000 };
  const rates = { A: 5, light: 5, idle: 1, untold: 1 };
  const users = usersOf([queue('A', 9)], rates, even, { light });

  it('have no backlog that is known, and what is known to wait at workers', () => {
    expect(users.map(({ user }) => user)).toEqual(['A', 'light', 'idle', 'untold']);
    const unknown = { backlog: null, unacknowledged: null, fairShare: null, unserved: false };
    expect(users).toMatchObject([
      { backlog: 9, shares: false, atWorkers: null, oldestAtWorkersMs: null },
      { ...unknown, shares: true, atWorkers: 3, oldestAtWorkersMs: 6_000 },
      { ...unknown, shares: true, atWorkers: 0, oldestAtWorkersMs: null },
      { ...unknown, shares: true, atWorkers: null, oldestAtWorkersMs: null },
    ]);
  });

  it('are those alone of whom workers tell, before queues have been listed', () => {
    const unlisted = usersOf(undefined, rates, even, { light: { ...light, isListed: false } });
    expect(unlisted.filter(({ shares }) => shares).map(({ user }) => user)).toEqual(['light']);
  });

  it('have their own words on the screen, and the shared queues a line', () => {
    const facts = { listed: 64, served: 64, totals: { users: 2, tasks: 3 }, unserved: false };
    const contents = { queues: 64, ready: 1_200, unacknowledged: 9 };
    const linesOf = (shared: TopSample['shared']) => {
      const style = { columns: 100, color: false, unicode: true };
      return renderTop({ ...sampleOf([], {}), users, shared }, FIRST_VIEW, style, 24);
    };
    const lines = linesOf(topShared({ ...facts, contents }));
    expect(lines).toContain(
      "64 shared queues   1,200 tasks waiting, whoever's   3 tasks more at workers, of 2 users",
    );
    expect(lines.find((line) => line.startsWith('user'))).toMatch(/^user +backlog +at workers /);
    expect(lines.find((line) => line.startsWith('light '))).toMatch(/^light +- +3 .* shares$/);
    expect(lines.find((line) => line.startsWith('untold '))).toMatch(/^untold +- +- .* shares$/);
    expect(lines.find((line) => line.startsWith('A '))).toMatch(/^A +9 +- /);
    const unknown = topShared({ ...facts, totals: undefined, contents: undefined, unserved: true });
    expect(linesOf(unknown)).toContain(
      '64 shared queues   not known what waits   not known what is at workers   no worker',
    );
    expect(linesOf(topShared({ ...facts, contents: undefined, listed: 0, served: 0 })).join()).not.toContain(
      'shared',
    );
  });
});

describe('what runs', () => {
  it('is known when every worker has said all of it, and forgotten with a worker', () => {
    const running = new TopRunning((user) => user.slice(0, 1));
    expect(running.counts(['w1'])).toBeUndefined();
    running.answered('w1', ['A1', 'A2', 'B'], 3);
    expect([...running.counts(['w1'])!]).toEqual([
      ['A', 2],
      ['B', 1],
    ]);
    running.answered('w2', ['A3'], 2);
    expect(running.counts(['w1', 'w2'])).toBeUndefined();
    running.answered('w2', ['A3'], 1);
    expect(running.counts(['w1', 'w2'])?.get('A')).toBe(3);
    running.keepOnly(new Set(['w1']));
    expect(running.counts(['w1', 'w2'])).toBeUndefined();
  });
});

describe('who waits for a worker', () => {
  const waits = (user: string, consumers: number | null) => ({ ...queue(user, 9), consumers });

  it('is who is not consumed, not served by anybody that is heard, and not run', () => {
    const queues = [waits('A', 0), waits('B', 1), waits('served', 0), waits('ran', 0), waits('new', null)];
    const unserved = usersOf(queues, { ran: 1 }).filter((one) => one.unserved);
    expect(unserved.map(({ user }) => user)).toEqual(['A']);
  });
});

describe('a key', () => {
  it('sorts, turns around, scrolls, pauses and quits', () => {
    expect(typed(['s'])).toMatchObject({ sort: 'rate' });
    expect(typed(['s', 's', 's', 's', 's'])).toMatchObject({ sort: 'backlog' });
    expect(typed(['r', '\u001b[B', '\u001b[B', '\u001b[A', 'p'])).toMatchObject({
      reversed: true,
      scroll: 1,
      paused: true,
    });
    expect(typed(['\u001b[A', 'x', '\u0001'])).toEqual(FIRST_VIEW);
    expect(typed(['q'])).toBe('quit');
    expect(typed(['l'])).toBe('list');
    expect(typed(['\u0003'])).toBe('quit');
  });

  it('is a letter of the filter while that is written', () => {
    expect(typed(['/', 'q', 's', '漢'])).toMatchObject({ filter: 'qs漢', writing: true });
    expect(typed(['/', 'q', '漢', '\u007f', '\r'])).toMatchObject({ filter: 'q', writing: false });
    expect(typed(['/', 'q', '\u001b'])).toEqual(FIRST_VIEW);
    expect(typed(['/', '\u0003'])).toBe('quit');
  });
});

describe('the screen', () => {
  const sample = sampleOf([queue('user-2', 5), queue('user-10', 5), queue('B', 7)], { B: 3, 'user-2': 1 });

  it('has users in the order that is asked for, and those that the filter leaves', () => {
    const names = (view: Partial<TopView>) =>
      usersIn(sample, { ...FIRST_VIEW, ...view }).map(({ user }) => user);
    expect(names({})).toEqual(['B', 'user-2', 'user-10']);
    expect(names({ sort: 'rate' })).toEqual(['B', 'user-2', 'user-10']);
    expect(names({ sort: 'user', reversed: true })).toEqual(['user-10', 'user-2', 'B']);
    expect(names({ filter: 'USER-1' })).toEqual(['user-10']);
  });

  it.each([40, 80])('has the whole name of a user whom one types again, in %i columns', (columns) => {
    const long = `customer-${'0123456789'.repeat(12)}-eu`;
    const lines = renderTop(
      sampleOf([queue(long, 5), queue('B', 7)], {}),
      FIRST_VIEW,
      { columns, color: false, unicode: true },
      24,
    );
    expect(lines.join('')).toContain(long);
    for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(columns);
  });

  it.each([40, 80])(
    'has the whole name of whose task runs for longest, and where, in %i columns',
    (columns) => {
      const user = `customer-${'0123456789'.repeat(12)}-eu`;
      const name = `pod-${'abcdefghij'.repeat(5)}`;
      const sample = {
        ...sampleOf([queue('B', 7)], {}),
        workers: [{ ...worker(undefined, 5), name, longest: { id: 'x', user, task: 't', seconds: 90 } }],
      };
      const lines = renderTop(sample, FIRST_VIEW, { columns, color: false, unicode: true }, 24);
      expect(lines.join('')).toContain(name);
      // A narrow terminal has no room for whose it is, and says so.
      if (columns === 40) expect(lines.join('\n')).toContain('too narrow for');
      else expect(lines.join('')).toContain(user);
      for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(columns);
    },
  );

  it.each([20, 40, 80, 200].flatMap((columns) => [6, 24, 60].map((rows) => [columns, rows] as const)))(
    'is never larger than a terminal of %i columns and %i lines, whatever users are called',
    (columns, rows) => {
      const users = Array.from({ length: 90 }, (_, i) => queue(`\u001b[2J\u202e漢字${i}${'x'.repeat(i)}`, i));
      const many = { ...sampleOf(users, {}), workers: Array.from({ length: 9 }, worker) };
      for (const view of [FIRST_VIEW, { ...FIRST_VIEW, help: true }, { ...FIRST_VIEW, scroll: 85 }]) {
        for (const unicode of [true, false]) {
          const lines = renderTop(many, view, { columns, color: true, unicode }, rows);
          expect(lines.length).toBeLessThanOrEqual(Math.max(6, rows));
          expect(unsafeIn(lines.join('\n'))).toBeUndefined();
          for (const line of lines) expect(textWidth(withoutColours(line))).toBeLessThanOrEqual(columns);
        }
      }
    },
  );

  function worker(_: unknown, i: number) {
    const longest =
      i < 5 ? null : { id: 'x', user: `\u001b[2J${'漢'.repeat(40)}`, task: 't', seconds: i * 999 };
    const heard = { heardSecondsAgo: 1, policyRevision: 0 };
    const name = `\u0007worker-${i}`;
    return { id: `${i}`, name, slots: 10, idle: i, ready: i > 0, perSecond: i, longest, ...heard };
  }
});
