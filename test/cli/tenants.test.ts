import { writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import type { RunWithTenants } from '../../src/core/reports/tenants-report.js';
import type { TopSample } from '../../src/core/top/top-sample.js';
import { eventually } from '../support/eventually.js';
import { FairqHere, fairq, fairqJson, jsonLines } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const folder = useFolder();
const { env } = vhost;
const WAIT_MS = 60_000;
const USERS = ['acme/a', 'acme/b', 'solo'];

const started: FairqHere[] = [];
afterEach(async () => {
  for (const one of started) one.signal('SIGTERM');
  await Promise.all(started.splice(0).map(({ ended }) => ended));
});

/** The same tenants, said in two ways. */
function rules(): readonly string[] {
  const file = folder.file('tenants.toml');
  writeFileSync(file, 'acme = ["acme/*"]\n');
  return ['prefix:/', `map:${file}`];
}

describe.each([
  ['by a prefix', 0],
  ['by a file', 1],
] as const)('tenants %s', (_, which) => {
  it('are the same to the worker, the report, top and what is set; who belongs to nobody is one of its own', async () => {
    const run = `tenants-${which}`;
    const tenantOf = ['--tenant-of', rules()[which]!];
    for (const user of USERS) {
      await fairqJson(
        env,
        'publish',
        '--user',
        user,
        '--run',
        run,
        '--count',
        '30',
        '--task',
        'sleep',
        '--duration',
        '5ms',
      );
    }
    const looking = new FairqHere(['--json', 'top', '--interval', '200ms', ...tenantOf], env);
    started.push(looking);
    const seen = () =>
      jsonLines<TopSample>(looking.stdout.slice(0, looking.stdout.lastIndexOf('\n') + 1) || '{}');
    const tenantsSeen = await eventually(
      () => seen().findLast(({ tenants = [] }) => tenants.some(({ backlog }) => backlog === 60))?.tenants,
      { timeoutMs: WAIT_MS, what: 'top has both tenants' },
    );
    expect(tenantsSeen.map(({ tenant, users, backlog }) => ({ tenant, users, backlog }))).toEqual(
      expect.arrayContaining([
        { tenant: 'acme', users: 2, backlog: 60 },
        { tenant: 'solo', users: 1, backlog: 30 },
      ]),
    );
    await fairqJson(env, 'worker', '-c', '1', '--exit-when', 'empty', ...tenantOf);
    const report = await fairqJson<RunWithTenants>(
      env,
      ...[
        'report',
        '--run',
        run,
        ...tenantOf,
        '--check',
        'tenant(acme).lag<=5',
        '--check',
        'tenant(solo).lag<=5',
      ],
    );
    const { tenants } = report;
    expect(tenants?.tenants.map(({ tenant, tasks }) => [tenant, tasks]).sort()).toEqual([
      ['acme', 60],
      ['solo', 30],
    ]);
    const text = (await fairq(env, 'report', '--run', run, ...tenantOf)).stdout;
    expect(text).toMatch(/acme[\s\S]+solo|solo[\s\S]+acme/);
  });
});

describe.each([
  ['by a prefix', 0],
  ['by a file', 1],
] as const)('policy show with tenants %s', (_, which) => {
  it('has what counts for the user, and for whom it belongs to', async () => {
    const tenantOf = ['--tenant-of', rules()[which]!];
    await fairqJson(env, 'policy', 'set', 'acme/a', '--weight', '2');
    await fairqJson(env, 'policy', 'set', '--tenant', 'ac*', '--cap', '3', '--reason', 'few slots');
    await fairqJson(env, 'policy', 'set', '--tenant', 'solo', '--weight', '4');
    expect(await fairqJson(env, 'policy', 'show', 'acme/a', ...tenantOf)).toMatchObject({
      inForce: { weight: { value: 2, rule: 'acme/a' } },
      tenant: { name: 'acme', inForce: { cap: { value: { tasks: 3 }, rule: 'ac*', reason: 'few slots' } } },
    });
    expect(await fairqJson(env, 'policy', 'show', 'solo', ...tenantOf)).toMatchObject({
      inForce: {},
      tenant: { name: 'solo', inForce: { weight: { value: 4 } } },
    });
    expect(await fairqJson(env, 'policy', 'show', 'acme/a')).not.toHaveProperty('tenant');
    const text = async (user: string) => (await fairq(env, 'policy', 'show', user, ...tenantOf)).stdout;
    expect(await text('acme/a')).toMatch(
      /weight 2[\s\S]+acme\/a, by revision[\s\S]+cap 3[\s\S]+Its tenant acme, by/,
    );
    expect(await text('nobody')).toMatch(
      /Nothing is set for nobody .+\nNothing is set for its tenant nobody\./,
    );
    const both = await fairq(env, 'policy', 'show', '--tenant', 'acme', ...tenantOf);
    expect(both.code, both.stderr).toBe(64);
  });
});

describe('a file of tenants that makes no sense', () => {
  const BAD = [
    ['acme = "alice"', 'is not a list of users'],
    ['acme = []', 'is empty'],
    ['acme = ["a"]\nbeta = ["a"]', 'is of two tenants'],
    ['# nobody', 'holds no tenant'],
    ['acme = [', 'TOML'],
  ] as const;
  const COMMANDS = [
    ['worker', '--exit-when', 'empty'],
    ['report', '--run', 'none'],
    ['top', '--samples', '1'],
    ['policy', 'show', 'A'],
  ];

  it('is refused by each command alike, and named, before anything is asked of the broker', async () => {
    const nowhere = { FAIRQ_URI: 'amqp://127.0.0.1:1', FAIRQ_MANAGEMENT_URI: 'http://127.0.0.1:1' };
    for (const command of COMMANDS) {
      for (const [text, why] of BAD) {
        const file = folder.file('bad.toml');
        writeFileSync(file, text);
        const { code, stderr } = await fairq(nowhere, ...command, '--tenant-of', `map:${file}`);
        expect(code, `${command[0]} with ${text}: ${stderr}`).toBe(64);
        expect(stderr.replace(/\s+/g, ' ')).toContain(`--tenant-of map:${file}: `);
        expect(stderr.replace(/\s+/g, ' ')).toContain(why);
      }
      const missing = await fairq(nowhere, ...command, '--tenant-of', `map:${folder.file('missing.toml')}`);
      expect(missing, command[0]).toMatchObject({ code: 64 });
      const strange = await fairq(nowhere, ...command, '--tenant-of', 'acme');
      expect(strange.stderr).toContain('does not say whom users belong to');
      expect(strange.code).toBe(64);
    }
  });
});
