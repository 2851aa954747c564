import { describe, expect, it } from 'vitest';
import type { TopUser } from '../../../../src/core/top/top-sample.js';
import { steeringOf } from '../../../../src/core/top/top-steering.js';
import { topTenants } from '../../../../src/core/top/top-tenants.js';
import { FIRST_VIEW } from '../../../../src/core/top/top-view.js';
import { renderTop } from '../../../../src/render/top-text.js';

const user = (
  name: string,
  backlog: number | null,
  share: number | null,
  waitMs: number | null,
): TopUser => ({
  user: name,
  weight: 1,
  backlog,
  shares: false,
  atWorkers: null,
  oldestAtWorkersMs: null,
  unacknowledged: 1,
  consumers: null,
  unserved: false,
  perSecond: share === null ? 0 : 10 * share,
  share,
  fairShare: null,
  waitMs,
  ...steeringOf({}, 1),
});
const users = [
  user('acme/a', 10, 0.3, 5),
  user('acme/b', 5, 0.2, 7),
  user('globex/c', 9, 0.3, null),
  user('solo', 0, 0.2, 1),
];
const tenants = topTenants(users, {
  tenantOf: (name) => name.split('/')[0]!,
  weightOf: (tenant) => (tenant === 'acme' ? 3 : 1),
  inForce: () => ({}),
});

describe('the tenants of top', () => {
  it('are their users together', () => {
    expect(tenants).toMatchObject([
      { tenant: 'acme', users: 2, backlog: 15, unacknowledged: 2, share: 0.5, perSecond: 5, waitMs: 7 },
      { tenant: 'globex', users: 1, backlog: 9, share: 0.3, waitMs: null },
      { tenant: 'solo', users: 1, backlog: 0, share: 0.2 },
    ]);
  });

  it('are due their parts by weight of what those without a backlog leave', () => {
    expect(tenants.map(({ fairShare }) => fairShare)).toEqual([0.8 * 0.75, 0.8 * 0.25, 0.2]);
    const [unknown] = topTenants([user('A', null, 1, 1)], {
      tenantOf: (name) => name,
      weightOf: () => 1,
      inForce: () => ({}),
    });
    expect(unknown).toMatchObject({ backlog: null, fairShare: null });
  });

  it('have no backlog that is known where nothing waits but in queues that their users share', () => {
    const light = (name: string, atWorkers: number | null, oldestAtWorkersMs: number | null) => ({
      ...user(name, null, 0.1, 1),
      ...{ shares: true, atWorkers, oldestAtWorkersMs },
    });
    const all = [light('a', 2, 50), light('b', null, null), light('c', 1, 90)];
    const tenancy = { weightOf: () => 1, inForce: () => ({}) };
    const tenantOf = () => 'acme';
    expect(topTenants([...all, user('d', 0, 0.1, 1)], { ...tenancy, tenantOf })).toMatchObject([
      { backlog: null, fairShare: null, shares: true, atWorkers: 3, oldestAtWorkersMs: 90 },
    ]);
    expect(topTenants([...all, user('d', 7, 0.1, 1)], { ...tenancy, tenantOf })).toMatchObject([
      { backlog: 7, shares: true },
    ]);
  });

  it('are looked up once each, however many users they have', () => {
    const many = Array.from({ length: 20_000 }, (_, i) => user(`acme/${i}`, 1, null, null));
    const asked: string[] = [];
    const rows = topTenants([...many, user('solo', 1, null, null)], {
      tenantOf: (name) => name.split('/')[0]!,
      weightOf: () => 1,
      inForce: (tenant) => {
        asked.push(tenant);
        return {};
      },
    });
    expect(rows).toMatchObject([
      { tenant: 'acme', users: 20_000, backlog: 20_000 },
      { tenant: 'solo', users: 1, backlog: 1 },
    ]);
    expect(asked).toEqual(['acme', 'solo']);
  });

  it('have rows in the place of their users', () => {
    const sample = { at: '2026-11-27T11:00:00Z', users, tenants, workers: [], perSecond: 10, backlog: 24 };
    const known = { ...sample, shared: null, listedSecondsAgo: 1, policyRevision: 0, workersKnown: true };
    const lines = renderTop(known, FIRST_VIEW, { unicode: true, color: false, columns: 100 } as never, 20);
    expect(lines.join('\n')).toContain('3 tenants');
    expect(
      lines.filter((line) => /^(acme|globex|solo) /.test(line)).map((line) => line.split(' ')[0]),
    ).toEqual(['acme', 'globex', 'solo']);
  });
});
