import { describe, expect, it } from 'vitest';
import type { Source } from '../../src/core/plan/facts.js';
import type { DesignPlan } from '../../src/core/plan/plan.js';
import { fairq } from '../support/fairq.js';
import { useVhost } from '../support/vhost.js';

const { env } = useVhost();
const MILLION = ['--users', '1M', '--active', '10k', '--heavy', '50', '--tasks', '5M/day'];

interface PlanDocument {
  readonly kind: string;
  readonly load: object;
  readonly designs: readonly DesignPlan[];
  readonly sources: readonly Source[];
  readonly formulas: Readonly<Record<string, string>>;
  readonly recommendation: object;
}

async function planned(...args: readonly string[]): Promise<PlanDocument> {
  const { code, stdout, stderr } = await fairq(env, '--json', 'plan', ...args);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as PlanDocument;
}

describe('plan --measure', () => {
  it('measures on the broker that is configured, and says so of what it measured', async () => {
    const { designs, sources } = await planned(...MILLION, '--shared', '25', '--measure', '--queues', '25');
    const [each, hashed] = designs.map(({ figures }) => figures);
    for (const figure of [each!.publishNew, hashed!.publish, hashed!.work]) {
      expect(figure).toMatchObject({ origin: 'measured-here', sources: ['here'] });
      expect(figure.least).toBeGreaterThan(0);
    }
    // 25 queues are less than the noise: what was measured before stays.
    expect(each!.memory).toMatchObject({ origin: 'reckoned', sources: ['bench-cost'] });
    expect(each!.publish).toMatchObject({
      origin: 'reckoned',
      formula: 'publish-nearest',
      sources: ['here'],
    });
    expect(each!.work).toMatchObject({ origin: 'reckoned', formula: 'work-most', least: null });
    const here = sources.find(({ id }) => id === 'here');
    expect(here?.measured).toBe('here');
    expect(here?.versions).toEqual([expect.stringMatching(/^\d+\.\d+$/)]);
    expect(here?.command).toContain('plan');
  });
});
