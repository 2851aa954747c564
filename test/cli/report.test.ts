import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import type { RunReport } from '../../src/core/reports/run-report.js';
import { fairq, fairqJson, fairqPartly } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const folder = useFolder();
const { env } = vhost;
/** No broker is there, so whatever works here works without one. */
const NOWHERE = { FAIRQ_URI: 'amqp://127.0.0.1:1', FAIRQ_MANAGEMENT_URI: 'http://127.0.0.1:1' };

beforeAll(async () => {
  await fairqJson(env, 'publish', '--user', 'A', '--count', '300', '--run', 'first');
  await fairqJson(env, 'publish', '--user', 'B, "b"', '--count', '20', '--run', 'first');
  await fairqJson(env, 'worker', '--exit-when', 'empty', '--concurrency', '2');
  await fairqJson(
    env,
    'publish',
    '--user',
    'A',
    '--count',
    '40',
    '--task',
    'sleep',
    '--duration',
    '5ms',
    '--run',
    'second',
  );
  await fairqJson(env, 'worker', '--exit-when', 'empty', '--concurrency', '2');
});

describe('report', () => {
  it.each(['saved.ndjson', 'saved.ndjson.gz'])(
    'saves a run as %s, and reports the same from it',
    async (name) => {
      const file = folder.file(name);
      const live = await fairqJson<RunReport>(env, 'report', '--run', 'first', '--save', file);
      const again = await fairqJson<RunReport>(NOWHERE, 'report', file);
      expect(again).toEqual(live);
      const bytes = readFileSync(file);
      const lines = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8').trimEnd().split('\n');
      expect(JSON.parse(lines[0]!)).toMatchObject({ kind: 'fairq-events', version: 1, run: 'first' });
      const kinds = lines.map((line) => (JSON.parse(line) as { kind: string }).kind);
      expect(kinds.filter((kind) => kind === 'completion')).toHaveLength(320);
      const { runs } = await fairqJson<{ runs: { run: string }[] }>(NOWHERE, 'report', file, '--list');
      expect(runs.map(({ run }) => run)).toEqual(['first']);
      // Never over a file that is there.
      expect(await fairq(env, 'report', '--run', 'first', '--save', file)).toMatchObject({ code: 64 });
      expect(readFileSync(file).equals(bytes)).toBe(true);
    },
  );

  it('leaves no file behind where there was nothing to save', async () => {
    const file = folder.file('none.ndjson');
    const { code, stderr } = await fairq(env, 'report', '--run', 'nobody', '--save', file);
    expect(code).toBe(64);
    expect(stderr).toContain('there is no run "nobody"');
    expect(existsSync(file) || existsSync(`${file}.part`)).toBe(false);
  });

  it.each([
    ['no file', undefined, 'cannot be read'],
    ['an empty one', '', 'the file is empty'],
    ['something else', 'user,tasks\nA,3\n', 'line 1: this is no saved run'],
    ['one of another version', '{"kind":"fairq-events","version":9}\n', 'line 1: it is of version 9'],
    ['half a line', '{"kind":"fairq-events","version":1}\n{"kind":"compl', 'line 2: this is no event'],
    ['an event of nonsense', '{"kind":"fairq-events","version":1}\n{"kind":"completion","id":1}\n', 'line 2'],
  ])('refuses %s in the place of a saved run', async (name, content, message) => {
    const file = folder.file(`${name}.ndjson`);
    if (content !== undefined) writeFileSync(file, content);
    const { code, stderr } = await fairq(NOWHERE, 'report', file);
    expect(stderr).toContain(message);
    expect(stderr).toContain('report --save');
    expect(code).toBe(64);
  });

  it('compares with a saved run', async () => {
    const file = folder.file('baseline.ndjson');
    await fairqJson(env, 'report', '--run', 'first', '--save', file);
    const { comparison } = await fairqJson<{
      comparison: {
        measures: { name: string; before: number; now: number; verdict: string }[];
        users: { user: string }[];
        onlyBefore: number;
      };
    }>(env, 'report', '--run', 'second', '--baseline', file);
    const completed = comparison.measures.find(({ name }) => name === 'completed');
    expect(completed).toMatchObject({ before: 320, now: 40, verdict: 'worse' });
    expect(comparison).toMatchObject({ users: [{ user: 'A' }], onlyBefore: 1 });
    const { stdout } = await fairq(env, 'report', '--run', 'second', '--baseline', file);
    expect(stdout).toMatch(/against first/);
    expect(stdout).toMatch(/completed +320 +40 +-88 % +✗ worse/);
  });

  it('shows some of the users, as CSV too, and measures all', async () => {
    const report = await fairqJson<RunReport & { usersHidden: number }>(
      env,
      'report',
      '--run',
      'first',
      '--user',
      'A*',
    );
    expect(report).toMatchObject({ completed: 320, usersHidden: 1, users: [{ user: 'A', tasks: 300 }] });
    const { stdout } = await fairq(env, 'report', '--run', 'first', '--csv', '--user', 'B*');
    const [head, row, end] = stdout.trimEnd().split('\r\n');
    expect(head).toMatch(/^user,tasks,missing,/);
    expect(row).toMatch(/^"B, ""b""",20,0,\d+,\d+,\d+,/);
    expect(end).toBeUndefined();
    expect((await fairq(env, 'report', '--run', 'first', '--user', 'nobody')).code).toBe(64);
  });

  it('measures several runs as one, and whatever ran lately', async () => {
    const both = await fairqJson<RunReport>(env, 'report', '--run', 'fir', '--run', 'sec*');
    expect(both).toMatchObject({ runs: ['first', 'second'], published: 360, completed: 360, missing: 0 });
    expect(both.users.map(({ user, tasks }) => [user, tasks])).toEqual([
      ['A', 340],
      ['B, "b"', 20],
    ]);
    const lately = await fairqJson<RunReport>(env, 'report', '--since', '2h');
    expect(lately).toMatchObject({ run: 'all runs', completed: 360, published: null, missing: null });
    expect(lately.beganAt).toBe(both.beganAt);
    const { stdout } = await fairq(env, 'report', '--since', '2h');
    expect(stdout).toContain('2 runs (all runs): 360 tasks of 2 users');
    const began = new Date(both.beganAt! / 1_000).toISOString().slice(0, 19).replace('T', ' ');
    expect(stdout.replaceAll('\n', ' ')).toContain(`from ${began} to `);
    expect(await fairqJson(env, 'report', '--since', '2h', '--until', '1h')).toMatchObject({ completed: 0 });
    const none = await fairq(env, 'report', '--run', 'web-*');
    expect(none.code).toBe(64);
    expect(none.stderr).toContain('there is no run "web-*"');
  });

  it('never cuts the id of a run, which is typed again, or its start', async () => {
    const long = `nightly-${'x'.repeat(120)}-eu-west-1`;
    await fairqJson(env, 'publish', '--user', 'A', '--count', '1', '--run', long);
    for (const COLUMNS of ['40', '80', '160']) {
      expect((await fairq({ ...env, COLUMNS }, 'report', '--list')).stdout).toContain(long);
    }
    expect((await fairq(env, 'report', '--run', 'nightly')).stdout).toMatch(
      new RegExp(`^Run\\s${long}:$`, 'm'),
    );
    expect(await fairqJson(env, 'report', '--run', 'nightly')).toMatchObject({ waiting: 1, unknown: 0 });
    await fairqJson(env, 'worker', '--exit-when', 'empty');
  });

  it('says whose tasks failed', async () => {
    await fairqJson(env, 'publish', '--user', 'C', '--count', '3', '--task', 'fail', '--run', 'failures');
    await fairqJson(env, 'publish', '--user', 'D', '--count', '2', '--run', 'failures');
    await fairqPartly(env, 'worker', '--exit-when', 'empty', '--max-attempts', '2', '--backoff', '100ms');
    const { users } = await fairqJson<RunReport>(env, 'report', '--run', 'failures');
    expect(users).toMatchObject([
      { user: 'C', tasks: 3, failed: 3, retries: 3 },
      { user: 'D', tasks: 2, failed: 0, retries: 0 },
    ]);
    const checks = ['--check', 'user(C).failed==3', '--check', 'user(*).retries<=3'];
    const { code, stdout } = await fairq(env, 'report', '--run', 'failures', ...checks);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^C +3 +3 +3 /m);
    const csv = (await fairq(env, 'report', '--run', 'failures', '--csv')).stdout.split('\r\n');
    expect(csv[0]).toMatch(/,failed,retries,/);
    expect(csv[1]).toMatch(/,3,3,0,0,0,0,0,\d+$/);
  });

  it('measures a part of a run', async () => {
    const whole = await fairqJson<RunReport>(env, 'report', '--run', 'second');
    const half = `+${Math.round(whole.seconds * 500)}ms`;
    const early = await fairqJson<RunReport>(env, 'report', '--run', 'second', '--until', half);
    const late = await fairqJson<RunReport>(env, 'report', '--run', 'second', '--since', half);
    expect(early.completed + late.completed).toBe(40);
    expect(early.completed).toBeGreaterThan(0);
    expect(late.completed).toBeGreaterThan(0);
    expect(early).toMatchObject({ missing: null, window: { since: null } });
    expect((await fairq(env, 'report', '--since', 'yesterday')).code).toBe(64);
  });

  it('ends with 99 where a check fails, and says which user and by how much', async () => {
    const passing = ['--check', 'missing==0', '--check', 'user(*).tasks>=20'];
    expect((await fairq(env, 'report', '--run', 'first', ...passing)).code).toBe(0);
    const failing = ['--check', 'user(*).tasks>=21'];
    const { code, stdout, stderr } = await fairq(env, 'report', '--run', 'first', ...failing, ...passing);
    expect(code).toBe(99);
    expect(stdout).toMatch(/✓ missing==0: 0/);
    expect(stdout).toContain(
      '✗ user(*).tasks>=21: 20 for "B, \\"b\\"", 1 too few; 1 of 2 users does not keep it',
    );
    expect(stderr).toContain('check failed: user(*).tasks>=21');
    const json = await fairq(env, '--json', 'report', '--run', 'first', ...failing);
    expect(JSON.parse(json.stdout)).toMatchObject({ passed: false, thresholds: [{ usersFailed: 1 }] });
    expect(json.code).toBe(99);
    const wrong = await fairq(env, 'report', '--check', 'user(B).dwel<2s');
    expect(wrong.code).toBe(64);
    expect(wrong.stderr).toContain('  user(B).dwel<2s\n          ^\n');
  });
});

describe('a report on a run with a policy', () => {
  it('goes by the weights that the policy had while the tasks were done, and names what was changed meanwhile', async () => {
    const own = { ...env, FAIRQ_PREFIX: 'steered' };
    await fairqJson(own, 'policy', 'set', 'A', '--weight', '4');
    for (const [user, count] of [
      ['A', '45'],
      ['B', '25'],
    ] as const)
      await fairqJson(own, 'publish', '--user', user, '--count', count, '--run', 'steered');
    const work = (...flags: string[]) => fairqJson(own, 'worker', '--concurrency', '1', ...flags);
    // A has its four fifths, and then B its own: a busy machine cannot change that order.
    await work('--queues', 'steered.user.A', '--count', '40');
    await work('--queues', 'steered.user.B', '--count', '10');
    await fairqJson(own, 'policy', 'set', 'A', '--weight', '1');
    await work('--exit-when', 'empty');
    const report = await fairqJson<RunReport & { policyChanges: unknown[] }>(own, 'report');
    expect(report.completed).toBe(70);
    // A saved run knows no policy, so all count alike there.
    const file = folder.file('steered.ndjson');
    await fairqJson(own, 'report', '--save', file);
    const alike = await fairqJson<RunReport>(NOWHERE, 'report', file);
    // B waits while A has 40: for a half of these tasks that is, and for a fifth where A's weight is four times as much.
    expect(alike.fairness).toMatchObject({ maxLagUser: 'B', maxLagTasks: 20 });
    expect(report.fairness).toMatchObject({ maxLagUser: 'B', maxLagTasks: 8 });
    expect(report.policyChanges).toMatchObject([{ revision: 2, what: expect.stringContaining('weight') }]);
    const { stdout } = await fairq(own, 'report');
    expect(stdout).toContain('The policy changed during the run.');
    expect(stdout).toContain('- revision 2, ');
  });
});
