import { expect, test } from 'vitest';
import { RunMeasures } from '../../../../src/core/measures/run-measures.js';
import type { TenantsReport } from '../../../../src/core/reports/tenants-report.js';
import { tenantByPrefix } from '../../../../src/core/tenants/tenant-rule.js';
import { renderPage } from '../../../../src/render/html/page.js';
import { taskEvent } from '../../../support/synthetic-run.js';

function pageOf(users: readonly string[], asked = true): string {
  const measures = new RunMeasures();
  for (const [i, user] of users.entries()) {
    measures.add(taskEvent({ id: `task-${i}`, user, started: 20 * i, finished: 20 * i + 20 }));
  }
  const tenants: TenantsReport | undefined = asked
    ? measures.tenantsReport(tenantByPrefix('/'), () => 1)
    : undefined;
  const report = measures.report('run');
  const result = { label: '', report, order: measures.completionOrder(), timeline: measures.timeline([]) };
  const part = { title: 'Run', lead: '', results: [result], checks: [], thresholds: [], tenants };
  return renderPage({ title: 'Run', parts: [part], about: [], document: {} });
}

/** Rows of the table of tenants, as texts. */
function rowsOf(page: string): string[][] {
  const table = /<section class="units">.*?<tbody>(.*?)<\/tbody>/s.exec(page)?.[1] ?? '';
  return [...table.matchAll(/<tr>(.*?)<\/tr>/gs)].map(([, row = '']) =>
    [...row.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs)].map(([, text = '']) => text),
  );
}

test('a page has the tenants, those furthest behind first', () => {
  const page = pageOf(['acme/a', 'acme/b', 'acme/a', 'acme/b', 'globex/c']);
  expect(page).toContain('<h2>Between tenants</h2>');
  expect(rowsOf(page).map(([tenant, users, tasks, , most]) => [tenant, users, tasks, most])).toEqual([
    ['globex', '1', '1', '1'],
    ['acme', '2', '4', '1'],
  ]);
});

test('the name of a tenant is never markup, and a page of many has the first of them', () => {
  const many = Array.from({ length: 30 }, (_, i) => `t${i}/u`);
  const page = pageOf(['<b>x</b>/a', ...many]);
  expect(page).not.toContain('<b>x</b>');
  expect(rowsOf(page)).toHaveLength(20);
  expect(page).toContain('and 11 more, in the data of this page');
});

test('a page without tenants says nothing of them', () => {
  expect(pageOf(['acme/a'], false)).not.toContain('Between tenants');
});
