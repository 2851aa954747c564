import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { FairqHere, fairq, fairqJson } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import type { SimulationDocument as Simulation } from '../support/simulation-document.js';
import { useVhost } from '../support/vhost.js';

const { env } = useVhost();
const folder = useFolder();

describe('fairq simulate', () => {
  it('says one document, with what was played', async () => {
    const load = ['--users', '100', '--total', '5000', '--distribution', 'zipf'];
    const document = await fairqJson<Simulation>(env, 'simulate', ...load, '--workers', '2');
    expect(document).toMatchObject({ schemaVersion: 1, kind: 'simulate', scenario: null, seed: 1 });
    expect(document).toMatchObject({ tasks: 5_000, workers: 2, concurrency: 10, promoteAfter: 32 });
    const strategies = document.results.map(({ strategy }) => strategy);
    expect(strategies).toEqual(['fifo', 'user', 'hash:64', 'shared:64', 'ideal']);
    for (const { makespanMs } of document.results) expect(makespanMs).toBeGreaterThanOrEqual(1_250);
  });

  it('takes --strategy again and again, and the tasks of a pipe', async () => {
    const input = 'user,dueMs,durationMs\nA,0,10\nA,0,10\nB,5,1\n';
    const args = ['--from', '-', '-c', '1', '--strategy', 'fifo', '--strategy', 'user,ideal'];
    const run = new FairqHere(['--json', 'simulate', ...args], env, input);
    const { code, stdout } = await run.ended;
    expect(code).toBe(0);
    const { results }: Simulation = JSON.parse(stdout);
    expect(results.map(({ strategy }) => strategy)).toEqual(['fifo', 'user', 'ideal']);
    const lasts = results.map(({ users }) => users.find(({ user }) => user === 'B')?.lastCompletionPosition);
    expect(lasts).toEqual([3, 2, 1]);
  });

  it('writes a page of it, with the seed and what was played', async () => {
    const file = folder.file('zipf.html');
    const load = [
      '--users',
      '50',
      '--total',
      '500',
      '--duration',
      '1ms..9ms',
      '--rate',
      '90/s',
      '--seed',
      '7',
    ];
    const { code, stderr } = await fairq(env, 'simulate', ...load, '--html', file);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain(`page: ${file}`);
    const page = readFileSync(file, 'utf8');
    expect(page).toContain('<title>Simulation: 50 users, uniform · fairq</title>');
    expect(page).toContain('<dt>seed</dt><dd>7</dd>');
    expect(page).toContain('<dt>a task runs for</dt><dd>1.0 ms to 9.0 ms</dd>');
    expect(page).toContain('<dt>arrive</dt><dd>90 a second</dd>');
    expect(page).not.toContain('<dt>broker</dt>');
    const nowhere = await fairq(env, 'simulate', 'seed', '--html', folder.file('no/such.html'));
    expect(nowhere.stderr).toContain('Name a file in a folder that is there.');
  });

  it.each([
    [['nothing'], 'there is no load "nothing"', 'seed, crowd, noisy'],
    [[], 'whose tasks are these?', '--users'],
    [['--users', '5', '--strategy', 'fair'], 'no strategy "fair"', 'shared:N'],
    [['--users', '5', '--strategy', 'shared:0'], '"0" is not a whole number', 'a number from 1 to 100000'],
    [['--users', '5', '--strategy', 'user', '--strategy', 'fifo,user'], '"user" is named twice', 'once'],
    [['--users', '5', '--duration', '721h'], '--duration: 721h is longer than 720h', 'from 0ms to 720h'],
    [['--users', '5', '--duration', '9ms..5ms'], '9ms is longer than 5ms', 'first: 5ms..9ms'],
    [['--users', '5', '--rate', '0.00001/h'], 'after more than 3650 days', 'a higher rate'],
    [['seed', '--users', '5'], 'seed and --users exclude each other', 'The scenario says'],
    [['crowd', '--count-a', '5'], '--count-a means nothing to "crowd"', 'Leave it away'],
    [['--users', '5', '--count-b', '5'], '--count-b means nothing', 'Leave it away'],
    [['--from', 'x', '--rate', '5/s'], '--from and --rate exclude each other', 'The file says'],
    [['--from', '/nowhere'], '/nowhere cannot be read', 'Name a file'],
    [['--users', '1000000', '--count', '1000'], 'are more than 50000000', 'fewer'],
    [['--users', '5', '--move-time', '3'], '--move-time: "3" is not a duration', 'unit'],
  ])('%j ends with 64, what is wrong and what to do', async (args, what, next) => {
    const { code, stdout, stderr } = await fairq(env, 'simulate', ...args);
    expect(stderr).toContain(what);
    expect(stderr).toContain(next);
    expect(stdout).toBe('');
    expect(code).toBe(64);
  });

  it('is ended by a signal while it reads, and while it simulates', async () => {
    const reading = new FairqHere(['simulate', '--from', '-'], env, new Readable({ read() {} }));
    const large = ['--users', '100000', '--total', '1000000', '--strategy', 'user'];
    const simulating = new FairqHere(['simulate', ...large], env);
    for (const run of [reading, simulating]) {
      run.signal('SIGINT');
      const { code, stdout, stderr } = await run.ended;
      expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
      expect(stderr).toContain('interrupted: ');
    }
  });
});
