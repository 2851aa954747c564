import { beforeEach, describe, expect, it } from 'vitest';
import type { RunReport } from '../../src/core/reports/run-report.js';
import { fairq, fairqJson, fairqPartly } from '../support/fairq.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const { env } = vhost;

interface DeadList {
  total: number;
  letters: { id: string; user: string; reason: string; attempts: number; run: string; lastEndAt: number }[];
}

async function dead(...flags: string[]): Promise<DeadList> {
  return fairqJson<DeadList>(env, 'dead', 'list', ...flags);
}

let test = 0;
const runOf = (user: string) => `run-${user}-${test}`;

/** A: 3 with the reason "no disk", B: 2 with "no luck". */
beforeEach(async () => {
  test++;
  await fairqJson(env, 'worker', '--exit-when', 'empty', '--max-attempts', '1');
  await vhost.channel.purgeQueue('fairq.dead');
  for (const [user, count, reason] of [
    ['A', '3', 'no disk'],
    ['B', '2', 'no luck'],
  ] as const) {
    const task = ['--task', 'fail', '--payload', reason];
    await fairqJson(env, 'publish', '--user', user, '--count', count, '--run', runOf(user), ...task);
  }
  await fairqPartly(env, 'worker', '--exit-when', 'empty', '--max-attempts', '1');
});

describe('dead list', () => {
  it('names them, all or some, and leaves them where they are', async () => {
    expect(await dead()).toMatchObject({ total: 5, letters: Array(5).fill({ attempts: 1 }) });
    expect((await dead('--user', 'A')).letters.map(({ reason }) => reason)).toEqual(Array(3).fill('no disk'));
    expect((await dead('--run', 'run-*', '--reason', 'LUCK')).letters).toHaveLength(2);
    expect((await dead('--user', 'nobody')).letters).toEqual([]);
    const times = (await dead()).letters.map(({ lastEndAt }) => lastEndAt);
    expect(times, 'the newest first').toEqual(times.toSorted((a, b) => b - a));
    const [first] = (await dead()).letters;
    expect((await dead('--id', first!.id)).letters).toEqual([first]);
    const { stdout } = await fairq(env, 'dead', 'list', '--limit', '1');
    expect(stdout).toContain('no disk');
    expect(stdout).toContain('5 dead letters; 4 more not shown');
    expect(await vhost.ready('fairq.dead')).toBe(5);
  });
});

describe('dead list --by', () => {
  it('says how many of whose there are, and why', async () => {
    const { groups } = await fairqJson<{ groups: object[] }>(env, 'dead', 'list', '--by', 'user,reason');
    expect(groups).toMatchObject([
      { of: { user: 'A', reason: 'no disk' }, letters: 3 },
      { of: { user: 'B', reason: 'no luck' }, letters: 2 },
    ]);
    const { stdout } = await fairq(env, 'dead', 'list', '--by', 'user,reason', '--limit', '1');
    expect(stdout).toMatch(/^A +no disk +3 /m);
    expect(stdout).not.toContain('no luck');
    expect(stdout).toContain('5 dead letters; 1 more rows not shown');
    expect(await fairq(env, 'dead', 'list', '--by', 'colour')).toMatchObject({ code: 64 });
  });

  it('is about those that are chosen', async () => {
    const flags = ['--by', 'reason', '--user', 'B'];
    const found = await fairqJson<object>(env, 'dead', 'list', ...flags);
    expect(found).toMatchObject({ total: 5, chosen: 2, groups: [{ letters: 2 }] });
  });
});

describe('a dead letter by the start of its id', () => {
  it('is shown and thrown away where no other starts so, and 64 where there is none or are several', async () => {
    const letters = (await dead()).letters;
    const id = letters[0]!.id;
    // Ids of one publisher differ in the time alone, which their start is: two of them share most of it.
    const start = id.slice(0, 19);
    const alike = letters.filter((letter) => letter.id.startsWith(start)).length;
    expect(alike).toBe(1);
    expect((await fairq(env, 'dead', 'show', start)).stdout).toContain(id);
    const several = await fairq(env, 'dead', 'show', id.slice(0, 3));
    expect(several).toMatchObject({ code: 64 });
    expect(several.stderr).toContain('5 start so');
    for (const command of [['list'], ['redrive', '--yes'], ['discard', '--yes']]) {
      const none = await fairq(env, 'dead', ...command, '--id', 'unheard-of');
      expect(none.stderr).toContain('there is no dead letter with the id "unheard-of"');
      expect(none.code).toBe(64);
    }
    expect(await fairqJson(env, 'dead', 'discard', '--id', start, '--yes')).toMatchObject({ done: 1 });
    expect((await dead()).letters.map((letter) => letter.id)).toEqual(
      letters.slice(1).map((letter) => letter.id),
    );
  });
});

describe('dead show', () => {
  it('shows one with its payload', async () => {
    const { id } = (await dead('--user', 'B')).letters[0]!;
    const { stdout } = await fairq(env, 'dead', 'show', id);
    expect(stdout).toContain('no luck');
    expect(stdout).toContain('fairq.user.B');
    const missing = await fairq(env, 'dead', 'show', 'unheard-of');
    expect(missing.code).toBe(64);
    expect(missing.stderr).toContain('no dead letter with the id');
  });
});

describe('dead redrive', () => {
  it('shows what it would do, and does not do it without a yes', async () => {
    const plan = await fairq(env, 'dead', 'redrive', '--user', 'A', '--dry-run');
    expect(plan.stdout).toContain('3 of 5 dead letters, of 1 user');
    const refused = await fairq(env, 'dead', 'redrive', '--user', 'A');
    expect(refused.code).toBe(64);
    expect(refused.stderr).toContain('--yes');
    expect((await fairq(env, 'dead', 'redrive', '--yes')).code).toBe(64);
    expect((await fairq(env, 'dead', 'redrive', '--all', '--user', 'A', '--yes')).code).toBe(64);
    expect((await dead()).total).toBe(5);
  });

  it('sends them back to their users, with all their attempts to come', async () => {
    await vhost.channel.deleteQueue('fairq.user.A');
    expect(await fairqJson(env, 'dead', 'redrive', '--user', 'A', '--yes')).toMatchObject({
      chosen: 3,
      done: 3,
    });
    expect(await vhost.ready('fairq.user.A')).toBe(3);
    expect((await dead()).letters.map(({ user }) => user)).toEqual(['B', 'B']);
    const worked = await fairqPartly(
      env,
      'worker',
      '--exit-when',
      'empty',
      '--max-attempts',
      '2',
      '--backoff',
      '10ms',
    );
    expect(worked).toMatchObject({ retried: 3, failed: 3 });
    expect((await dead('--user', 'A')).letters.map(({ attempts }) => attempts)).toEqual([3, 3, 3]);
    const report = await fairqJson<RunReport>(env, 'report', '--run', runOf('A'));
    expect(report).toMatchObject({ completed: 3, failed: 3, duplicates: 0, missing: 0 });
  });
});

describe('dead redrive of a task from a queue that fairq did not make', () => {
  it('sends it back there, and keeps the letter where that queue is gone', async () => {
    for (const queue of ['theirs_1', 'theirs_2']) {
      await vhost.channel.assertQueue(queue, { durable: true });
      vhost.channel.sendToQueue(queue, Buffer.from('no paper'), { type: 'fail', messageId: queue });
    }
    const flags = ['--queues', 'theirs_*', '--max-attempts', '1'];
    expect(await fairqPartly(env, 'worker', ...flags, '--count', '2')).toMatchObject({ failed: 2 });
    await vhost.channel.deleteQueue('theirs_2');
    const { code, stdout } = await fairq(env, '--json', 'dead', 'redrive', '--reason', 'paper', '--yes');
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({
      chosen: 2,
      done: 1,
      kept: [{ id: 'theirs_2', reason: 'its queue "theirs_2" is no longer there' }],
    });
    expect((await dead('--reason', 'paper')).letters.map(({ id }) => id)).toEqual(['theirs_2']);
    const back = await vhost.channel.get('theirs_1', { noAck: true });
    expect(back).toMatchObject({ properties: { messageId: 'theirs_1', type: 'fail' } });
    await fairqJson(env, 'dead', 'discard', '--reason', 'paper', '--yes');
  });
});

describe('dead discard', () => {
  it('throws away what is chosen, and nothing else', async () => {
    expect(await fairqJson(env, 'dead', 'discard', '--reason', 'disk', '--yes')).toMatchObject({ done: 3 });
    expect((await dead()).letters.map(({ user }) => user)).toEqual(['B', 'B']);
    expect(await fairqJson(env, 'dead', 'discard', '--all', '--yes')).toMatchObject({ done: 2 });
    expect((await fairq(env, 'dead', 'list')).stdout).toContain('No dead letters');
  });
});
