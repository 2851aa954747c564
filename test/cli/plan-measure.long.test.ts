import { describe, expect, it } from 'vitest';
import { MILLION, planned } from '../support/planned.js';
import { useVhost } from '../support/vhost.js';

const { env } = useVhost();

describe('plan --measure', () => {
  it('measures on the broker that is configured, and says so of what it measured', async () => {
    const { designs, sources } = await planned(
      env,
      ...MILLION,
      '--shared',
      '25',
      '--measure',
      '--queues',
      '25',
    );
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
