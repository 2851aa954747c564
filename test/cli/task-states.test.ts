import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { TaskState } from '../../src/core/events/task-state.js';
import { eventually } from '../support/eventually.js';
import { fairq, fairqJson, fairqPartly, jsonLines } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import { useResults } from '../support/results.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const folder = useFolder();
const { env } = vhost;
const { withWorker, publish, stateOf, send } = useResults(vhost);

describe('task ID', () => {
  it('says whose a task is that waits, though a file had tasks of several users', async () => {
    const file = folder.file('of-several.ndjson');
    const tasks = [
      { user: 'A', task: 'mail' },
      { user: 'B', task: 'reports:render' },
      { user: 'C', id: 'own-id' },
    ];
    await writeFile(file, tasks.map((task) => JSON.stringify(task)).join('\n'));
    const before = Date.now() * 1_000;
    await fairqJson(env, 'publish', '--from', file, '--run', 'several', '--task', 'echo');
    const waiting = await vhost.channel.get('reports');
    if (waiting === false) throw new Error('nothing waits in "reports"');
    const id = String(waiting.properties.messageId);
    vhost.channel.nack(waiting);
    const b = await stateOf(id);
    expect(b).toMatchObject({ state: 'queued', user: 'B', run: 'several', queue: 'reports' });
    const c = await fairqJson<{ sent: number; enqueued: number }>(env, 'task', 'own-id');
    expect(c).toMatchObject({
      state: 'queued',
      user: 'C',
      task: 'echo',
      run: 'several',
      queue: 'fairq.user.C',
    });
    // Microseconds since the epoch, within what clocks of one machine differ.
    expect(c.sent).toBeGreaterThan(before - 1_000_000);
    expect(c.sent).toBe(c.enqueued);
    const { stdout } = await fairq(env, 'task', 'own-id');
    expect(stdout).toMatch(/^queue +fairq.user.C$/m);
    // Nothing here runs "mail" and "render".
    await fairqPartly(env, 'worker', '--also', 'reports', '--exit-when', 'empty');
    expect(await stateOf(id)).toMatchObject({ user: 'B', queue: 'reports', run: 'several' });
  });

  it('is queued until a worker starts it, started while it runs, then done; to any process', async () => {
    const sleep = ['--task', 'sleep', '--duration', '8s'];
    const { id } = await fairqJson<{ id: string }>(env, 'publish', '--user', 'A', ...sleep);
    const queued = await stateOf(id);
    expect(queued).toMatchObject({ kind: 'task', id, state: 'queued', user: 'A', task: 'sleep' });
    expect(queued).toMatchObject({
      run: expect.any(String),
      queue: 'fairq.user.A',
      sent: expect.any(Number),
    });
    await withWorker(['--name', 'w1'], async () => {
      const started = await eventually(
        async () => {
          const state = await stateOf(id);
          return state.state !== 'queued' && state;
        },
        { timeoutMs: 60_000, what: 'the start' },
      );
      expect(started).toMatchObject({ state: 'started', worker: 'w1', user: 'A', attempt: 1 });
      const { code, stdout } = await fairq(env, 'task', id, '--follow');
      expect(code).toBe(0);
      expect(stdout).toMatch(/^started, runs since .* at w1\n/);
      expect(stdout).toMatch(/state +done/);
    });
    const both = await Promise.all([stateOf(id), stateOf(id)]);
    expect(both[0]).toMatchObject({ state: 'done', worker: 'w1' });
    expect(both[1]).toEqual(both[0]);
  });

  it('is retrying while it waits for its next attempt, and says when; then failed, and why', async () => {
    await send({ id: 'again', task: 'fail', payload: 'no luck' });
    await withWorker(['--backoff', '8s', '--max-attempts', '2'], async () => {
      const waiting = await eventually(
        async () => {
          const state = await stateOf('again');
          return state.state === 'retrying' && state;
        },
        { timeoutMs: 60_000, what: 'the first failure' },
      );
      expect(waiting).toMatchObject({ attempt: 1, error: 'no luck' });
      expect(waiting.retryAt).toBe(waiting.finished! + 8_000_000);
      const { code, stdout } = await fairq(env, '--json', 'task', 'again', '--follow');
      expect(code).toBe(3);
      expect(jsonLines<TaskState>(stdout).at(-1)).toMatchObject({
        state: 'failed',
        attempt: 2,
        error: 'no luck',
      });
    });
    expect((await fairq(env, 'task', 'again')).stdout).toMatch(/reason +no luck/);
  });

  it('is unknown where nobody has heard of it, and that ends with 64', async () => {
    for (const id of ['01932a7c-8a3e-7c00-9f3a-2f6d1c0b7e55', 'nonsense', '\u001b[31m"']) {
      const { code, stdout, stderr } = await fairq(env, '--json', 'task', id);
      expect(code).toBe(64);
      expect(JSON.parse(stdout)).toMatchObject({ state: 'unknown', id });
      expect(stderr).toContain('nobody has heard of a task');
      expect(stderr).not.toContain('\u001b');
    }
    const short = await fairq(env, 'task', '01932a7c-8a3e');
    expect(short.code).toBe(64);
    expect(short.stderr).toContain('too short: it has 13 characters, and those that fairq makes have 36');
    expect((await fairq(env, 'task', '')).code).toBe(64);
    expect((await fairq(env, 'task', 'x'.repeat(256))).code).toBe(64);
    expect((await fairq(env, '--prefix', 'elsewhere', 'task', 'nonsense')).stderr).toContain(
      'no stream "elsewhere.events"',
    );
  });

  it('of an id that was sent twice is what became of it last', async () => {
    const file = folder.file('twice.ndjson');
    const line = (payload: string) => JSON.stringify({ id: 'twice', user: 'A', task: 'echo', payload });
    await writeFile(file, `${line('1')}\n${line('2')}`);
    const refused = await fairq(env, 'publish', '--from', file);
    expect(refused.code).toBe(64);
    expect(refused.stderr).toContain('line 2: the id is that of line 1; nothing was sent');
    for (const payload of ['first', 'second']) {
      await send({ id: 'twice', task: 'echo', payload });
      await fairqJson(env, 'worker', '--exit-when', 'empty');
      expect(await stateOf('twice')).toMatchObject({ state: 'done', result: payload });
    }
  });

  it('of an id that another run has had, and that ends meanwhile, is not taken for this one', async () => {
    const file = folder.file('twice.ndjson');
    const double = async (run: string, input: number, durationMs: number, ...flags: string[]) => {
      const task = { id: 'order', user: 'A', task: 'double', payload: { input, durationMs } };
      await writeFile(file, JSON.stringify(task));
      return publish('--json', '--from', file, '--run', run, ...flags);
    };
    await withWorker([], async () => {
      await double('one', 1, 1_500);
      const { lines } = await double('two', 2, 3_000, '--wait');
      expect(lines[0]).toMatchObject({ state: 'done', run: 'two', result: 4 });
    });
    expect(await stateOf('order')).toMatchObject({ state: 'done', run: 'two', result: 4 });
  });

  it('that is a dead letter and is sent back is started anew', async () => {
    await send({ id: 'dead', task: 'fail', payload: 'x' });
    await fairqPartly(env, 'worker', '--exit-when', 'empty', '--max-attempts', '1');
    expect(await stateOf('dead')).toMatchObject({ state: 'failed', attempt: 1 });
    await fairqJson(env, 'dead', 'redrive', '--id', 'dead', '--yes');
    expect(await stateOf('dead')).toMatchObject({ state: 'queued', user: 'A' });
    await fairqPartly(env, 'worker', '--exit-when', 'empty', '--max-attempts', '1');
    expect(await stateOf('dead')).toMatchObject({ state: 'failed', attempt: 2 });
  });
});
