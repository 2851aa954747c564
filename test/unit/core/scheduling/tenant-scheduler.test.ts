import { describe, expect, it } from 'vitest';
import { TenantScheduler } from '../../../../src/core/scheduling/tenant-scheduler.js';
import { seededRandom } from '../../../../src/core/values/random.js';
import { fill, type ScheduledTask, take, usersOf } from '../../../support/scheduled-task.js';
import { capped, TestGate } from '../../../support/test-gate.js';
import { TwoLevels } from '../../../support/two-levels.js';

/** Users are named by two letters, the first of which is their tenant's. */
function made(weightOf?: (user: string) => number) {
  return new TenantScheduler<ScheduledTask>((user) => user[0]!, weightOf);
}

/** The tenants of the tasks, in their order. */
const tenantsOf = (tasks: readonly ScheduledTask[]) => tasks.map(({ lane }) => lane.tenant!.name).join('');

describe('on two levels', () => {
  it('a tenant has its share however many users it has', () => {
    const scheduler = made();
    for (let i = 0; i < 30; i++) fill(scheduler, `A${String.fromCharCode(97 + i)}`, 8);
    for (const user of ['Ba', 'Bb', 'Bc']) fill(scheduler, user, 10);
    const first = take(scheduler, 60);
    expect(tenantsOf(first)).toBe('AB'.repeat(30));
    const ofB = first.filter(({ lane }) => lane.user.startsWith('B'));
    expect(usersOf(ofB)).toBe('BaBbBc'.repeat(10));
  });

  it('tenants and users have their weights', () => {
    const scheduler = made((user) => (user === 'Aa' ? 2 : 1));
    scheduler.tenants.reweigh((name) => (name === 'A' ? 3 : 1));
    for (const user of ['Aa', 'Ab', 'Ba']) fill(scheduler, user, 100);
    const counts: Record<string, number> = {};
    for (const { lane } of take(scheduler, 80)) counts[lane.user] = (counts[lane.user] ?? 0) + 1;
    expect(counts).toEqual({ Aa: 40, Ab: 20, Ba: 20 });
    scheduler.tenants.setWeight(scheduler.tenants.of('B'), 12);
    const next = tenantsOf(take(scheduler, 50)).match(/B/g)!;
    expect(Math.abs(next.length - 40)).toBeLessThanOrEqual(1);
  });

  it('a tenant that comes back goes first among equals, and saves up nothing', () => {
    const scheduler = made();
    fill(scheduler, 'Aa', 100);
    take(scheduler, 50);
    fill(scheduler, 'Ba', 10);
    expect(tenantsOf(take(scheduler, 6))).toBe('BABABA');
  });

  it('a tenant that had its task before it rested goes on from there', () => {
    const scheduler = made();
    const lane = scheduler.lane('Ba');
    fill(scheduler, 'Aa', 100);
    fill(scheduler, 'Ba', 1);
    take(scheduler, 2);
    scheduler.rest(lane);
    scheduler.note(10);
    take(scheduler, 5);
    scheduler.note(20);
    scheduler.goOn(lane, 10);
    fill(scheduler, 'Ba', 20);
    expect(tenantsOf(take(scheduler, 6))).toBe('BBBBBA');
  });

  it('a tenant of which a task is on its way keeps its place, as far as that would have cost', () => {
    const scheduler = made();
    const lane = scheduler.lane('Ba');
    fill(scheduler, 'Aa', 100);
    fill(scheduler, 'Ba', 1);
    take(scheduler, 20);
    lane.late = 3;
    fill(scheduler, 'Ba', 20);
    expect(tenantsOf(take(scheduler, 6))).toMatch(/^BBB+A/);
  });

  it('a charge that is put right counts on both levels', () => {
    const scheduler = made();
    for (const user of ['Aa', 'Ab', 'Ba']) fill(scheduler, user, 100);
    take(scheduler, 3);
    scheduler.correct(scheduler.lane('Aa'), 10);
    const next = take(scheduler, 12);
    expect(usersOf(next)).not.toContain('Aa');
    expect(tenantsOf(next).match(/B/g)!.length).toBeGreaterThanOrEqual(10);
  });

  it('first turns are in the order that is given', () => {
    const scheduler = made();
    for (const user of ['Aa', 'Ab', 'Ba', 'Bb']) fill(scheduler, user, 1);
    scheduler.arrange(['Bb', 'Ab', 'Ba', 'Aa'].map((user) => scheduler.lane(user)));
    expect(usersOf(take(scheduler))).toBe('BbAbBaAa');
  });

  it('a user that may not start leaves its turns to others of its tenant', () => {
    const scheduler = made();
    const gate = capped(scheduler, 'Aa', 1);
    for (const user of ['Aa', 'Ab', 'Ba']) fill(scheduler, user, 10);
    const first = take(scheduler, 8);
    expect(tenantsOf(first)).toBe('ABABABAB');
    expect(usersOf(first).match(/Aa/g)).toHaveLength(1);
    gate.ended();
    expect(usersOf(take(scheduler, 2))).toContain('Aa');
  });

  it('a tenant that may not start, or none of whose users may, leaves its turns to others', () => {
    const scheduler = made();
    const gates = ['Aa', 'Ab'].map((user) => capped(scheduler, user, 1));
    const tenant = scheduler.tenants.of('C');
    const ofTenant = { ...shut };
    scheduler.tenants.setGate(tenant, ofTenant);
    for (const user of ['Aa', 'Ab', 'Ba', 'Ca', 'Cb']) fill(scheduler, user, 5);
    expect(usersOf(take(scheduler))).toBe('AaBaAbBaBaBaBa');
    expect(scheduler).toMatchObject({ prefetched: 18, startable: 0 });
    expect(gates.map(({ asked }) => asked)).toEqual([2, 2]);
    fill(scheduler, 'Cb', 1, 5);
    expect(scheduler.startable).toBe(0);
    expect(scheduler.admits(scheduler.lane('Ca'))).toBe(false);
    scheduler.tenants.setGate(tenant, undefined);
    expect(scheduler.startable).toBe(11);
    gates[1]!.ended();
    expect(usersOf(take(scheduler, 4))).toBe('AbCaCbCa');
  });

  it('what a task has passed is told of its end on both levels', () => {
    const scheduler = made();
    const lane = scheduler.lane('Aa');
    const ofUser = capped(scheduler, 'Aa', 1);
    const ofTenant = new TestGate({ letGo: () => {} }, lane, 5);
    scheduler.tenants.setGate(scheduler.tenants.of('A'), ofTenant);
    fill(scheduler, 'Aa', 3);
    expect(take(scheduler)).toHaveLength(1);
    expect([ofTenant.running, ofUser.running]).toEqual([1, 1]);
    scheduler.gateOf(lane)!.ended();
    expect([ofTenant.running, ofUser.running]).toEqual([0, 0]);
  });

  it('nobody gains more than the bound, whatever happens', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const random = seededRandom(seed);
      const tenants = 2 + Math.floor(random() * 6);
      const levels = new TwoLevels(random, tenants, 6);
      expect(() => levels.run(600), `seed ${seed}`).not.toThrow();
    }
  });
});

const shut = { take: () => false, ended: () => {}, notStarted: () => {} };
