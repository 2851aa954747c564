import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RunMeasures } from '../../../../src/core/measures/run-measures.js';
import { lasting, type Shares } from '../../../../src/core/measures/shares.js';
import { tenantByPrefix } from '../../../../src/core/tenants/tenant-rule.js';
import { evaluateThreshold, parseThreshold } from '../../../../src/core/thresholds/threshold.js';
import { describeThreshold } from '../../../../src/render/parts/threshold-text.js';
import { renderTenants } from '../../../../src/render/report/tenants-text.js';
import { hostileName, unsafeIn } from '../../../support/hostile-names.js';
import { roundRobin, runRecord, taskEvent } from '../../../support/synthetic-run.js';

const rule = tenantByPrefix('/');
const evenly = () => 1;

/** One worker runs these one by one; all are there at the start. */
function measuresOf(users: readonly string[], published: Readonly<Record<string, number>> = {}): RunMeasures {
  const measures = new RunMeasures();
  for (const [i, user] of users.entries()) {
    measures.add(taskEvent({ id: `task-${i}`, user, started: 20 * i, finished: 20 * i + 20 }));
  }
  measures.addRecord(runRecord(published));
  return measures;
}

/** Users take turns, and acme has three of the four. */
const byUser = roundRobin({ 'acme/a': 30, 'acme/b': 30, 'acme/c': 30, 'globex/d': 30 });
/** Tenants take turns, and acme's users theirs. */
const ofAcme = roundRobin({ 'acme/a': 10, 'acme/b': 10, 'acme/c': 10 });
const byTenant = roundRobin({ acme: 30, 'globex/d': 30 }).map((who) =>
  who === 'acme' ? ofAcme.shift()! : who,
);
const style = { unicode: true, color: false, columns: 100 };

describe('how tenants fared', () => {
  it('is told between them, and inside of each', () => {
    const report = measuresOf(byTenant).tenantsReport(rule, evenly);
    expect(report).toMatchObject({ tenantOf: 'prefix:/', jainAtHalf: 1 });
    expect(report.maxLagTasks).toBeLessThan(1);
    expect(report.tenants).toMatchObject([
      { tenant: 'acme', users: 3, tasks: 30 },
      { tenant: 'globex', users: 1, tasks: 30, inside: null },
    ]);
    expect(report.tenants[0]!.inside!.maxLagTasks).toBeLessThan(1);
  });

  it('shows who is behind where users take turns', () => {
    const report = measuresOf(byUser).tenantsReport(rule, evenly);
    expect(report.maxLagTenant).toBe('globex');
    expect(report.maxLagTasks).toBeGreaterThan(10);
    const [first, ...rest] = renderTenants(report, style as never).split('\n');
    expect(first).toMatch(/^Between 2 tenants \(prefix:\/\), .*Furthest behind: globex, by/);
    expect(rest.join('\n')).toContain('acme');
  });

  it('is what the fairness of users goes by: each has its part of the share of its tenant', () => {
    const shares = { ...lasting(() => 1), tenants: { tenantOf: rule.tenantOf, weightOf: evenly } };
    const lagOf = (users: readonly string[], by: Shares) => {
      const measures = new RunMeasures(by);
      for (const [i, user] of users.entries()) {
        measures.add(taskEvent({ id: `task-${i}`, user, started: 20 * i, finished: 20 * i + 20 }));
      }
      return measures.report('run').fairness.maxLagTasks;
    };
    expect(lagOf(byTenant, shares)).toBeLessThan(1.5);
    expect(
      lagOf(
        byTenant,
        lasting(() => 1),
      ),
    ).toBeGreaterThan(3);
    expect(lagOf(byUser, shares)).toBeGreaterThan(10);
    const half = {
      ...shares,
      tenants: { ...shares.tenants, weightOf: (name: string) => (name === 'acme' ? 3 : 1) },
    };
    expect(lagOf(byUser, half)).toBeLessThan(3);
  });

  it('says how many tasks of all users of a tenant ran at once, and holds them to it', () => {
    const measures = new RunMeasures();
    measures.add(taskEvent({ id: '1', user: 'acme/a', started: 0, finished: 10 }));
    measures.add(taskEvent({ id: '2', user: 'acme/b', started: 5, finished: 20 }));
    measures.add(taskEvent({ id: '3', user: 'acme/b', started: 10, finished: 30 }));
    measures.add(taskEvent({ id: '4', user: 'globex/c', started: 0, finished: 30 }));
    measures.found(new Map());
    const tenants = measures.tenantsReport(rule, evenly);
    expect(tenants.tenants).toMatchObject([
      { tenant: 'acme', mostRunning: 2, running: 0, unknown: 0 },
      { tenant: 'globex', mostRunning: 1 },
    ]);
    const held = (check: string) =>
      evaluateThreshold(parseThreshold(check), { ...measures.report('run'), tenants });
    expect(held('tenant(acme).running<=2').passed).toBe(true);
    expect(held('tenant(*).running<=1')).toMatchObject({
      passed: false,
      value: 2,
      tenant: 'acme',
      tenantsFailed: 1,
    });
    const capOf = (tenant: string) => (tenant === 'acme' ? 5 : undefined);
    expect(renderTenants(tenants, style as never, { capOf })).toMatch(/^acme +2 +3 +2 \(cap 5\)/m);
    expect(renderTenants(tenants, style as never)).not.toContain('at once');
  });

  it('does not know what ran at once while a task of the tenant still runs', () => {
    const measures = measuresOf(['acme/a'], { 'acme/a': 2 });
    const running = { waiting: 0, running: 1, retrying: 0, unknown: 0, missing: 0 };
    measures.found(new Map([['acme/a', running]]));
    const tenants = measures.tenantsReport(rule, evenly);
    const report = { ...measures.report('run'), tenants };
    const result = evaluateThreshold(parseThreshold('tenant(acme).running<=5'), report);
    expect(result).toMatchObject({ passed: false, value: null, unknownBecause: 'tasks of it still run' });
  });

  it('goes by the weights of tenants', () => {
    const report = measuresOf(byUser).tenantsReport(rule, (tenant) => (tenant === 'acme' ? 3 : 1));
    expect(report.maxLagTasks).toBeLessThan(3);
  });

  it('says what is missing of a tenant', () => {
    const { tenants } = measuresOf(['acme/a'], { 'acme/a': 2, 'acme/b': 3 }).tenantsReport(rule, evenly);
    expect(tenants.map(({ tenant, missing }) => [tenant, missing])).toEqual([['acme', 4]]);
  });

  it('is shown safely, whatever a tenant is called', () => {
    fc.assert(
      fc.property(hostileName, (name) => {
        const report = measuresOf([`${name}/a`, `${name}/b`, 'B']).tenantsReport(rule, evenly);
        expect(unsafeIn(renderTenants(report, style as never))).toBeUndefined();
      }),
      { numRuns: 50 },
    );
  });
});

describe('a check of tenants', () => {
  const measures = measuresOf(byUser);
  const report = { ...measures.report('run'), tenants: measures.tenantsReport(rule, evenly) };
  const verdict = (text: string) => evaluateThreshold(parseThreshold(text), report);

  it('has to hold for each that matches', () => {
    expect(verdict('tenant(globex).tasks==30')).toMatchObject({ passed: true, value: 30, tenant: 'globex' });
    const result = verdict('tenant(*).lag<=2');
    expect(result).toMatchObject({
      passed: false,
      tenant: 'globex',
      tenants: 2,
      tenantsFailed: 1,
      user: null,
    });
    expect(describeThreshold(result)).toMatch(/for "globex", .* too many; 1 of 2 tenants does not keep it$/);
    expect(verdict('tenant(acme).inside.lag<=1').passed).toBe(true);
    expect(verdict('tenant(acme).dwell.max>=1ms').passed).toBe(true);
  });

  it('is not kept where there is no such tenant, or nobody has said whom users belong to', () => {
    expect(describeThreshold(verdict('tenant(x).lag<=2'))).toContain('no such tenant');
    const unknown = evaluateThreshold(parseThreshold('tenant(acme).lag<=2'), measures.report('run'));
    expect(unknown).toMatchObject({ passed: false, value: null });
    expect(describeThreshold(unknown)).toContain('nobody has said whom users belong to');
  });

  it('knows no other measures', () => {
    expect(() => parseThreshold('tenant(acme).start<=2')).toThrow(/there is no measure "start"/);
    expect(() => parseThreshold('tenant()')).toThrow(/which tenant\?/);
  });
});
