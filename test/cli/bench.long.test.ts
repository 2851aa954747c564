import { describe, expect, it } from 'vitest';
import { bench } from '../support/bench.js';
import { fairq, fairqJson } from '../support/fairq.js';
import { useVhost } from '../support/vhost.js';

const { env } = useVhost();

describe('bench seed', () => {
  it('plays the same load with every strategy and tells when B was done', async () => {
    const document = await bench(env, 'seed', '--count-a', '2000', '--count-b', '100', '--rounds', '1');
    expect(document).toMatchObject({ schemaVersion: 1, kind: 'bench', scenario: 'seed' });
    expect(document.broker.version).toMatch(/^\d+\.\d+/);
    expect(document.results.map(({ strategy }) => strategy)).toEqual(['fifo', 'arrival', 'fair']);
    for (const result of document.results) {
      expect(result).toMatchObject({
        completed: 2100,
        missing: 0,
        duplicates: 0,
        workers: 1,
        concurrency: 10,
      });
    }
    const lastOfB = document.results.map(
      ({ users }) => users.find(({ user }) => user === 'B')!.lastCompletionPosition,
    );
    expect(lastOfB[0]).toBe(2100);
    expect(lastOfB[2]).toBeLessThan(1000);
    expect(document.checks.length).toBeGreaterThan(4);
  });
});

describe('bench loop', () => {
  it('names whose each start was, in order', async () => {
    const { results } = await bench(env, 'loop');
    const starts = results[0]!.starts!;
    expect([...starts].sort()).toEqual(['Q1', 'Q1', 'Q1', 'Q2', 'Q2', 'Q2', 'Q3', 'Q3', 'Q3']);
  });
});

describe('bench --list', () => {
  it('names what there is to play, and needs no broker', async () => {
    const nowhere = { FAIRQ_URI: 'amqp://127.0.0.1:1' };
    const { scenarios } = await fairqJson<{ scenarios: { name: string; summary: string }[] }>(
      nowhere,
      'bench',
      '--list',
    );
    expect(scenarios.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'seed',
        'loop',
        'late',
        'noisy',
        'weights',
        'slow',
        'lone',
        'tail',
        'crowd',
        'idle',
        'churn',
      ]),
    );
    expect((await fairq(nowhere, 'bench', '--list')).stdout).toContain('churn');
  });
});
