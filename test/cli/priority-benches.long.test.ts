import { describe, expect, it } from 'vitest';
import { fairq } from '../support/fairq.js';
import { useVhost } from '../support/vhost.js';

const { env } = useVhost();

describe('a strategy that a bench only plays when it is named', () => {
  it('is played beside the others then', async () => {
    const { code, stdout } = await fairq(
      env,
      ...['--json', 'bench', 'seed', '--strategy', 'fifo,priority', '--rounds', '1'],
      ...['--count-a', '3000', '--count-b', '100'],
    );
    expect([0, 99]).toContain(code);
    const { results } = JSON.parse(stdout) as {
      results: { strategy: string; users: { user: string; lastCompletionPosition: number }[] }[];
    };
    expect(
      results.map(({ strategy, users }) => [
        strategy,
        users.find(({ user }) => user === 'B')?.lastCompletionPosition,
      ]),
    ).toEqual([
      ['fifo', 3_100],
      ['priority', 100],
    ]);
  });

  it('is named where another is asked for that there is not', async () => {
    const { code, stderr } = await fairq(env, 'bench', 'late', '--strategy', 'priority');
    expect(code).toBe(64);
    expect(stderr).toContain('"late" is not played with priority');
  });
});

describe('bench starve', () => {
  it('shows that priority leaves nothing to a user whose tasks have less of it', async () => {
    const { stdout } = await fairq(env, '--json', 'bench', 'starve', '--count-a', '400', '--count-b', '500');
    const { figures } = JSON.parse(stdout) as { figures: { values: Record<string, number | null> }[] };
    const { fifo = 0, priority, fair } = figures[0]?.values ?? {};
    expect(fifo).toBeGreaterThan(fair ?? 100);
    expect(fair).toBeGreaterThan(priority ?? 100);
  });
});
