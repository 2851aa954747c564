import { describe, expect, it } from 'vitest';
import type { CostRow } from '../../src/core/reports/cost-report.js';
import { fairq } from '../support/fairq.js';
import { useVhost } from '../support/vhost.js';

const { env } = useVhost();

describe('bench cost', () => {
  it('measures queues of both types, on the broker that is configured, and leaves none behind', async () => {
    const { code, stdout, stderr } = await fairq(env, '--json', 'bench', 'cost', '--queues', '25');
    expect(code, stderr).toBe(0);
    const { rows } = JSON.parse(stdout) as { rows: CostRow[] };
    expect(rows.map(({ type, queues }) => [type, queues])).toEqual([
      ['classic', 25],
      ['quorum', 25],
    ]);
    for (const row of rows) {
      expect(row.idleBytes).toBeNull(); // less than the noise
      const { memoryBytes, listMs, fairqListMs, newUserMs, tasksPerSecond } = row;
      const { makePerSecond, deletePerSecond, prunePerSecond } = row;
      for (const figure of [listMs, newUserMs, tasksPerSecond]) expect(figure).toBeGreaterThan(0);
      expect(memoryBytes).not.toBe(0); // null where the broker does not say
      for (const rate of [makePerSecond, deletePerSecond, prunePerSecond]) expect(rate).toBeGreaterThan(0);
      expect(fairqListMs).toBeGreaterThan(listMs);
    }
  });

  it('has options of its own, which nobody else takes', async () => {
    expect((await fairq(env, 'bench', 'seed', '--queues', '5')).code).toBe(64);
    expect((await fairq(env, 'bench', 'cost', '--queues', '5,x')).code).toBe(64);
    for (const flags of [
      ['--html', 'cost.html'],
      ['--check', 'jain>0.9'],
    ]) {
      expect((await fairq(env, 'bench', 'cost', ...flags)).code).toBe(64);
    }
    expect((await fairq(env, 'bench', '--list')).stdout).toMatch(/^cost /m);
  });
});
