import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { FairqHere, fairq, fairqJson, jsonLines, RunningFairq } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import { type Line, useResults } from '../support/results.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const folder = useFolder();
const { env } = vhost;
const { withWorker, publish, stateOf, send } = useResults(vhost);

const MODULE = `
export const object = () => ({ pages: [1, null, 'x'] });
export const nothing = () => undefined;
export const bigint = () => 10n;
export const method = () => () => 1;
export const huge = () => 'x'.repeat(70000);
export const bytes = () => Buffer.from([255, 0, 1]);
export const text = () => Buffer.from('grün');
export const round = () => { const it = {}; it.self = it; return it; };
export const picky = (_, { attempt }) => { if (attempt < 3) throw new Error('not yet'); return attempt; };
`;

describe('publish --wait', () => {
  it('prints each result as it comes, and ends well when all are done', async () => {
    await withWorker([], async () => {
      const double = ['--task', 'double', '--payload', '{"input":21,"durationMs":20}', '--wait'];
      const { code, lines, stderr } = await publish('--user', 'A', '--count', '3', ...double);
      expect(code).toBe(0);
      expect(lines).toHaveLength(3);
      for (const line of lines) {
        expect(line).toMatchObject({ kind: 'result', task: 'double', user: 'A', state: 'done', result: 42 });
      }
      expect(new Set(lines.map(({ id }) => id)).size).toBe(3);
      expect(stderr).toContain('3 done, 0 failed');
    });
  });

  it('with --json ends with the report of what was sent', async () => {
    await withWorker([], async () => {
      const echo = ['--task', 'echo', '--payload', '{"page":3}', '--wait', '--json'];
      const { lines } = await publish('--user', 'A', ...echo);
      expect(lines).toMatchObject([
        { kind: 'result', result: { page: 3 } },
        { kind: 'publish', confirmed: 1, results: { done: 1, failed: 0, unfinished: 0 } },
      ]);
    });
  });

  it('says why tasks failed, once they have failed for good, and ends with 3', async () => {
    await withWorker(['--backoff', '10ms', '--max-attempts', '2'], async () => {
      const { code, lines } = await publish(
        '--user',
        'A',
        '--task',
        'fail',
        '--payload',
        'no disk',
        '--wait',
      );
      expect(code).toBe(3);
      expect(lines).toMatchObject([{ state: 'failed', error: 'no disk', attempt: 2 }]);
    });
  });

  it('waits for the attempt that succeeds', async () => {
    const module = folder.file('tasks.mjs');
    await writeFile(module, MODULE);
    await withWorker(['--handler', module, '--backoff', '10ms'], async () => {
      const { code, lines } = await publish('--user', 'A', '--task', 'picky', '--wait');
      expect(code).toBe(0);
      expect(lines).toMatchObject([{ state: 'done', attempt: 3, result: 3 }]);
    });
  });

  it('waits no longer than --timeout, and names what has not ended', async () => {
    const { code, lines, stderr } = await publish(
      '--user',
      'late',
      '--count',
      '2',
      '--wait',
      '--timeout',
      '50ms',
    );
    expect(code).toBe(3);
    expect(lines).toMatchObject([
      { state: 'unfinished', user: 'late' },
      { state: 'unfinished', user: 'late' },
    ]);
    expect(stderr).toContain(`fairq task ${lines[0]?.id}`);
    expect((await fairq(env, 'publish', '--user', 'A', '--timeout', '1s')).code).toBe(64);
    await fairqJson(env, 'worker', '--exit-when', 'empty');
    expect(await stateOf(lines[0]!.id)).toMatchObject({ state: 'done', user: 'late' });
  });

  it('can be interrupted: what came is printed, and the tasks go on', async () => {
    const publisher = new FairqHere(['publish', '--user', 'B', '--count', '2', '--wait'], env);
    await eventually(async () => (await vhost.ready('fairq.user.B')) === 2, {
      timeoutMs: 60_000,
      what: 'both tasks',
    });
    await fairqJson(env, 'worker', '--count', '1');
    await eventually(() => publisher.stdout.includes('\n'), { timeoutMs: 60_000, what: 'the first result' });
    publisher.signal('SIGINT');
    const { code, stdout, stderr } = await publisher.ended;
    expect(code).toBe(130);
    expect(jsonLines<Line>(stdout)).toMatchObject([{ state: 'done' }]);
    expect(stderr).toContain('1 of 2 tasks have not ended yet');
    expect(await fairqJson(env, 'worker', '--exit-when', 'empty')).toMatchObject({ completed: 1 });
  });

  it('prints a result for each task, once, though workers are killed', async () => {
    const task = ['--task', 'double', '--payload', '{"input":1,"durationMs":2}', '--wait'];
    const publisher = new FairqHere(['publish', '--users', '10', '--count', '200', ...task], env);
    const printed = () => jsonLines<Line>(publisher.stdout.slice(0, publisher.stdout.lastIndexOf('\n')));
    for (const share of [200, 800]) {
      const worker = new RunningFairq(['worker'], env);
      await eventually(() => publisher.stdout.includes('\n') && printed().length > share, {
        timeoutMs: 60_000,
        what: `${share} results`,
      });
      worker.signal('SIGKILL');
      await worker.ended;
    }
    await withWorker([], async () => {
      const { code, stderr } = await publisher.ended;
      expect(code, stderr).toBe(0);
    });
    expect(printed()).toHaveLength(2_000);
    expect(new Set(printed().map(({ id }) => id)).size).toBe(2_000);
    for (const line of printed()) expect(line).toMatchObject({ state: 'done', result: 2 });
  });

  it('goes on when the streams are deleted and made again', async () => {
    const publisher = new FairqHere(
      ['publish', '--user', 'C', '--task', 'echo', '--payload', '7', '--wait'],
      env,
    );
    await eventually(async () => (await vhost.ready('fairq.user.C')) === 1, {
      timeoutMs: 60_000,
      what: 'the task',
    });
    await vhost.channel.deleteQueue('fairq.events');
    await vhost.channel.deleteQueue('fairq.results');
    await fairqJson(env, 'worker', '--exit-when', 'empty');
    const { code, stdout, stderr } = await publisher.ended;
    expect(code, stderr).toBe(0);
    expect(jsonLines<Line>(stdout)).toMatchObject([{ state: 'done', result: 7 }]);
  });
});

describe('what a task returned', () => {
  it('is kept as JSON, text or bytes, and what cannot be kept is said, though the task is done', async () => {
    const module = folder.file('values.mjs');
    await writeFile(module, MODULE);
    const names = ['object', 'nothing', 'bigint', 'method', 'huge', 'bytes', 'text', 'round'];
    await send(...names.map((task) => ({ id: `value-${task}`, task })));
    const { stderr } = await fairq(env, 'worker', '--handler', module, '--exit-when', 'empty');
    const of = (task: string) => stateOf(`value-${task}`);
    expect(await of('object')).toMatchObject({ state: 'done', result: { pages: [1, null, 'x'] } });
    expect(await of('nothing')).toMatchObject({ state: 'done', result: null });
    expect(await of('bytes')).toMatchObject({ state: 'done', resultBase64: '/wAB' });
    expect(await of('text')).toMatchObject({ state: 'done', result: 'grün' });
    for (const [task, reason] of [
      ['bigint', 'not JSON'],
      ['method', 'a function'],
      ['round', 'circular'],
      ['huge', 'more than 65536 bytes (--result-size)'],
    ] as const) {
      const state = await of(task);
      expect(state.state).toBe('done');
      expect(state.resultDropped).toContain(reason);
      expect(stderr).toContain(`task value-${task} of user "A" is done, and its result is not kept`);
    }
    expect((await fairq(env, 'task', 'value-huge')).stdout).toContain('not kept: it takes more than');
  });

  it('is what a program of --exec writes to stdout', async () => {
    const sh =
      'cat > /dev/null; case $FAIRQ_TASK_ID in e-json) echo 12;; e-text) echo hello;; e-big) yes;; esac';
    await send(...['e-json', 'e-text', 'e-none'].map((id) => ({ id, task: 'any' })));
    await fairqJson(env, 'worker', '--exec', sh, '--exit-when', 'empty');
    expect(await stateOf('e-json')).toMatchObject({ state: 'done', result: 12 });
    expect(await stateOf('e-text')).toMatchObject({ state: 'done', result: 'hello' });
    expect(await stateOf('e-none')).toMatchObject({ state: 'done', result: null });
    await send({ id: 'e-large', task: 'any' });
    const large = 'cat > /dev/null; head -c 3000000 /dev/zero | tr "\\\\0" 1';
    await fairqJson(env, 'worker', '--exec', large, '--exit-when', 'empty', '--result-size', '1k');
    expect((await stateOf('e-large')).resultDropped).toContain('more than 1024 bytes');
  });

  it('is kept for --result-ttl, and not at all with 0s', async () => {
    await send({ id: 'short', task: 'echo', payload: 'x' });
    await fairqJson(env, 'worker', '--exit-when', 'empty', '--result-ttl', '1us');
    expect(await stateOf('short')).toMatchObject({ state: 'expired', user: 'A' });
    await send({ id: 'none', task: 'echo', payload: 'x' });
    await fairqJson(env, 'worker', '--exit-when', 'empty', '--result-ttl', '0s');
    expect(await stateOf('none')).toMatchObject({ state: 'done', result: null });
    for (const flags of [
      ['--result-ttl', '25h'],
      ['--result-size', '2m'],
      ['--result-size', '0'],
    ]) {
      const refused = await fairq(env, 'worker', ...flags);
      expect(refused.code).toBe(64);
      expect(refused.stderr).toContain(flags[0]);
    }
  });
});
