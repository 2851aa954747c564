import { describe, expect, it } from 'vitest';
import { bench } from '../support/bench.js';
import { fairq } from '../support/fairq.js';
import { useVhost } from '../support/vhost.js';

const { env } = useVhost();

describe('bench seed', () => {
  it('runs several workers and only the strategies asked for, and holds those that are fair to thresholds unless another is named', async () => {
    const load = [
      'bench',
      'seed',
      '--workers',
      '2',
      '--count-a',
      '500',
      '--count-b',
      '50',
      '--rounds',
      '2',
      '--strategy',
      'fifo,fair',
    ];
    const checks = [
      '--check',
      'user(B).tasks==51',
      '--check',
      'fifo: missing==0',
      '--check',
      'completed==550',
    ];
    const { code, stdout, stderr } = await fairq(env, '--json', ...load, ...checks);
    expect(code).toBe(99);
    expect(stderr).toContain('check failed: fair: user(B).tasks==51: 50 for "B", 1 too few');
    const { results, thresholds, passed } = JSON.parse(stdout) as {
      results: readonly object[];
      thresholds: { check: string; label: string; passed: boolean }[];
      passed: boolean;
    };
    const played = { workers: 2, completed: 550, missing: 0 };
    expect(results).toMatchObject([
      // Who has completed something; in one queue so short, one worker may have had it all.
      { strategy: 'fifo', ...played },
      { strategy: 'fair', ...played, workerNames: ['worker-1', 'worker-2'] },
    ]);
    expect(thresholds.map((one) => [one.label, one.check, one.passed])).toEqual([
      ['fifo', 'fifo: missing==0', true],
      ['fair', 'user(B).tasks==51', false],
      ['fair', 'completed==550', true],
    ]);
    expect(passed).toBe(false);
    // About nothing that is played: known before anything is.
    for (const wrong of ['arrival: missing==0', 'nope: jain>0.9']) {
      const { code, stderr } = await fairq(env, ...load, '--check', wrong);
      expect(code).toBe(64);
      expect(stderr).toContain('Put one of fifo, fair and a colon before it');
    }
  });
});

describe('a scenario of sleeping tasks', () => {
  it('is played on a scaled time, with what was measured and what is promised of every strategy', async () => {
    const document = await bench(env, 'tail', '--scale', '0.1', '--seed', '7', '--strategy', 'fair,fifo');
    expect(document).toMatchObject({ scenario: 'tail', seed: 7, scale: 0.1 });
    // In the order in which they were named.
    expect(document.results.map(({ strategy }) => strategy)).toEqual(['fair', 'fifo']);
    for (const result of document.results)
      expect(result).toMatchObject({ completed: 40, missing: 0, duplicates: 0 });
    const [idle] = document.figures;
    expect(idle).toMatchObject({ unit: 'ms', atMost: 100, promisedBy: ['fair'] });
    expect(Object.keys(idle!.values)).toEqual(['fair', 'fifo']);
  });

  it.each([
    ['late', ['--count-a', '200', '--count-b', '10', '--scale', '0.1']],
    ['noisy', ['--count-a', '2000', '--scale', '0.2', '--rounds', '1']],
    ['churn', ['--total', '2000', '--scale', '0.1']],
    ['starve', ['--count-a', '100', '--count-b', '150']],
  ])('%s ends when all that was published has been run, with nothing missing', async (name, load) => {
    const { results } = await bench(env, name, ...load, '--strategy', 'fifo,fair');
    expect(results.map(({ strategy }) => strategy)).toEqual(['fifo', 'fair']);
    for (const result of results) expect(result).toMatchObject({ missing: 0, duplicates: 0 });
  });

  it('may be played in more than one way with one strategy', async () => {
    const document = await bench(env, 'slow', '--count-a', '40', '--count-b', '200', '--strategy', 'fair');
    expect(document.results.map(({ variant }) => variant)).toEqual(['fair, by time', 'fair, by count']);
  });

  it('tells what a tenant waits that has few users, by user and by tenant, beside the ideal', async () => {
    const { results, figures } = await bench(env, 'sybil', '--scale', '0.1');
    expect(results.map(({ variant, strategy }) => variant ?? strategy)).toEqual([
      'fifo',
      'fair, by user',
      'fair, by tenant',
    ]);
    for (const result of results) expect(result).toMatchObject({ completed: 270, missing: 0, duplicates: 0 });
    const against = figures.find(({ name }) => name.endsWith('against the ideal'))!;
    expect(against).toMatchObject({ unit: 'share', atMost: 1.1, promisedBy: ['fair, by tenant'] });
    // Tasks of 15 ms are too short for the promise; that B waits far less is seen all the same.
    expect(against.values['fair, by tenant']).toBeLessThan(against.values['fair, by user']! / 2);
  });
});

describe('a user that an operator steers', () => {
  it('follows each change of throttle, and is done at the end', async () => {
    const load = ['--workers', '1', '--concurrency', '8', '--count-a', '600', '--count-b', '300'];
    const { results, figures } = await bench(env, 'throttle', ...load, '--scale', '0.4');
    expect(results[0]).toMatchObject({ strategy: 'fair', completed: 1_800, missing: 0, duplicates: 0 });
    const of = (name: string) => figures.find((figure) => figure.name === name)?.values.fair;
    expect(of("A's starts in its pause")).toBe(0);
    expect(of("A's tasks at once at a cap of 1")).toBeLessThanOrEqual(1);
  });

  it('runs no more than its cap in capped, whoever is killed, and all is done', async () => {
    const { results, figures, checks } = await bench(
      env,
      ...['capped', '--workers', '2', '--count-a', '160', '--count-b', '80'],
    );
    expect(results.map(({ variant }) => variant)).toEqual(['fair, no cap', 'fair, cap 3']);
    for (const result of results) expect(result).toMatchObject({ completed: 240, missing: 0 });
    const { values } = figures.find(({ name }) => name === "A's tasks at once")!;
    expect(values['fair, cap 3']).toBe(3);
    expect(values['fair, no cap']).toBeGreaterThan(3);
    // What a killed worker had done and not acknowledged is done again.
    expect(checks.filter(({ name }) => name.endsWith('duplicates'))).toEqual([]);
  });

  it('starts no more than its rate in ratelimited', async () => {
    const { results, figures } = await bench(
      env,
      ...['ratelimited', '--count-a', '70', '--count-b', '40', '--concurrency', '4'],
    );
    expect(results.map(({ variant }) => variant)).toEqual(['fair, no rate', 'fair, 300/min']);
    for (const result of results) expect(result).toMatchObject({ completed: 110, missing: 0 });
    // Of 70 tasks, 20 wait for a sixth of the minute.
    const use = figures.find(({ name }) => name === "A's starts, of those that might be")!;
    expect(use.values['fair, 300/min']).toBeLessThanOrEqual(1);
  });
});
