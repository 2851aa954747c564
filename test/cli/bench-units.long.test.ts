import { describe, expect, it } from 'vitest';
import { bench } from '../support/bench.js';
import { useVhost } from '../support/vhost.js';

const { env } = useVhost();

describe('bench units', () => {
  it('says how many queues each unit takes, and how fair it is', async () => {
    const document = await bench(env, 'units', '--total', '4000', '--strategy', 'fair', '--scale', '0.05');
    const labels = document.results.map(({ variant }) => variant);
    expect(labels).toEqual(['fair, per user', 'fair, shared 64', 'fair, hash 64', 'fair, by letter']);
    const [perUser, shared, byHash, byLetter] = labels.map(
      (label = '') => document.figures.find(({ name }) => name === 'queues')?.values[label],
    );
    // Of a few tasks the rarest users have none.
    expect(perUser).toBeGreaterThan(190);
    // Light users share so many; heavy ones have one more each.
    expect(shared).toBeGreaterThanOrEqual(64);
    expect(byLetter).toBe(26);
    expect(byHash).toBeLessThanOrEqual(64);
    expect(document.checks.map(({ name }) => name)).toContain(
      "fair, per user: Jain's index, half time, at least",
    );
  });
});
