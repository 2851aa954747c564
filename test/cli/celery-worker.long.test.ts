import { writeFile } from 'node:fs/promises';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RunReport } from '../../src/core/reports/run-report.js';
import { hasCelery, useCelery } from '../support/celery.js';
import { eventually } from '../support/eventually.js';
import { fairqJson, RunningFairq } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const { env } = vhost;
const folder = useFolder();
const app = useCelery(folder);
const PREFIX = ['--celery', '--queue-prefix', 'usersequence_'];
let worker: RunningFairq | undefined;

beforeAll(async () => {
  app.broker = env.FAIRQ_URI ?? '';
  await writeFile(
    folder.file('handlers.mjs'),
    `export const double = ({ args: [x], kwargs: { by = 2 } }) => x * by;
     export { described as 'tasks.about' };
     const described = ({ args, kwargs }, { user, id, type, attempt }) => ({ args, kwargs, user, id, type, attempt });
     export async function complain({ args: [text] }) {
       const error = new Error(text);
       error.name = 'ValueError';
       throw error;
     }
     export function flaky(_, { attempt }) {
       if (attempt < 3) throw new Error('not yet');
       return attempt;
     }`,
  );
});
afterEach(async () => {
  worker?.signal('SIGTERM');
  await worker?.ended;
  worker = undefined;
});

async function fairqWorker(...flags: string[]): Promise<void> {
  worker = new RunningFairq(['worker', ...PREFIX, ...flags], env);
  await worker.says(/: ready, /);
}

const withHandlers = () => ['--handler', folder.file('handlers.mjs'), '--backoff', '50ms'];

describe.skipIf(!hasCelery)('a Celery client with a fairq worker', () => {
  it('tells it of a user as it tells Celery, and gets what the handlers return', async () => {
    await fairqWorker(...withHandlers());
    const [told, results] = await app.run<[Record<string, object>[], unknown[]]>(`
told = app.control.add_consumer('usersequence_A', reply=True)
sent = [double.apply_async((i,), queue='usersequence_A') for i in range(3)]
sent.append(double.apply_async((5,), dict(by=3), queue='usersequence_A'))
print(json.dumps([told, [r.get(timeout=20) for r in sent]]))`);
    expect(told.flatMap((one) => Object.values(one))).toEqual([{ ok: 'add consumer usersequence_A' }]);
    expect(results).toEqual([0, 2, 4, 15]);
  });

  it("names the user, and the task's id and full name, to handlers and to the report", async () => {
    await fairqWorker(...withHandlers());
    const [id, got] = await app.run<[string, object]>(`
app.control.add_consumer('usersequence_漢 字', reply=True)
r = about.apply_async((1, [None]), dict(a='ü'), queue='usersequence_漢 字')
print(json.dumps([r.id, r.get(timeout=20)]))`);
    expect(got).toEqual({
      args: [1, [null]],
      kwargs: { a: 'ü' },
      user: '漢 字',
      id,
      type: 'tasks.about',
      attempt: 1,
    });
  });

  it('raises what the handler throws, after its attempts, and can redrive it', async () => {
    await fairqWorker(...withHandlers(), '--max-attempts', '2');
    const [id, seen] = await app.run<[string, unknown[]]>(`
app.control.add_consumer('usersequence_B', reply=True)
r = complain.apply_async(('no "luck"',), queue='usersequence_B')
try: r.get(timeout=20)
except ValueError as e: print(json.dumps([r.id, [type(e).__module__, str(e), r.state, r.traceback]]))`);
    expect(seen).toEqual([
      'builtins',
      'no "luck"',
      'FAILURE',
      expect.stringMatching(/^Traceback[\s\S]+handlers\.mjs", line 5, in complain\nValueError: no "luck"$/),
    ]);
    const { letters } = await fairqJson<{ letters: object[] }>(env, 'dead', 'list', '--user', 'B');
    expect(letters).toMatchObject([{ id, type: 'tasks.complain', attempts: 2, reason: 'no "luck"' }]);
    await fairqJson(env, 'dead', 'redrive', '--user', 'B', '--yes');
    await eventually(
      async () =>
        (
          await fairqJson<{ letters: { attempts: number }[] }>(env, 'dead', 'list', '--user', 'B')
        ).letters.some(({ attempts }) => attempts === 4),
      { timeoutMs: 60_000, what: 'both attempts again' },
    );
    await fairqJson(env, 'dead', 'discard', '--all', '--yes');
  });

  it('has its dead letters, once redriven, run by Celery itself', async () => {
    await fairqWorker();
    const id = await app.run<string>(`
app.control.add_consumer('usersequence_R', reply=True)
# Its header has an integer that needs 16 bits.
print(json.dumps(about.apply_async((1,), queue='usersequence_R', time_limit=1000).id))`);
    const dead = () => fairqJson<{ letters: object[] }>(env, 'dead', 'list', '--user', 'R');
    await eventually(async () => (await dead()).letters.length === 1, {
      timeoutMs: 60_000,
      what: 'the letter',
    });
    expect(await dead()).toMatchObject({ letters: [{ id, reason: expect.stringContaining('no handler') }] });
    worker?.signal('SIGTERM');
    await worker?.ended;
    const celery = await app.worker('usersequence_R');
    await fairqJson(env, 'dead', 'redrive', '--user', 'R', '--yes');
    const seen = `['${id}', '${id}', '${id}', '(1,)', '{}', 0, [1], {}]`;
    await eventually(() => celery.output.includes(seen), { timeoutMs: 60_000, what: celery.output });
    await celery.stop();
  });

  it('is answered by the attempt that succeeds', async () => {
    await fairqWorker(...withHandlers());
    const got = await app.run(`
app.control.add_consumer('usersequence_C', reply=True)
r = app.send_task('any.module.flaky', queue='usersequence_C')
print(json.dumps([r.get(timeout=20), r.state]))`);
    expect(got).toEqual([3, 'SUCCESS']);
  });

  it('gets no answer that it does not want, and one that has gone harms nothing', async () => {
    await app.run(`
for i in range(20): r = double.apply_async((i,), queue='usersequence_D')
try: r.get(timeout=0.1)
except Exception: print(1)`);
    await fairqWorker(...withHandlers());
    const got = await app.run(`
seen = []
double.apply_async((6,), queue='usersequence_D')
double.apply_async((7,), queue='usersequence_D', ignore_result=True)
s = double.apply_async((8,), queue='usersequence_D')
print(json.dumps([s.get(timeout=20, on_message=lambda meta: seen.append(meta)), len(seen)]))`);
    expect(got).toEqual([16, 2]);
    // All are acknowledged, though nobody is there any more to have the answers of the first 20.
    await eventually(async () => (await vhost.management.unacknowledged()).get('usersequence_D') === 0, {
      timeoutMs: 60_000,
      what: 'the acknowledgements',
    });
    expect(await vhost.ready('usersequence_D')).toBe(0);
    expect(worker?.stderr).not.toMatch(/lost|refused/);
  });

  it('waits for all of a group', async () => {
    await fairqWorker(...withHandlers());
    const got = await app.run(`
from celery import group
app.control.add_consumer('usersequence_E', reply=True)
g = group(double.s(i).set(queue='usersequence_E') for i in range(5))
print(json.dumps(g.apply_async().get(timeout=20)))`);
    expect(got).toEqual([0, 2, 4, 6, 8]);
  });

  it('may use built-in tasks and programs', async () => {
    await fairqWorker();
    const got = await app.run(`
app.control.add_consumer('usersequence_F', reply=True)
sent = [app.send_task(n, a, queue='usersequence_F') for n, a in [('tasks.noop', [1]), ('x.echo', [dict(a=1)]), ('tasks.sleep', [0.01]), ('cpu', [0.01])]]
print(json.dumps([r.get(timeout=20) for r in sent]))`);
    expect(got).toEqual([null, { a: 1 }, null, null]);
    worker?.signal('SIGTERM');
    await worker?.ended;
    const out = folder.file('stdin.txt');
    await fairqWorker('--exec', `(cat; echo " $FAIRQ_TASK_NAME $FAIRQ_TASK_USER") > ${out}; exit 0`);
    expect(
      await app.run(
        `print(json.dumps(double.apply_async((4,), dict(by=3), queue='usersequence_F').get(timeout=20)))`,
      ),
    ).toBe(null);
    const { readFile } = await import('node:fs/promises');
    // Values as the client wrote them: Python has a blank behind a colon.
    expect(await readFile(out, 'utf8')).toBe('{"args":[4],"kwargs":{"by": 3}} tasks.double F\n');
  });

  it('gets the whole of what a program wrote, however little of it is kept', async () => {
    await fairqWorker('--result-size', '1k', '--exec', 'head -c 200000 /dev/zero | tr "\\0" x');
    const got = await app.run(`
app.control.add_consumer('usersequence_L', reply=True)
print(json.dumps(len(double.apply_async((1,), queue='usersequence_L').get(timeout=20))))`);
    expect(got).toBe(200_000);
  });

  it('has its queue bound as it says, and hears why where that cannot be', async () => {
    await fairqWorker(...withHandlers());
    const [results, refused] = await app.run<[unknown[], Record<string, object>[]]>(`
for u in ('M', 'N'): app.control.add_consumer('usersequence_' + u, exchange='by_user', exchange_type='topic', routing_key='to.' + u, reply=True, limit=1)
sent = [app.send_task('tasks.double', (i,), exchange='by_user', exchange_type='topic', routing_key='to.' + u) for i, u in enumerate('MN')]
no = app.control.add_consumer('usersequence_M', exchange='by_user', exchange_type='direct', routing_key='x', reply=True)
print(json.dumps([[r.get(timeout=20) for r in sent], no]))`);
    expect(results).toEqual([0, 2]);
    expect(refused.flatMap((one) => Object.values(one))).toEqual([
      { error: expect.stringContaining('another kind') },
    ]);
  });

  it('names a queue with a line break in vain, and everybody else is served', async () => {
    await fairqWorker(...withHandlers());
    const got = await app.run(`
told = app.control.add_consumer('usersequence_new\\nline', reply=True, timeout=0.5)
app.control.add_consumer('usersequence_P', reply=True)
print(json.dumps([told, double.apply_async((2,), queue='usersequence_P').get(timeout=20)]))`);
    expect(got).toEqual([[], 4]);
    expect(worker?.stderr).not.toContain('was lost');
  });

  it('shares the workers fairly', async () => {
    await app.run(`
for i in range(300): noop.apply_async((i,), queue='usersequence_G')
for i in range(20): noop.apply_async((i,), queue='usersequence_H')
print(1)`);
    await fairqJson(env, 'worker', ...PREFIX, '--exit-when', 'empty', '--concurrency', '1');
    const report = await fairqJson<RunReport>(env, 'report', '--run', '');
    const of = (name: string) => report.users.find(({ user }) => user === name);
    const from = of('G')?.firstCompletionPosition ?? 0;
    // In turns H's 20 tasks end with the 40th of both, and one queue would have let it wait for 300.
    expect((of('H')?.lastCompletionPosition ?? 0) - from).toBeLessThan(100);
    expect(of('G')).toMatchObject({ tasks: 300 });
  });
});
