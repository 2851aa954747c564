import { writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { PolicyFor, PolicyHistory, PolicyList } from '../../../src/core/reports/policy-report.js';
import { eventually } from '../../support/eventually.js';
import { fairq, fairqJson, RunningFairq } from '../../support/fairq.js';
import { useFolder } from '../../support/folder.js';
import { hostileName } from '../../support/hostile-names.js';
import {
  ask,
  type HttpAnswer,
  type Request,
  type RoleHeaders,
  type Serving,
  sendTask,
  slug,
  startServing,
  useGuardedServing,
  useServedWorker,
  useServing,
} from '../../support/serving.js';
import { useVhost } from '../../support/vhost.js';

const vhost = useVhost();
const folder = useFolder();
const { env } = vhost;
const serving = useServing(env);
const WAIT_MS = 60_000;
useServedWorker(env, folder, '--name', 'w1', '-c', '2', '--tenant-of', 'prefix:/');

afterEach(async () => {
  const { rules } = (await get('/v1/policy')).json as unknown as PolicyList;
  for (const { of, name } of rules) await change('DELETE', `/v1/policy/${of}s/${encodeURIComponent(name)}`);
});

const get = (path: string, request: Request = {}) => ask(serving, path, { user: 'boss', ...request });

function change(
  method: string,
  path: string,
  body?: object | string,
  match = '*',
  server: Pick<Serving, 'url'> = serving,
): Promise<HttpAnswer> {
  const headers = { 'if-match': match };
  return ask(server, path, { user: 'boss', method, headers, ...(body !== undefined && { body }) });
}

const list = () => fairqJson<PolicyList>(env, 'policy', 'list');
const show = (...name: string[]) => fairqJson<PolicyFor>(env, 'policy', 'show', ...name);

describe('a rule', () => {
  it('that is put counts at every worker when it is answered, and is what the commands see', async () => {
    const put = await change('PUT', '/v1/policy/users/A?reason=floods', {
      weight: 2,
      cap: { value: 5, 'when-busy': true, until: '2199-01-01T00:00:00Z', reason: 'night' },
      rate: '100/m',
    });
    expect(put.status, put.text).toBe(200);
    expect(put.json).toMatchObject({
      changed: true,
      what: 'A: weight 2, cap 5 when busy until 2199-01-01T00:00:00Z, rate 100/m',
      by: 'boss',
      reason: 'floods',
      workers: [{ name: 'w1', revision: put.json.revision }],
      late: [],
    });
    expect(put.headers.get('etag')).toBe(`"${put.json.revision}"`);
    expect(await show('A')).toMatchObject({
      revision: put.json.revision,
      inForce: {
        weight: { value: 2, by: 'boss' },
        cap: { value: { tasks: 5, whenBusy: true }, reason: 'night' },
        rate: { value: { starts: 100, perMs: 60_000, burst: 1 } },
      },
    });
  });

  it('is answered as it can be put again, and that changes nothing', async () => {
    await fairqJson(env, 'policy', 'set', 'A', '--cap', '3', '--rate', '90/s', '--burst', '7', '--for', '2h');
    const { json, headers } = await get('/v1/policy/users/A');
    expect(json).toMatchObject({ of: 'user', name: 'A', rule: { cap: { value: 3 }, rate: { burst: 7 } } });
    const again = await change('PUT', '/v1/policy/users/A', json.rule as object, headers.get('etag')!);
    expect([again.status, again.json.changed, again.json.revision]).toEqual([200, false, json.revision]);
  });

  it('replaces what it set before, and leaves the rules beside it', async () => {
    await change('PUT', '/v1/policy/users/A', { weight: 2, cap: 3 });
    await change('PUT', '/v1/policy/users/B', { weight: 3 });
    const { json } = await change('PUT', '/v1/policy/users/A', { cap: 4 });
    expect(json.what).toBe('A: cap 4, no weight');
    expect(json.warnings).toEqual([expect.stringContaining('no queue is there whose user matches "A"')]);
    expect((await list()).rules.map(({ name, limits }) => [name, Object.keys(limits)])).toEqual([
      ['A', ['cap']],
      ['B', ['weight']],
    ]);
  });

  it('of a glob or a tenant counts for those that it matches, and a more exact one beats it', async () => {
    await change('PUT', '/v1/policy/users/team-*', { weight: 2, cap: 5 });
    await change('PUT', '/v1/policy/users/team-red', { weight: 3 });
    await change('PUT', '/v1/policy/tenants/team-red', { weight: 4 });
    expect((await get('/v1/policy/users/team-red')).json).toMatchObject({
      rule: { weight: 3 },
      inForce: { weight: { value: 3, passedOver: ['team-*'] }, cap: { rule: 'team-*' } },
    });
    expect((await get('/v1/policy/users/team-blue')).json).toMatchObject({
      rule: null,
      inForce: { weight: { value: 2, rule: 'team-*' } },
    });
    expect((await get('/v1/policy/tenants/team-red')).json).toMatchObject({
      of: 'tenant',
      inForce: { weight: { value: 4 } },
    });
    expect(await show('--tenant', 'team-red')).toMatchObject({ inForce: { weight: { value: 4 } } });
  });

  it('is taken back whole; what is not there is not taken back', async () => {
    await change('PUT', '/v1/policy/users/A', { weight: 2, cap: 3 });
    expect((await change('DELETE', '/v1/policy/users/A')).json.what).toBe('A: no weight, no cap any more');
    expect((await list()).rules).toEqual([]);
    const again = await change('DELETE', '/v1/policy/users/A');
    const { stderr } = await fairq(env, 'policy', 'unset', 'A');
    expect(slug(again)).toBe('404 not-set');
    expect(stderr).toContain(String(again.json.detail).slice(0, -1));
  });

  it('may have a name of any characters', async () => {
    const names = fc.sample(
      hostileName.filter((name) => name.isWellFormed()),
      { numRuns: 3, seed: 3 },
    );
    for (const name of [...names, 'a/b:pause', '..', '100%', '__proto__', 'x:resume']) {
      const path = `/v1/policy/users/${name === '..' ? '%2e%2e%2f' : encodeURIComponent(name)}`;
      const { status, json, text } = await change('PUT', path, { weight: 2 });
      expect(status, text).toBe(200);
      const whose = name === '..' ? '../' : name;
      expect(json.changes).toMatchObject([{ name: whose }]);
      expect((await get(path)).json).toMatchObject({ name: whose, rule: { weight: 2 } });
      if (!name.includes(':')) continue;
      expect((await change('POST', `${path}:pause`, {})).json.what).toBe(`${name}: paused`);
    }
  });
});

describe('a pause', () => {
  it('tells what still runs; nothing of the user starts after the answer, until it is resumed', async () => {
    const opened = folder.file('opened');
    for (let i = 0; i < 4; i++) await sendTask(serving, 'slow', 'until', opened);
    await eventually(async () => (await running()) === 2, {
      timeoutMs: WAIT_MS,
      what: 'both slots to be taken',
    });
    const paused = await change('POST', '/v1/policy/users/slow:pause', { for: '30m', reason: 'noise' });
    expect(paused.status, paused.text).toBe(200);
    const still = { user: 'slow', worker: 'w1', startedAt: expect.stringMatching(/Z$/) };
    expect(paused.json).toMatchObject({
      reason: 'noise',
      workers: [{ name: 'w1' }],
      stillRunning: [still, still],
    });
    await writeFile(opened, '');
    await eventually(async () => (await running()) === 0, { timeoutMs: WAIT_MS, what: 'what ran to end' });
    // Another user's tasks run meanwhile.
    const quick = await ask(serving, '/v1/tasks', {
      user: 'quick',
      headers: { prefer: 'wait=30' },
      body: { task: 'echo', payload: 'done' },
    });
    expect(quick.json.result).toBe('done');
    expect(await vhost.ready('fairq.user.slow')).toBe(2);
    expect((await change('POST', '/v1/policy/users/slow:resume', {})).json.what).toBe(
      'slow: no longer paused',
    );
    await eventually(async () => (await vhost.ready('fairq.user.slow')) === 0, {
      timeoutMs: WAIT_MS,
      what: 'slow to be done',
    });
  });

  it('keeps what is set beside it, and is resumed alone', async () => {
    await change('PUT', '/v1/policy/users/A', { weight: 2 });
    await change('POST', '/v1/policy/users/A:pause', { until: '2199-01-01T00:00:00Z' });
    expect((await get('/v1/policy/users/A')).json.rule).toEqual({
      weight: 2,
      paused: { value: true, until: expect.any(String) },
    });
    await change('POST', '/v1/policy/users/A:resume', {});
    expect((await get('/v1/policy/users/A')).json.rule).toEqual({ weight: 2 });
  });

  it('by another rule goes on, so nothing is taken for resumed', async () => {
    await change('POST', '/v1/policy/users/team-*:pause', {});
    const resumed = await change('POST', '/v1/policy/users/team-red:resume', {});
    expect(slug(resumed)).toBe('409 paused-by-rule');
    expect(resumed.json.detail).toContain('team-red is paused by the rule "team-*"; nothing was changed');
  });
});

async function running(): Promise<number> {
  const { tasks } = await fairqJson<{ tasks: { user: string }[] }>(env, 'tasks', '--running');
  return tasks.filter(({ user }) => user === 'slow').length;
}

describe('the policy', () => {
  it('has a revision as its ETag, and is not sent again to whoever has it', async () => {
    await change('PUT', '/v1/policy/users/A', { weight: 2 });
    const { headers, json } = await get('/v1/policy');
    expect(json).toMatchObject({
      by: 'boss',
      rules: [{ of: 'user', name: 'A', limits: { weight: { value: 2 } } }],
    });
    const etag = headers.get('etag')!;
    expect(etag).toBe(`"${json.revision}"`);
    for (const tag of [etag, `W/${etag}`, `"0", ${etag}`]) {
      const same = await get('/v1/policy', { headers: { 'if-none-match': tag } });
      expect([same.status, same.text]).toEqual([304, '']);
    }
    expect((await get('/v1/policy', { headers: { 'if-none-match': '"0"' } })).status).toBe(200);
  });

  it('is sent again where something of a rule has ended, and the rule has not', async () => {
    const until = new Date(Date.now() + 10_000).toISOString();
    await change('PUT', '/v1/policy/users/A', { weight: 2, cap: { value: 3, until } });
    const etag = (await get('/v1/policy')).headers.get('etag')!;
    const limits = ({ json }: HttpAnswer) => Object.keys((json as unknown as PolicyList).rules[0]!.limits);
    await eventually(async () => !limits(await get('/v1/policy')).includes('cap'), {
      timeoutMs: WAIT_MS,
      what: 'the cap to end',
    });
    const again = await get('/v1/policy', { headers: { 'if-none-match': etag } });
    expect([again.status, limits(again)]).toEqual([200, ['weight']]);
  });

  it('is known to every server at once, and changed through any of them', async () => {
    const other = await startServing(env);
    try {
      const { json } = await change('PUT', '/v1/policy/users/A', { weight: 2 }, '*', other);
      const seen = await eventually(
        async () => {
          const answer = await get('/v1/policy');
          return answer.json.revision === json.revision && answer;
        },
        { timeoutMs: WAIT_MS, what: 'the other server to hear of it' },
      );
      expect(
        (await change('PUT', '/v1/policy/users/A', { weight: 3 }, seen.headers.get('etag')!)).status,
      ).toBe(200);
    } finally {
      other.process.signal('SIGTERM');
      await other.process.ended;
    }
  });

  it('has the history of the commands', async () => {
    await fairqJson(env, 'policy', 'set', 'A', '--weight', '2', '--by', 'ann', '--reason', 'noise');
    await change('DELETE', '/v1/policy/users/A?reason=quiet');
    const { json } = await get('/v1/policy/history?limit=2');
    expect(json.changes).toMatchObject([
      { by: 'ann', what: 'A: weight 2', reason: 'noise', rules: [{ name: 'A' }] },
      { by: 'boss', what: 'A: no weight any more', reason: 'quiet', rules: [] },
    ]);
    const said = await fairqJson<PolicyHistory>(env, 'policy', 'history', '--limit', '2');
    expect((json.changes as { at: string }[]).map(({ at }) => Date.parse(at))).toEqual(
      said.changes.map(({ at }) => at),
    );
    expect(json.hidden).toBe(said.hidden);
  });
});

describe('a change', () => {
  it('says what it was made from', async () => {
    const { status, json } = await get('/v1/policy/users/A', { method: 'PUT', body: { weight: 2 } });
    expect([status, json.type]).toEqual([428, 'urn:fairq:problem:precondition-required']);
    expect((await get('/v1/policy/users/A', { method: 'DELETE' })).status).toBe(428);
    expect((await get('/v1/policy/users/A:pause', { body: {} })).status).toBe(428);
    expect((await get('/v1/policy/users/A:resume', { body: {} })).status).toBe(428);
    expect(slug(await change('PUT', '/v1/policy/users/A', { weight: 2 }, 'seven'))).toBe('400 bad-etag');
    expect((await list()).rules).toEqual([]);
  });

  it('of one who was overtaken says what has changed meanwhile, as the command does', async () => {
    const etag = (await get('/v1/policy')).headers.get('etag')!;
    await fairqJson(env, 'policy', 'set', 'A', '--cap', '7', '--by', 'ann');
    const overtaken = await change('PUT', '/v1/policy/users/A', { weight: 2 }, etag);
    expect(slug(overtaken)).toBe('412 policy-overtaken');
    expect(overtaken.json.detail).toContain('ann has changed it meanwhile (A: cap 7); nothing was changed');
    expect((await get('/v1/policy/users/A')).json.rule).toEqual({ cap: 7 });
  });

  it('of many at once loses nothing of anybody', async () => {
    const users = ['A', 'B', 'C', 'D'];
    const answers = await Promise.all(
      users.map((user) => change('PUT', `/v1/policy/users/${user}`, { weight: 2 })),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect((await list()).rules.map(({ name }) => name).sort()).toEqual(users);
  });

  it('that makes no sense is refused in the words of a policy file, and changes nothing', async () => {
    const before = (await list()).revision;
    const wrong: [object | string, string][] = [
      [{ cap: 0 }, 'users."A".cap: a cap of 0 is a pause: write paused = true; nothing was changed.'],
      [{ weight: -1 }, 'users."A".weight: a weight is a number from 0.001 to 1000'],
      [{ weight: 'much' }, 'users."A".weight: a weight is a number'],
      [{ rate: '0/s' }, 'users."A".rate: a rate is a text such as "100/s"'],
      [{ weight: { value: 2, until: '2001-01-01T00:00:00Z' } }, '2001-01-01T00:00:00Z is in the past'],
      [{ wieght: 2 }, 'users."A".wieght: there are weight, cap, rate, paused, backlog only'],
      [{}, 'users."A": nothing is set'],
      ['[]', 'users."A": this is no table'],
      ['null', 'users."A": this is no table'],
    ];
    for (const [body, detail] of wrong) {
      const answer = await change('PUT', '/v1/policy/users/A', body);
      expect(slug(answer), answer.text).toBe('400 bad-policy');
      expect(answer.json.detail).toContain(detail);
    }
    expect(slug(await change('POST', '/v1/policy/users/A:pause', { for: '0s' }))).toBe('400 bad-policy');
    expect(slug(await change('POST', '/v1/policy/users/A:pause', { for: 'ever' }))).toBe('400 bad-request');
    const twice = { for: '1h', until: '2199-01-01T00:00:00Z' };
    expect(slug(await change('POST', '/v1/policy/users/A:pause', twice))).toBe('400 bad-request');
    expect(slug(await change('PUT', `/v1/policy/users/${'x'.repeat(256)}`, { weight: 2 }))).toBe(
      '400 bad-policy',
    );
    expect(slug(await change('PUT', '/v1/policy/tenants/acme', { backlog: 5 }))).toBe('400 bad-policy');
    expect((await list()).revision).toBe(before);
  });

  it('is set, and named with the workers that are late, where they do not answer in time', async () => {
    const frozen = new RunningFairq(['worker', '--name', 'frozen'], env);
    await frozen.says(/ready/);
    frozen.signal('SIGSTOP');
    try {
      let weight = 1;
      const put = () =>
        ask(serving, '/v1/policy/users/A', {
          user: 'boss',
          method: 'PUT',
          headers: { 'if-match': '*', prefer: 'wait=1' },
          body: { weight: ++weight },
        });
      // That the worker is connected is known to the broker's list some seconds later.
      const answer = await eventually(
        async () => {
          const one = await put();
          return one.status === 202 && one;
        },
        { timeoutMs: WAIT_MS, what: 'the frozen worker to be late' },
      );
      expect(answer.json).toMatchObject({ changed: true, late: [{ name: 'frozen' }] });
      expect((await get('/v1/policy/users/A')).json.rule).toEqual({ weight });
    } finally {
      frozen.signal('SIGKILL');
      await frozen.ended;
    }
  });
});

describe('who may', () => {
  const { server, as: roles } = useGuardedServing(env, folder);

  it('change is an operator alone, and a viewer may look', async () => {
    const as = (role: keyof RoleHeaders, method: string, path: string, body?: object) =>
      ask(server, path, {
        method,
        headers: { ...roles[role], 'if-match': '*' },
        ...(body !== undefined && { body }),
      }).then(({ status }) => status);
    for (const of of ['users', 'tenants']) {
      const changes: [string, string, object?][] = [
        ['PUT', `/v1/policy/${of}/A`, { weight: 2 }],
        ['POST', `/v1/policy/${of}/A:pause`, {}],
        ['POST', `/v1/policy/${of}/A:resume`, {}],
        ['DELETE', `/v1/policy/${of}/A`],
      ];
      for (const change of changes) {
        expect(await as('viewer', ...change), String(change)).toBe(403);
        expect(await as('user', ...change), String(change)).toBe(403);
        expect(await as('operator', ...change), String(change)).toBe(200);
      }
      for (const path of [`/v1/policy/${of}/A`, '/v1/policy', '/v1/policy/history']) {
        expect([await as('viewer', 'GET', path), await as('user', 'GET', path)]).toEqual([200, 403]);
      }
    }
  });

  it('know why a user waits is a viewer, and the user itself without the names of others', async () => {
    await change('POST', '/v1/policy/users/us*:pause', { reason: 'a secret' });
    // The names of roles are those of their users.
    await sendTask(serving, 'user', 'echo');
    const as = (role: keyof RoleHeaders, user: string) =>
      ask(server, `/v1/users/${user}/explain`, { headers: roles[role] });
    const seen = await eventually(
      async () => {
        const answer = await as('viewer', 'user');
        const { reasons, workers } = answer.json as { reasons: { why: string }[]; workers: string[] };
        // A worker of a busy machine answers late, and is not among those that answered then.
        return reasons[0]?.why === 'paused' && workers.includes('w1') && answer;
      },
      { timeoutMs: WAIT_MS, what: 'the pause to be the reason, and the worker to answer' },
    );
    expect(seen.json).toMatchObject({
      user: 'user',
      waiting: 1,
      reasons: [
        { why: 'paused', by: 'boss', rule: 'us*', said: 'a secret', since: expect.stringMatching(/Z$/) },
      ],
      workers: expect.arrayContaining(['w1']),
    });
    const own = await as('user', 'user');
    expect(own.json).toMatchObject({ user: 'user', waiting: 1, reasons: [{ why: 'paused', running: 0 }] });
    expect(own.text).not.toMatch(/boss|us\*|secret|w1/);
    expect([(await as('user', 'slow')).status, (await as('viewer', 'slow')).status]).toEqual([404, 200]);
  });
});
