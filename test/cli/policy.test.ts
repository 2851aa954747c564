import { writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import type { PolicyChangeReport, PolicyHistory, PolicyList } from '../../src/core/reports/policy-report.js';
import { fairq, fairqJson } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const folder = useFolder();
const { env } = vhost;

const policy = (...args: string[]) => fairqJson<PolicyChangeReport>(env, 'policy', ...args);
const list = async () => fairqJson<PolicyList>(env, 'policy', 'list');

afterEach(async () => {
  await vhost.channel.deleteQueue('fairq.policy');
});

describe('a policy', () => {
  it('is empty before anything was set', async () => {
    expect(await list()).toMatchObject({ revision: 0, rules: [] });
    expect((await fairq(env, 'policy', 'list')).stdout).toContain('Nothing is set');
    expect((await fairq(env, 'policy', 'export')).stdout).toContain('# Nothing is set.');
    expect((await fairq(env, 'policy', 'history')).stdout).toContain('Nothing was ever set');
  });

  it('keeps what is set beside, and tells what counts for whom, and why', async () => {
    await policy('set', 'team-*', '--cap', '5', '--cap-when-busy', '--weight', '2', '--by', 'ann');
    await policy('set', 'team-red', '--weight', '3', '--reason', 'they pay', '--for', '2h');
    await policy('set', 'team-red', '--rate', '100/m', '--burst', '20');
    const { stdout } = await fairq(env, 'policy', 'show', 'team-red');
    expect(stdout).toMatch(/weight 3 +team-red +\d{4}-\S+/);
    expect(stdout).toMatch(/cap 5 when busy +team-\* +- +ann/);
    expect(stdout).toMatch(/rate 100\/m, at most 20 at once +team-red/);
    expect(await fairqJson(env, 'policy', 'show', 'team-red')).toMatchObject({
      kind: 'policy-for',
      revision: 3,
      inForce: { weight: { value: 3, reason: 'they pay', passedOver: ['team-*'] }, cap: { rule: 'team-*' } },
    });
    expect((await fairq(env, 'policy', 'show', 'B')).stdout).toContain('Nothing is set for B');
    expect((await fairq(env, 'policy', 'list')).stdout).toContain('2 rules. Revision 3');
  });

  it('is taken back whole, or only what is named, and a rule that sets nothing is refused', async () => {
    await policy('set', 'A', '--weight', '2', '--cap', '3');
    expect(await policy('unset', 'A', '--cap')).toMatchObject({ what: 'A: no cap any more' });
    expect((await list()).rules).toMatchObject([{ name: 'A', limits: { weight: { value: 2 } } }]);
    await policy('unset', 'A');
    expect((await list()).rules).toEqual([]);
    expect(await fairq(env, 'policy', 'unset', 'A')).toMatchObject({ code: 64 });
  });

  it('of a tenant is told from that of a user with its name', async () => {
    await policy('set', '--tenant', 'acme', '--weight', '2');
    expect(await fairqJson(env, 'policy', 'show', 'acme')).toMatchObject({ inForce: {} });
    expect(await fairqJson(env, 'policy', 'show', '--tenant', 'acme')).toMatchObject({
      inForce: { weight: { value: 2 } },
    });
  });

  it('has a history of who did what, and what is so already makes no revision', async () => {
    await policy('set', 'A', '--weight', '2', '--by', 'ann', '--reason', 'noise');
    expect(await policy('set', 'A', '--weight', '2', '--by', 'bob', '--reason', 'noise')).toMatchObject({
      changed: false,
      revision: 1,
    });
    await policy('unset', 'A', '--by', 'bob');
    const history = await fairqJson<PolicyHistory>(env, 'policy', 'history');
    expect(history.changes.map(({ revision, by, what, reason }) => [revision, by, what, reason])).toEqual([
      [1, 'ann', 'A: weight 2', 'noise'],
      [2, 'bob', 'A: no weight any more', null],
    ]);
    expect(await fairqJson(env, 'policy', 'history', '--limit', '1')).toMatchObject({ hidden: 1 });
  });

  it('of two operators at once loses nothing of either, and one who has seen an older one is told what changed', async () => {
    await Promise.all(['A', 'B', 'C', 'D'].map((user) => policy('set', user, '--weight', '2')));
    const { revision, rules } = await list();
    expect([revision, rules.map(({ name }) => name).sort()]).toEqual([4, ['A', 'B', 'C', 'D']]);
    await policy('set', 'A', '--cap', '7', '--by', 'ann');
    const late = await fairq(env, 'policy', 'set', 'A', '--weight', '9', '--revision', '4');
    expect(late.code).toBe(64);
    expect(late.stderr).toContain('at revision 5 and not at 4: ann has changed it meanwhile (A: cap 7)');
    const early = await fairq(env, 'policy', 'set', 'A', '--weight', '9', '--revision', '99');
    expect(early.stderr).toContain('at revision 5, and there is no revision 99 yet');
    expect((await list()).revision).toBe(5);
  });

  it('comes back from a file word for word, and a file says first what it changes', async () => {
    await policy('set', 'odd "one" [x]', '--weight', '0.5', '--reason', 'a "word"', '--for', '3h');
    await policy('set', 'A', '--cap', '5', '--cap-when-busy', '--rate', '5/h', '--backlog', '9');
    await policy('set', '--tenant', 'acme', '--rate', '100/s', '--burst', '7');
    await fairqJson(env, 'pause', 'B');
    const { stdout } = await fairq(env, 'policy', 'export');
    const file = folder.file('policy.toml');
    writeFileSync(file, stdout);
    expect((await fairq(env, 'policy', 'apply', file, '--yes')).stdout).toContain('The policy is what');
    await policy('set', 'A', '--cap', '6');
    await policy('set', 'new', '--weight', '4');
    const dry = await fairq(env, 'policy', 'apply', file, '--dry-run');
    expect(dry.stdout).toContain('- A: cap 6\n+ A: cap 5 when busy\n- new: weight 4');
    expect(await fairq(env, 'policy', 'apply', file)).toMatchObject({ code: 64 });
    expect(await policy('apply', file, '--yes')).toMatchObject({ changed: true, revision: 7 });
    expect((await fairq(env, 'policy', 'export')).stdout).toBe(stdout);
  });
});

describe('what makes no sense', () => {
  it.each([
    [['set', 'A'], 'nothing is to be set'],
    [['set', '--weight', '2'], 'whose policy?'],
    [['set', 'A', '--tenant', 'acme', '--weight', '2'], 'are named'],
    [['set', '', '--weight', '2'], 'is no name of a user'],
    [['set', 'A', '--cap', '0'], 'That is a pause'],
    [['set', 'A', '--cap', '-1'], 'not a whole number'],
    [['set', 'A', '--cap', '1.5'], 'not a whole number'],
    [['set', 'A', '--weight', 'NaN'], 'not a weight'],
    [['set', 'A', '--weight', '-2'], 'not a weight'],
    [['set', 'A', '--weight', '0'], 'fairq pause'],
    [['set', 'A', '--rate', '0/s'], 'not a rate'],
    [['set', 'A', '--rate', '-5/s'], 'not a rate'],
    [['set', 'A', '--rate', 'fast'], 'not a rate'],
    [['set', 'A', '--rate', '5/s', '--burst', '6'], 'above the rate'],
    [['set', 'A', '--burst', '6'], 'needs --rate'],
    [['set', 'A', '--cap-when-busy'], 'needs --cap'],
    [['set', 'A', '--backlog', '0'], 'not a whole number'],
    [['set', 'A', '--weight', '2', '--until', '2020-01-01T00:00:00Z'], 'is in the past'],
    [['set', 'A', '--weight', '2', '--until', 'tomorrow'], 'not a moment'],
    [['set', 'A', '--weight', '2', '--for', '0s'], 'no time to come'],
    [['set', 'A', '--weight', '2', '--for', '1h', '--until', '2099-01-01'], 'exclude each other'],
  ])('is refused: policy %s', async (args, why) => {
    const { code, stderr } = await fairq(env, 'policy', ...args);
    expect([code, stderr]).toEqual([64, expect.stringContaining(why)]);
    expect(await vhost.ready('fairq.policy')).toBeUndefined();
  });

  it.each([
    ['[users.A]\nweight = 0', 'users."A".weight'],
    ['[users.A]\nweight = nan', 'users."A".weight'],
    ['[users.A]\ncap = 0', 'write paused = true'],
    ['[users.A]\nrate = "0/s"', 'users."A".rate'],
    ['[users.A]\nrate = { value = "5/s", burst = 9 }', 'a burst is'],
    ['[users.A]\nweight = { value = 2, until = 2020-01-01T00:00:00Z }', 'is in the past'],
    ['[users.A]\nwait = 2', 'there are weight, cap'],
    ['[users.A]\nweight = { value = 2, when = 1 }', 'no such setting'],
    ['[users.A]', 'nothing is set'],
    ['[people.A]\nweight = 2', 'the tables "users" and "tenants" only'],
    ['[users.A]\nweight =', 'Invalid'],
  ])('is named in a file, of which nothing counts then: %j', async (text, why) => {
    const file = folder.file('bad.toml');
    writeFileSync(file, `[users.Good]\nweight = 2\n${text}\n`);
    const { code, stderr } = await fairq(env, 'policy', 'apply', file, '--yes');
    expect([code, stderr.toLowerCase()]).toEqual([64, expect.stringContaining(why.toLowerCase())]);
    expect(await vhost.ready('fairq.policy')).toBeUndefined();
  });

  it('is passed over where a stranger has written it into the stream', async () => {
    await policy('set', 'A', '--weight', '2');
    for (const text of [
      'nonsense',
      '{"version":1,"revision":9,"rules":[{"of":"user","name":"A","limits":{"cap":{"value":{"tasks":0}}}}]}',
    ]) {
      vhost.channel.sendToQueue('fairq.policy', Buffer.from(text));
    }
    await policy('set', 'B', '--weight', '3');
    expect((await list()).rules.map(({ name }) => name)).toEqual(['A', 'B']);
  });

  it('may be a name that nobody has: it is set, with a warning', async () => {
    const { code, stderr } = await fairq(env, 'policy', 'set', 'nobody-*', '--weight', '2');
    expect([code, stderr]).toEqual([
      0,
      expect.stringContaining('no queue is there whose user matches "nobody-*"'),
    ]);
  });
});
