import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type CeleryWorker, hasCelery, useCelery } from '../support/celery.js';
import { eventually } from '../support/eventually.js';
import { FairqHere, fairq, fairqJson, jsonLines } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const { env } = vhost;
const app = useCelery(useFolder());
const TO = ['--queue-prefix', 'usersequence_'];
let worker: CeleryWorker | undefined;

beforeAll(() => {
  app.broker = env.FAIRQ_URI ?? '';
});
afterEach(async () => {
  await worker?.stop();
  worker = undefined;
});

const publish = (...flags: string[]) => fairqJson(env, 'publish', ...TO, '--celery', ...flags);

describe.skipIf(!hasCelery)('a fairq publisher with Celery workers', () => {
  it('has running workers take up the queue of a user, and its tasks run there', async () => {
    worker = await app.worker('celery');
    const sent = await publish(
      'tasks.double',
      '--user',
      'A',
      '--count',
      '5',
      '--args',
      '[21]',
      '--kwargs',
      '{"by":3}',
    );
    expect(sent).toMatchObject({ confirmed: 5 });
    await worker.says(/(tasks\.double\[[^\]]+\] succeeded in \S+ 63[\s\S]*){5}/);
  });

  it('sends numbers as they were written, and reads those that JSON has not', async () => {
    worker = await app.worker('celery');
    const args = ['--args', '[9007199254740993, 1.0]', '--user', 'N', '--wait', '--json'];
    const { stdout } = await fairq(env, 'publish', ...TO, '--celery', 'tasks.written', ...args);
    expect(jsonLines<{ result: unknown }>(stdout)[0]?.result).toEqual(['(9007199254740993, 1.0)', null]);
  });

  it('sends what Celery itself would: the task sees the same request', async () => {
    worker = await app.worker('celery');
    const call = ['--args', `[1, "it's", null, true, [2.5]]`, '--kwargs', '{"k":{}}'];
    await publish('tasks.about', '--user', 'B 漢', ...call);
    await app.run(
      `about.apply_async((1, "it's", None, True, [2.5]), dict(k={}), queue='usersequence_B 漢'); print(1)`,
    );
    const seen = /tasks\.about\[([^\]]+)\] succeeded in \S+ (.*)/g;
    const requests = await eventually(
      () => {
        const found = [...(worker?.output ?? '').matchAll(seen)];
        return found.length === 2 && found.map(([, id = '', request]) => request?.replaceAll(id, 'ID'));
      },
      { timeoutMs: 60_000, what: 'both tasks' },
    );
    expect(requests[0]).toContain("['ID', 'ID', 'ID', '(1, ");
    expect(requests[1]).toBe(requests[0]);
  });

  it('and Celery clients declare the same queues, whoever is first', async () => {
    await app.run(`double.apply_async((1,), queue='usersequence_C'); print(1)`);
    await publish('tasks.noop', '--user', 'C');
    await publish('tasks.noop', '--user', 'D');
    await app.run(`double.apply_async((1,), queue='usersequence_D'); print(1)`);
    expect([await vhost.ready('usersequence_C'), await vhost.ready('usersequence_D')]).toEqual([2, 2]);
    const bindings = await vhost.management.boundQueues('usersequence_D');
    expect([...bindings]).toEqual(['usersequence_D']);
  });

  it('is told when nobody consumes the queue', async () => {
    const { code, stderr } = await fairq(env, 'publish', ...TO, '--celery', 'tasks.noop', '--users', '5');
    expect(code).toBe(0);
    expect(stderr).toContain('no Celery worker is there: tasks wait in "usersequence_user-1"');
    expect(stderr).toContain('and 2 more');
  });

  it('and a fairq worker counts them in the run', async () => {
    await publish('tasks.noop', '--users', '3', '--count', '10', '--run', 'both');
    await fairqJson(env, 'worker', '--celery', ...TO, '--exit-when', 'empty', '--max-attempts', '1');
    const report = await fairqJson(env, 'report', '--run', 'both');
    expect(report).toMatchObject({ published: 30, completed: 30, missing: 0, duplicates: 0 });
  });

  it('prints what each task came to with --wait, run by Celery or by fairq', async () => {
    worker = await app.worker('celery');
    const wait = (...flags: string[]) =>
      fairq(env, 'publish', ...TO, '--user', 'F', '--wait', '--celery', ...flags);
    const done = await wait('tasks.double', '--args', '[21]', '--count', '3');
    expect(done.code, done.stderr).toBe(0);
    const line = { kind: 'result', task: 'tasks.double', user: 'F', state: 'done', result: 42 };
    expect(jsonLines(done.stdout)).toMatchObject([line, line, line]);
    const failed = await wait('tasks.complain', '--args', '["no such page"]');
    expect(failed.code).toBe(3);
    expect(jsonLines(failed.stdout)).toMatchObject([{ state: 'failed', error: 'ValueError: no such page' }]);
    await worker.stop();
    const fairqs = new FairqHere(['worker', '--celery', ...TO, '--max-attempts', '1'], env);
    await fairqs.says(/ready/);
    const echoed = await wait('tasks.echo', '--args', '[{"page":3}]');
    expect(jsonLines(echoed.stdout)).toMatchObject([{ state: 'done', result: { page: 3 } }]);
    const late = await wait('tasks.sleep', '--args', '[60]', '--timeout', '50ms');
    expect(late.code).toBe(3);
    expect(jsonLines(late.stdout)).toMatchObject([{ state: 'unfinished', user: 'F' }]);
    fairqs.signal('SIGTERM');
    await fairqs.says(/stopping/);
    fairqs.signal('SIGTERM');
    await fairqs.ended;
    const left = (await vhost.management.queueNames()).filter((name) => name.startsWith('fairq.replies.'));
    expect(left).toEqual([]);
  });

  it('makes a queue again that was deleted under it', async () => {
    const sending = fairqJson(
      env,
      'publish',
      ...TO,
      '--celery',
      'tasks.noop',
      '--user',
      'E',
      '--count',
      '60',
      '--rate',
      '60/s',
    );
    await eventually(async () => (await vhost.ready('usersequence_E')) !== undefined, {
      timeoutMs: 60_000,
      what: 'the queue',
    });
    await vhost.channel.deleteQueue('usersequence_E');
    expect(await sending).toMatchObject({ confirmed: 60 });
    expect(await vhost.ready('usersequence_E')).toBeGreaterThan(0);
  });

  it('refuses what Celery could not be sent, before anything is', async () => {
    for (const [flags, says] of [
      [['--args', '{}'], /--args "\{\}" is not an array/],
      [['--args', '[1'], /is not JSON/],
      [['--kwargs', '[]'], /--kwargs "\[\]" is not an object/],
      [['--payload', 'x'], /does not go with --payload/],
      [['--user', 'x'.repeat(243)], /queue name of 256 bytes/],
      [['--user', 'a\nb'], /has a line break/],
      [['--queue-prefix', 'a*'], /cannot be the start of a name/],
      [['--celery', ''], /has 1 to 255 bytes/],
      [['--celery', 'x'.repeat(300)], /has 1 to 255 bytes/],
    ] as const) {
      const { code, stderr } = await fairq(
        env,
        'publish',
        ...TO,
        '--celery',
        'tasks.noop',
        '--user',
        'Z',
        ...flags,
      );
      expect([code, stderr]).toEqual([64, expect.stringMatching(says)]);
    }
    expect((await fairq(env, 'publish', '--user', 'Z', '--args', '[]')).stderr).toContain(
      'goes with --celery alone',
    );
    expect((await fairq(env, 'publish', '--user', 'Z', '--celery', 'x')).stderr).toContain('--queue-prefix');
    expect(await vhost.ready('usersequence_Z')).toBeUndefined();
  });
});
