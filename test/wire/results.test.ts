import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { TaskState } from '../../src/core/events/task-state.js';
import { eventually } from '../support/eventually.js';
import {
  FairqHere,
  fairq,
  fairqJson,
  fairqPartly,
  jsonLines,
  RunningFairq,
  startFairq,
} from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const folder = useFolder();
const { env } = vhost;

type Line = Omit<TaskState, 'state'> & { kind: string; task: string; state: string };

async function withWorker<T>(flags: readonly string[], act: () => Promise<T>): Promise<T> {
  const worker = startFairq(['worker', ...flags], env);
  await worker.says(/ready/);
  try {
    return await act();
  } finally {
    worker.signal('SIGTERM');
    await worker.ended;
  }
}

async function publish(...flags: string[]): Promise<{ code: number | null; lines: Line[]; stderr: string }> {
  const { code, stdout, stderr } = await fairq(env, 'publish', ...flags);
  return { code, stderr, lines: stdout === '' ? [] : jsonLines<Line>(stdout) };
}

async function stateOf(id: string): Promise<TaskState> {
  const { stdout } = await fairq(env, '--json', 'task', id);
  return JSON.parse(stdout) as TaskState;
}

/** Lines for --from with ids of their own, so that a test knows them before anything runs. */
async function send(...tasks: { id: string; task: string; payload?: unknown }[]): Promise<void> {
  const file = folder.file('tasks.ndjson');
  await writeFile(file, tasks.map((task) => JSON.stringify({ user: 'A', ...task })).join('\n'));
  await fairqJson(env, 'publish', '--from', file);
}

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
