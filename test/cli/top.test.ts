import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { PolicyFor } from '../../src/core/reports/policy-report.js';
import type { TopSample } from '../../src/core/top/top-sample.js';
import { eventually } from '../support/eventually.js';
import { FairqHere, fairqJson, jsonLines } from '../support/fairq.js';
import { ManagementFront } from '../support/management-front.js';
import { FairqOnTerminal } from '../support/terminal.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const { env } = vhost;
const HOSTILE = '\u001b[31mred\u202e';
const hasTerminal = spawnSync('script', ['--version']).status === 0 && existsSync('/proc/self/task');
if (!hasTerminal) console.error('NOT RUN: fairq top on a terminal, for want of "script"');

let terminal: FairqOnTerminal | undefined;
let worker: FairqHere | undefined;
afterEach(async () => {
  terminal?.close();
  worker?.signal('SIGTERM');
  await worker?.ended;
  terminal = undefined;
  worker = undefined;
});

beforeAll(async () => {
  for (const [user, count] of [
    ['A', '30'],
    ['B', '5'],
    [HOSTILE, '3'],
  ] as const) {
    await fairqJson(env, 'publish', '--user', user, '--count', count);
  }
  await eventually(
    async () =>
      (await vhost.management.queues()).filter(
        ({ name, ready }) => name.startsWith('fairq.user.') && ready > 0,
      ).length === 3,
    { timeoutMs: 60_000, what: 'the figures are listed' },
  );
});

async function open(): Promise<FairqOnTerminal> {
  terminal = new FairqOnTerminal(['top', '--interval', '100ms'], env);
  await terminal.shows(/^A +30/);
  return terminal;
}

const users = ({ screen }: FairqOnTerminal) =>
  screen.flatMap((line) => /^(A|B|\\u\{1b\}\S*) /.exec(line)?.[1] ?? []).map((name) => name[0]);

describe.skipIf(!hasTerminal)('fairq top on a terminal', () => {
  it('shows who has what, sorts and filters by key, and leaves the terminal as it was', async () => {
    const top = await open();
    expect(users(top)).toEqual(['A', 'B', '\\']);
    await top.shows(/No worker is heard/);
    await top.shows(/^A .* no worker/);
    expect(top.screen.join('\n')).toContain('\\u{1b}[31mred\\u{202e}');
    top.type('r');
    await eventually(async () => users(top).join() === '\\,B,A', {
      timeoutMs: 60_000,
      what: 'the other way round',
    });
    top.type('/b');
    await top.shows(/^\/b/);
    await eventually(async () => users(top).join() === 'B', { timeoutMs: 60_000, what: 'only B' });
    top.type('\u001b');
    await eventually(async () => users(top).length === 3, { timeoutMs: 60_000, what: 'all of them' });
    top.type('?');
    await top.shows(/sort by the next column/);
    top.type('?p');
    await top.shows(/PAUSED/);
    top.type('q');
    const shown = await top.ended();
    expect(shown).toContain('ENDED 0');
    expect(shown.lastIndexOf('\u001b[?1049l')).toBeGreaterThan(shown.lastIndexOf('\u001b[?1049h'));
    expect(shown.lastIndexOf('\u001b[?25h')).toBeGreaterThan(shown.lastIndexOf('\u001b[?25l'));
    expect(shown.slice(shown.indexOf('ENDED'))).toMatch(/ icanon[\s\S]* echo /);
  });

  it('pauses and resumes a user by key, and asks first', async () => {
    const top = await open();
    const isPaused = async () => {
      const { inForce } = await fairqJson<PolicyFor>(env, 'policy', 'show', 'A');
      return inForce.paused !== undefined;
    };
    top.type('P');
    await top.shows(/^y: start no task of A any more/);
    top.type('n');
    await top.shows(/^q quit/);
    expect(await isPaused()).toBe(false);
    top.type('P');
    await top.shows(/^y: start no task of A any more/);
    top.type('y');
    await top.shows(/^A: paused \(revision \d+\), at all workers/);
    await top.shows(/^A +30 .* paused/);
    expect(await isPaused()).toBe(true);
    top.type('R');
    await top.shows(/^y: end the pause of A/);
    top.type('y');
    await top.shows(/^A: no longer paused/);
    expect(await isPaused()).toBe(false);
  });

  it('follows the size of the terminal', async () => {
    const top = await open();
    top.resize(60, 12);
    const fits = () => top.screen.length === 12 && top.screen.every((line) => [...line].length <= 60);
    await eventually(async () => fits(), { timeoutMs: 60_000, what: 'twelve lines, none too long' });
    top.resize(140, 40);
    await eventually(async () => top.screen.length === 40, { timeoutMs: 60_000, what: 'forty lines' });
    top.type('\u0003');
    expect(await top.ended()).toContain('ENDED 0');
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('gives the terminal back at %s', async (signal) => {
    const top = await open();
    process.kill(top.pid, signal);
    const shown = await top.ended();
    expect(shown).toContain('ENDED 0');
    expect(shown.slice(shown.indexOf('ENDED'))).toMatch(/ icanon[\s\S]* echo /);
  });

  it('ends when the terminal is closed', async () => {
    const top = await open();
    const { pid } = top;
    top.close();
    await eventually(async () => !existsSync(`/proc/${pid}`), { timeoutMs: 60_000, what: 'fairq has ended' });
  });
});

describe('fairq top elsewhere', () => {
  it('is a JSON object for each sample, with rates, shares and workers', async () => {
    await fairqJson(
      env,
      'publish',
      '--user',
      'C',
      '--count',
      '2000',
      '--task',
      'sleep',
      '--duration',
      '100ms',
    );
    await fairqJson(
      env,
      'publish',
      '--user',
      'D',
      '--count',
      '2000',
      '--task',
      'sleep',
      '--duration',
      '100ms',
    );
    worker = new FairqHere(['worker', '--name', 'here', '-c', '4'], env);
    await worker.says(/ready, /);
    const top = new FairqHere(['--json', 'top', '--interval', '200ms'], env);
    const samples = () =>
      jsonLines<TopSample & { kind: string }>(top.stdout.slice(0, top.stdout.lastIndexOf('\n'))).filter(
        ({ kind }) => kind === 'top',
      );
    const last = await eventually(
      () => {
        const sample = top.stdout.includes('\n') ? samples().at(-1) : undefined;
        const isServed = (sample?.users.find(({ user }) => user === 'C')?.perSecond ?? 0) > 0;
        return isServed && sample?.workers[0]?.name === 'here' && sample;
      },
      { timeoutMs: 60_000, what: 'the worker is heard, and C is served' },
    );
    expect(last.workers).toMatchObject([{ name: 'here', slots: 4 }]);
    expect(last.users.reduce((sum, { share }) => sum + (share ?? 0), 0)).toBeCloseTo(1, 6);
    expect(last.users.reduce((sum, { fairShare }) => sum + (fairShare ?? 0), 0)).toBeCloseTo(1, 6);
    expect(Math.abs(Date.parse(last.at) - Date.now())).toBeLessThan(60_000);
    top.signal('SIGINT');
    const { code, stdout } = await top.ended;
    expect(code).toBe(0);
    expect(jsonLines<{ kind: string }>(stdout).at(-1)?.kind).toBe('top-end');
  });

  it('brings the backlog forward by what is sent and ends, and says unknown when the listing is old', async () => {
    const front = await ManagementFront.to(vhost.address.managementUris[0]!);
    const publisher = new FairqHere(
      ['publish', '--user', 'N', '--count', '20000', '--rate', '50/s', '--run', 'n'],
      env,
    );
    const top = new FairqHere(['--json', 'top', '--interval', '200ms'], {
      ...env,
      FAIRQ_MANAGEMENT_URI: front.uri,
    });
    const samples = () =>
      jsonLines<TopSample>(top.stdout.slice(0, top.stdout.lastIndexOf('\n'))).filter((one) => 'users' in one);
    const backlogOf = (sample: TopSample | undefined, user: string) =>
      sample?.users.find((one) => one.user === user)?.backlog ?? null;
    const last = () => (top.stdout.includes('\n') ? samples().at(-1) : undefined);
    await eventually(() => (backlogOf(last(), 'N') ?? 0) > 0, { timeoutMs: 60_000, what: 'N is seen' });
    await eventually(
      async () => {
        const from = samples().length;
        front.mode = 'fails';
        await eventually(() => last()?.backlog === null, {
          timeoutMs: 60_000,
          what: 'it is not known any more',
        });
        front.mode = 'forwards';
        const unlisted = samples().slice(from);
        await eventually(() => last()?.backlog !== null, { timeoutMs: 60_000, what: 'it is known again' });
        const unknown = unlisted.at(-1)!;
        expect(unknown.listedSecondsAgo).toBeGreaterThan(10);
        for (const { backlog, fairShare } of unknown.users)
          expect([backlog, fairShare]).toEqual([null, null]);
        return unlisted.some((sample, i) => {
          const before = unlisted[i - 1];
          const isOlder = (sample.listedSecondsAgo ?? 0) > (before?.listedSecondsAgo ?? Infinity);
          return isOlder && (backlogOf(sample, 'N') ?? 0) > (backlogOf(before, 'N') ?? Infinity);
        });
      },
      { timeoutMs: 120_000, what: 'the backlog to grow between listings' },
    );
    for (const one of [publisher, top]) one.signal('SIGINT');
    await Promise.all([publisher.ended, top.ended]);
    await front.close();
  });

  it('ends after so many samples', async () => {
    const top = new FairqHere(['--json', 'top', '--interval', '100ms', '--samples', '2'], env);
    const { code, stdout } = await top.ended;
    expect(code).toBe(0);
    expect(jsonLines<{ kind: string }>(stdout).map(({ kind }) => kind)).toEqual(['top', 'top', 'top-end']);
  });
});
