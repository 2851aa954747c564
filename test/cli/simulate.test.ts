import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { WorkerReport } from '../../src/core/reports/worker-report.js';
import { FairqHere, fairq, fairqJson } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const { env } = vhost;
const folder = useFolder();

interface Positions {
  readonly user: string;
  readonly firstCompletionPosition: number;
  readonly lastCompletionPosition: number;
}
interface Simulation {
  readonly workers: number;
  readonly concurrency: number;
  readonly results: readonly {
    readonly strategy: string;
    readonly makespanMs: number;
    readonly jainAtHalf: number;
    readonly promotions: number;
    readonly moved: number;
    readonly users: readonly Positions[];
  }[];
}
interface Bench {
  readonly results: readonly {
    readonly strategy: string;
    readonly fairness: { readonly jainAtHalf: number };
    readonly users: readonly Positions[];
  }[];
}

/** One strategy, played by the broker and simulated. */
interface Pair {
  readonly played: Bench['results'][number];
  readonly simulated: Simulation['results'][number];
}

/** What `fairq bench` calls fair is what the simulation calls user: a queue each. */
async function both(scenario: string, ...flags: string[]): Promise<{ fifo: Pair; user: Pair }> {
  const bench = ['bench', scenario, '--strategy', 'fifo,fair', '--rounds', '1', ...flags];
  const { code, stdout, stderr } = await fairq(env, '--json', ...bench);
  // A bench may miss a limit on a busy machine.
  expect([0, 99], stderr).toContain(code);
  const played: Bench = JSON.parse(stdout);
  const simulated = await fairqJson<Simulation>(
    env,
    'simulate',
    scenario,
    '--strategy',
    'fifo,user',
    ...flags,
  );
  const pairOf = (real: string, name: string): Pair => ({
    played: played.results.find(({ strategy }) => strategy === real)!,
    simulated: simulated.results.find(({ strategy }) => strategy === name)!,
  });
  return { fifo: pairOf('fifo', 'fifo'), user: pairOf('fair', 'user') };
}

/** How far the simulation is off, as docs/simulate.md says it. */
function differences({ played, simulated }: Pair, user: string) {
  const tasks = Math.max(...played.users.map(({ lastCompletionPosition }) => lastCompletionPosition));
  const off = (position: (one: Positions) => number): number => {
    const [real, reckoned] = [played, simulated].map(({ users }) =>
      position(users.find((one) => one.user === user)!),
    );
    return Math.abs(real! - reckoned!) / tasks;
  };
  return {
    jain: Math.abs(played.fairness.jainAtHalf - simulated.jainAtHalf),
    first: off(({ firstCompletionPosition }) => firstCompletionPosition),
    last: off(({ lastCompletionPosition }) => lastCompletionPosition),
  };
}

/** A machine that is busy may hold up a part of a real run, which no simulation foresees: then it is played again. */
const PLAYS = 4;

async function compared(compare: () => Promise<void>): Promise<void> {
  for (let play = 1; play < PLAYS; play++) {
    try {
      return await compare();
    } catch (error) {
      console.error(`play ${play} of at most ${PLAYS} is off: ${error}`);
    }
  }
  await compare();
}

const SHARED_MS = 10;
const HEAVY = 'heavy';
let plays = 0;

/** The heavy user has as many tasks as 60 light ones together, and its tasks are between theirs. */
function heavyAmongLight(): string[] {
  return Array.from({ length: 600 }, (_, i) => [HEAVY, `light-${i % 60}`]).flat();
}

/** One worker with one shared queue; tasks are sent as any client does, so nobody is promoted before it starts. */
async function playedShared(load: readonly string[]) {
  const prefix = `shared-${++plays}`;
  const own = { ...env, FAIRQ_PREFIX: prefix };
  await fairqJson(own, 'publish', '--units', 'shared:1', '--user', HEAVY, '--count', '1', '--task', 'noop');
  await fairqJson(own, 'worker', '--exit-when', 'empty');
  for (const [i, user] of load.entries()) {
    vhost.channel.publish(prefix, user, Buffer.from(JSON.stringify({ durationMs: SHARED_MS })), {
      persistent: true,
      messageId: `task-${i}`,
      type: 'sleep',
      headers: { 'x-fairq': `1 ${i + 1} 1 ${Date.now() * 1_000} 0 load ${user}` },
    });
  }
  await vhost.channel.checkExchange(prefix);
  const worker = await fairqJson<WorkerReport>(own, 'worker', '-c', '5', '--exit-when', 'empty');
  const run = await fairqJson<Bench['results'][number]>(own, 'report', '--run', 'load');
  return { promotions: worker.promotions, run };
}

/** Where the last tasks of light users are in the order of completion, on average. */
function lastOfLight({ users }: { readonly users: readonly Positions[] }): number {
  const lasts = users.flatMap(({ user, lastCompletionPosition }) =>
    user === HEAVY ? [] : [lastCompletionPosition],
  );
  return lasts.reduce((a, b) => a + b, 0) / lasts.length;
}

describe('a simulation beside the same load on a broker', () => {
  it("seed, on one worker, has B's tasks in their places", () =>
    compared(async () => {
      const pairs = await both('seed', '--count-a', '3000', '--count-b', '200');
      for (const strategy of ['fifo', 'user'] as const) {
        const { jain, first, last } = differences(pairs[strategy], 'B');
        expect(jain, strategy).toBeLessThanOrEqual(0.02);
        expect(first, strategy).toBeLessThanOrEqual(0.02);
        expect(last, strategy).toBeLessThanOrEqual(0.02);
      }
    }));

  it('crowd, on one worker, is as fair', () =>
    compared(async () => {
      const { fifo, user } = await both('crowd', '--workers', '1');
      // What came back while there was no queue is sent again, behind others.
      expect(differences(fifo, 'user-1').jain).toBeLessThanOrEqual(0.1);
      expect(differences(user, 'user-1').jain).toBeLessThanOrEqual(0.05);
    }));

  it('noisy, on two workers, is as fair, and B comes after the burst in one queue', () =>
    compared(async () => {
      const { fifo, user } = await both('noisy', '--count-a', '2500', '--concurrency', '5');
      expect(differences(fifo, 'B').jain).toBeLessThanOrEqual(0.1);
      expect(differences(fifo, 'B').first).toBeLessThanOrEqual(0.05);
      expect(differences(user, 'B').jain).toBeLessThanOrEqual(0.1);
    }));

  it('a heavy user among light ones in one shared queue is promoted, and gets as much more as they', () =>
    compared(async () => {
      const load = heavyAmongLight();
      const { promotions, run } = await playedShared(load);
      const input = load.map((user) => JSON.stringify({ user, durationMs: SHARED_MS })).join('\n');
      const args = ['--json', 'simulate', '--from', '-', '-c', '5', '--strategy', 'shared:1'];
      const { stdout } = await new FairqHere(args, env, input).ended;
      const [simulated] = (JSON.parse(stdout) as Simulation).results;
      expect(promotions.users).toBe(simulated!.promotions);
      const off = (real: number, reckoned: number) => Math.abs(real - reckoned) / load.length;
      expect(off(promotions.movedTasks, simulated!.moved)).toBeLessThanOrEqual(0.1);
      expect(off(lastOfLight(run), lastOfLight(simulated!))).toBeLessThanOrEqual(0.1);
      expect(Math.abs(run.fairness.jainAtHalf - simulated!.jainAtHalf)).toBeLessThanOrEqual(0.1);
    }));
});

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
