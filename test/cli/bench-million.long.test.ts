import { describe, expect, it } from 'vitest';
import type { MillionTrial } from '../../src/core/reports/million-report.js';
import { fairq } from '../support/fairq.js';
import { useVhost } from '../support/vhost.js';

const { env } = useVhost();

interface MillionDocument {
  results: { variant: string; rounds: MillionTrial[] }[];
  figures: { name: string; values: Record<string, number | null> }[];
  checks: { name: string; passed: boolean }[];
  passed: boolean;
}

describe('bench million', () => {
  it('plays many users with a queue each, with hashed groups and with shared queues, and loses nothing', async () => {
    const args = ['bench', 'million', '--scale', '0.005', '--rounds', '1'];
    const { code, stdout, stderr } = await fairq(env, '--json', ...args);
    expect([0, 99], stderr).toContain(code);
    const { results, figures, checks, passed } = JSON.parse(stdout) as MillionDocument;
    expect(passed).toBe(code === 0);
    expect(results.map(({ variant }) => variant)).toEqual(['a queue each', 'hash:64', 'shared:64']);
    const [each, , shared] = results.map(({ rounds }) => rounds[0]!);
    expect(each!.newUsers.queues).toBe(each!.sizes.newUsers);
    expect(shared!.newUsers.queues).toBe(64);
    expect(shared!.idle!.queues).toBe(64);
    // Far more than a light user may have in a queue that it shares.
    const promoted = shared!.burst.promotions.users + shared!.crowd!.promotions.users;
    expect(promoted).toBeGreaterThanOrEqual(1);
    for (const { newUsers, report } of [each!, shared!]) {
      expect(report).toEqual({ missing: 0, duplicates: 0 });
      const { plain, publishPerSecond, workPerSecond } = newUsers;
      const rates = [publishPerSecond, workPerSecond, plain.publishPerSecond, plain.consumePerSecond];
      for (const rate of rates) expect(rate).toBeGreaterThan(0);
    }
    const names = figures.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(checks.map(({ name }) => name)).toContain('shared:64: missing');
  });

  it('has loads of its own, and says so of what it does not take', async () => {
    const { code, stderr } = await fairq(env, 'bench', 'million', '--strategy', 'fair');
    expect(code).toBe(64);
    expect(stderr).toContain('--strategy does not go with million');
    expect((await fairq(env, 'bench', '--list')).stdout).toMatch(/^million /m);
  });
});
