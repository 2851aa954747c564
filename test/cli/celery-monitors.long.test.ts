import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type CeleryWorker, hasCelery, useCelery } from '../support/celery.js';
import { eventually } from '../support/eventually.js';
import { fairq, fairqJson, RunningFairq } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import { askManagement } from '../support/management-api.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const { env } = vhost;
const folder = useFolder();
const app = useCelery(folder);
let worker: RunningFairq | undefined;
let celery: CeleryWorker | undefined;
let monitor: CeleryWorker | undefined;

beforeAll(() => {
  app.broker = env.FAIRQ_URI ?? '';
});
afterEach(async () => {
  const hasWorked = worker !== undefined;
  worker?.signal('SIGTERM');
  await Promise.all([worker?.ended, celery?.stop(), monitor?.stop()]);
  worker = undefined;
  celery = undefined;
  monitor = undefined;
  if (hasWorked) await fairqJson(env, 'dead', 'discard', '--all', '--yes');
});

/** @returns its name among Celery's workers */
async function fairqWorker(...flags: string[]): Promise<string> {
  worker = new RunningFairq(
    ['worker', '--celery', '--queue-prefix', 'q_', '--backoff', '50ms', ...flags],
    env,
  );
  await worker.says(/: ready, /);
  const [node = ''] = await app.run<string[]>(
    `print(json.dumps([n for a in app.control.ping(timeout=5, limit=${celery === undefined ? 1 : 2}) for n in a if n.startswith('fairq')]))`,
  );
  expect(node).toMatch(/^fairq-.+@.+$/);
  return node;
}

async function celeryEvents(): Promise<CeleryWorker> {
  monitor = app.start('events', '--dump');
  await monitor.says(/starting capture/);
  // Its queue is bound when something has come.
  await eventually(async () => (await bindings()).some((queue) => queue.startsWith('celeryev.')), {
    timeoutMs: 60_000,
    what: 'the monitor listens',
  });
  return monitor;
}

/** Queues that hear events. */
async function bindings(): Promise<string[]> {
  const path = `/bindings/${encodeURIComponent(vhost.address.vhost)}?columns=source,destination`;
  const all = (await askManagement(api(), 'GET', path)) as { source: string; destination: string }[];
  return all.filter(({ source }) => source === 'celeryev').map(({ destination }) => destination);
}

interface Listed {
  readonly name: string;
  readonly client_properties?: { readonly connection_name?: string };
}

/** The connection on which the worker tells of its tasks. */
async function tellingConnection(worker: string): Promise<string | undefined> {
  const path = `/vhosts/${encodeURIComponent(vhost.address.vhost)}/connections`;
  const all = (await askManagement(api(), 'GET', path)) as Listed[];
  const isIt = ({ client_properties: { connection_name: name } = {} }: Listed) =>
    name === `fairq tells Celery's monitors of ${worker}`;
  return all.find(isIt)?.name;
}

const api = () => ({
  uri: env.FAIRQ_MANAGEMENT_URI ?? '',
  login: `${vhost.address.username}:${vhost.address.password}`,
});

/** Has the fairq worker consume the queue, and no Celery worker. */
const consume = (node: string) =>
  `app.control.add_consumer('q_A', reply=True, limit=1, timeout=5, destination=["${node}"])`;

describe.skipIf(!hasCelery)("Celery's monitors", () => {
  it('are told of the worker, and of each end that a task may have', async () => {
    const dump = await celeryEvents();
    const node = await fairqWorker('--task-events', '--max-attempts', '2');
    const [done, failed, late] = await app.run<string[]>(`
${consume(node)}
sent = [app.send_task('tasks.echo', (dict(a='ü'),), dict(b=1), queue='q_A'),
        app.send_task('tasks.fail', ("it's \\"bad\\"",), queue='q_A'),
        app.send_task('tasks.noop', queue='q_A', expires=-1)]
for r in sent:
    try: r.get(timeout=20)
    except Exception: pass
print(json.dumps([r.id for r in sent]))`);
    const says = (what: RegExp) => dump.says(new RegExp(what.source.replace('NODE', node), 's'));
    await says(
      /NODE \[[^\]]*\] started: active=0, clock=\d+, freq=2, loadavg=\[[^\]]+\], local_received=[\d.]+, pid=\d+, processed=0, sw_ident=fairq, sw_sys=\w+, sw_ver=/,
    );
    await says(/NODE \[[^\]]*\] heartbeat: active=/);
    const [call, bad, over] = [
      `tasks.echo(${done}) args=({'a': 'ü'},) kwargs={'b': 1}`,
      `tasks.fail(${failed})`,
      `tasks.noop(${late}) args=() kwargs={}`,
    ];
    const lines = () => dump.output.split('\n').filter((line) => line.startsWith(node));
    const lineOf = (state: string, task: string) =>
      lines().filter((line) => line.includes(`] task ${state}: ${task}`));
    await eventually(() => lineOf('failed', bad).length === 1 && lineOf('revoked', over).length === 1, {
      timeoutMs: 60_000,
      what: 'the last event',
    });
    expect(lineOf('received', call)[0]).toMatch(/eta=None, .*retries=0, root_id=.+, routing_key=q_A/);
    expect(lineOf('started', call)).toHaveLength(1);
    expect(lineOf('succeeded', call)[0]).toMatch(/result=\{'a': 'ü'\}, runtime=[\d.]+/);
    expect(lineOf('retried', bad)[0]).toContain(`exception=Error('it\\'s "bad"')`);
    expect(lineOf('received', bad).map((line) => /retries=(\d)/.exec(line)?.[1])).toEqual(['0', '1']);
    expect(lineOf('failed', bad)[0]).toContain('traceback=Traceback (most recent call last):');
    expect(lineOf('started', over)).toEqual([]);
    expect(lineOf('revoked', over)[0]).toContain('expired=True');
    worker?.signal('SIGTERM');
    await says(/NODE \[[^\]]*\] shutdown: active=0/);
  });

  it('find every field that a Celery worker sends, and the same kinds of values', async () => {
    celery = await app.worker('celery', '-E');
    const node = await fairqWorker('--task-events');
    const seen = await app.run<Record<string, Record<string, Record<string, string>>>>(`
import socket
${consume(node)}
seen, state = {}, app.events.State()
def heard(event):
    state.event(event)
    kind = 'fairq' if event['hostname'] == '${node}' else 'celery'
    seen.setdefault(event['type'], {})[kind] = {k: type(v).__name__ for k, v in event.items()}
WANTED = ['worker-heartbeat', 'task-received', 'task-started', 'task-succeeded']
with app.connection_for_read() as c:
    recv = app.events.Receiver(c, handlers={'*': heard})
    consuming = recv.itercapture(limit=None, timeout=30, wakeup=True)
    next(consuming)
    sent = [app.send_task('tasks.noop', (1,), queue=q) for q in ('q_A', 'celery')]
    until = time.time() + 60
    while not all(len(seen.get(t, {})) == 2 for t in WANTED):
        assert time.time() < until, seen
        next(consuming)
alive = state.workers['${node}'].alive
tasks = [(state.tasks[r.id].state, state.tasks[r.id].worker.hostname, state.tasks[r.id].args) for r in sent]
assert alive and tasks[0] == ('SUCCESS', '${node}', '(1,)'), (alive, tasks)
print(json.dumps(seen))`);
    for (const [type, { celery: theirs = {}, fairq: ours = {} }] of Object.entries(seen)) {
      const plain = (kinds: Record<string, string>) =>
        Object.entries(kinds).map(([name, kind]) => `${name}: ${kind === 'float' ? 'int' : kind}`);
      expect(plain(ours), type).toEqual(expect.arrayContaining(plain(theirs)));
    }
    expect(Object.keys(seen).length).toBeGreaterThanOrEqual(4);
  });

  it('are answered what they ask, in the form of a Celery worker', async () => {
    celery = await app.worker('celery');
    const node = await fairqWorker('--concurrency', '1', '--prefetch', '9');
    const [waiting, ...asked] = await app.run<Record<string, Record<string, object>>[]>(`
${consume(node)}
blocked = [app.send_task('tasks.sleep', (30,), queue='q_A') for i in range(3)]
for i in range(6): gated.apply_async(('${folder.file('gate')}',))
ask = lambda m, **k: app.control.inspect(timeout=5, limit=2)._request(m, **k)
until = time.time() + 60
while len(ask('active')['${node}']) < 1 or len(ask('reserved')['${node}']) < 2: assert time.time() < until
said = json.dumps([ask(m) for m in ('reserved', 'active', 'ping', 'stats', 'scheduled', 'revoked', 'registered', 'active_queues', 'conf', 'report', 'clock')]
  + [ask('query_task', ids=[blocked[0].id])])
open('${folder.file('gate')}', 'w').close()
print(said)`);
    const ours = asked.map((answers) => answers[node]);
    const theirs = asked.map((answers) => Object.entries(answers).find(([name]) => name !== node)?.[1]);
    const [active, ping, stats, scheduled, revoked, registered, queues, conf, report, clock, query] = ours;
    const keysOf = (value: unknown) => Object.keys(Array.isArray(value) ? value[0] : (value ?? {}));
    expect(keysOf(active).sort()).toEqual(keysOf(theirs[0]).sort());
    expect(active).toMatchObject([
      { name: 'tasks.sleep', args: [30], kwargs: {}, hostname: node, delivery_info: { routing_key: 'q_A' } },
    ]);
    expect(keysOf(waiting?.[node]).sort()).toEqual(keysOf(active).sort());
    expect(waiting?.[node]).toMatchObject([{ time_start: null }, { time_start: null }]);
    expect(ping).toEqual({ ok: 'pong' });
    expect(keysOf(stats)).toEqual(expect.arrayContaining(keysOf(theirs[2])));
    expect(stats).toMatchObject({ pool: { 'max-concurrency': 1 }, total: { 'tasks.sleep': 1 } });
    expect(JSON.stringify(stats)).not.toContain('password');
    expect([scheduled, revoked]).toEqual([[], []]);
    expect(registered).toEqual(expect.arrayContaining(['noop', 'sleep']));
    expect(queues).toMatchObject([{ name: 'q_A', exchange: { type: 'direct' }, routing_key: 'q_A' }]);
    expect(conf).toMatchObject({ task_acks_late: true, worker_concurrency: 1 });
    expect(report).toEqual({ ok: expect.stringContaining('fairq') });
    expect(clock).toEqual({ clock: expect.any(Number) });
    expect(Object.values(query ?? {})).toMatchObject([['active', { name: 'tasks.sleep' }]]);
    worker?.signal('SIGKILL');
    await worker?.ended;
    await vhost.channel.purgeQueue('q_A');
  });

  it("are Celery's own programs", async () => {
    const node = await fairqWorker();
    await app.run(`${consume(node)}\nprint(1)`);
    const status = await app.program('status', '--timeout', '5');
    expect(status).toMatchObject({ code: 0, output: expect.stringContaining(`${node}: OK`) });
    const words = [
      'ping',
      'stats',
      'active',
      'reserved',
      'scheduled',
      'revoked',
      'registered',
      'active_queues',
      'conf',
      'report',
    ];
    for (const word of words) {
      const { code, output } = await app.program('inspect', word, '--timeout', '5', '-d', node);
      expect({ code, output }, word).toEqual({ code: 0, output: expect.stringContaining(`${node}: OK`) });
    }
  }, 600_000);

  it('are told nothing of tasks before they ask, and nothing more when they have enough', async () => {
    const raw = await vhost.channel.assertQueue('', { exclusive: true });
    await vhost.channel.assertExchange('celeryev', 'topic', { durable: true });
    await vhost.channel.bindQueue(raw.queue, 'celeryev', '#');
    const heard: { key: string; mode: unknown; body: unknown }[] = [];
    const { consumerTag } = await vhost.channel.consume(
      raw.queue,
      (message) => {
        if (message === null) return;
        const { fields, properties, content } = message;
        heard.push({
          key: fields.routingKey,
          mode: properties.deliveryMode,
          body: JSON.parse(content.toString()),
        });
      },
      { noAck: true },
    );
    const node = await fairqWorker();
    const run = (id: string) =>
      app.run(
        `${consume(node)}\nprint(json.dumps(app.send_task('tasks.echo', (1,), queue='q_A', task_id='${id}').get(timeout=20)))`,
      );
    const toldOf = (id: string) =>
      heard.filter(({ body }) => JSON.stringify(body).includes(`"uuid":"${id}"`));
    await run('before');
    expect(heard).toEqual([]);
    const turned = (way: string) =>
      app.run<object[]>(`print(json.dumps(app.control.${way}_events(reply=True, timeout=5, limit=1)))`);
    expect(await turned('enable')).toEqual([{ [node]: { ok: 'task events enabled' } }]);
    expect(await turned('enable')).toEqual([{ [node]: { ok: 'task events already enabled' } }]);
    await run('meanwhile');
    await eventually(
      () => toldOf('meanwhile').length > 0 && heard.some(({ key }) => key === 'worker.heartbeat'),
      {
        timeoutMs: 60_000,
        what: 'events',
      },
    );
    expect(heard[0]).toMatchObject({ key: 'worker.online', body: { type: 'worker-online', hostname: node } });
    expect(toldOf('meanwhile')[0]).toMatchObject({ key: 'task.multi', body: expect.any(Array) });
    expect(new Set(heard.map(({ mode }) => mode))).toEqual(new Set([1]));
    expect(await turned('disable')).toEqual([{ [node]: { ok: 'task events disabled' } }]);
    await run('after');
    worker?.signal('SIGTERM');
    await eventually(() => heard.at(-1)?.key === 'worker.offline', {
      timeoutMs: 60_000,
      what: 'the goodbye',
    });
    expect(toldOf('after')).toEqual([]);
    await vhost.channel.cancel(consumerTag);
  });

  it('hear what to do with fairq where they would change something', async () => {
    const node = await fairqWorker();
    const answers = await app.run<Record<string, string>[]>(`
tell = lambda m, **k: list(app.control.broadcast(m, arguments=k, reply=True, timeout=5, limit=1)[0].values())[0]
print(json.dumps([tell('shutdown'), tell('pool_grow', n=2), tell('rate_limit', task_name='x', rate_limit='1/s'), tell('cancel_consumer', queue='q_A'),
  tell('revoke', task_id='x'), tell('time_limit', task_name='x', hard=1), tell('autoscale', max=3), tell("non'sense")]))
for i in range(2): app.control.revoke('x')`);
    expect(answers.map(({ ok }) => ok)).toEqual(answers.map(() => undefined));
    expect(answers.map(({ error }) => error)).toEqual([
      expect.stringContaining('SIGTERM'),
      expect.stringContaining('--concurrency'),
      expect.stringContaining('--weight'),
      expect.stringContaining('--exclude'),
      expect.stringContaining('expires'),
      expect.stringContaining('--task-timeout'),
      expect.stringContaining('--concurrency'),
      "KeyError('non\\'sense')",
    ]);
    await worker?.says(/a Celery client said "revoke"/);
    // It answers still, and said so once.
    expect(await app.run<object>(`print(json.dumps(app.control.ping(timeout=5, limit=1)))`)).toEqual([
      { [node]: { ok: 'pong' } },
    ]);
    expect(worker?.stderr.match(/a Celery client said/g)).toHaveLength(1);
  });

  it('reach those that they name, by name or by pattern, however late their clock is', async () => {
    const node = await fairqWorker();
    const got = await app.run<unknown[]>(`
app.control.mailbox.clock.adjust(300)
ask = lambda *a, **k: app.control.inspect(*a, timeout=k.pop('timeout', 5), limit=1, **k).ping()
print(json.dumps([ask(['${node}']), ask(pattern='fairq-*', matcher='glob'), ask(pattern='fairq-.+', matcher='pcre'),
  ask(['celery@x'], timeout=1), ask(pattern='celery*', matcher='glob', timeout=1), app.control.inspect(timeout=5, limit=1).clock()['${node}']['clock'] > 300]))`);
    const pong = { [node]: { ok: 'pong' } };
    expect(got).toEqual([pong, pong, pong, null, null, true]);
  });

  it.each([
    ['any', `it's\nA,B@C ${'漢'.repeat(400)}`, /fairq-it's_A_B_C_漢+@\S+ \[[^\]]*\] heartbeat/],
    ['a plain', 'plain', /fairq-plain@\S+ \[[^\]]*\] heartbeat/],
  ])('see workers of %s name, two of the same as well', async (_, name, heartbeat) => {
    const node = await fairqWorker('--task-events', '--name', name);
    expect(Buffer.byteLength(node)).toBeLessThan(200);
    const dump = await celeryEvents();
    await dump.says(heartbeat);
    const flags = ['--celery', '--queue-prefix', 'q_', '--name', name];
    const second = new RunningFairq(['worker', ...flags], env);
    await second.says(/: ready, /);
    expect(await app.run('print(len(app.control.ping(timeout=5, limit=2)))')).toBe(2);
    second.signal('SIGTERM');
    const { stderr } = await second.ended;
    expect(stderr).not.toContain('was lost');
  });

  it('are Celery workers too, which start beside it, and follow its clock', async () => {
    await fairqWorker('--task-events');
    celery = await app.worker('celery');
    expect(celery.output).toContain('mingle: sync with 1 nodes');
    expect(celery.output).toContain('mingle: sync complete');
    worker?.signal('SIGTERM');
    await worker?.ended;
    await celery.stop();
    expect(celery.output).not.toMatch(/Traceback|missed heartbeat/);
  });

  it('miss what happens while their connection is away, and no task does', async () => {
    const dump = await celeryEvents();
    const node = await fairqWorker('--task-events', '--name', 'teller');
    await dump.says(/\] started: active/);
    await eventually(async () => (await tellingConnection('teller')) !== undefined, {
      timeoutMs: 60_000,
      what: 'its connection',
    });
    const connection = encodeURIComponent((await tellingConnection('teller')) ?? '');
    await askManagement(api(), 'DELETE', `/connections/${connection}`);
    const results = await app.run(`
${consume(node)}
print(json.dumps([r.get(timeout=20) for r in [app.send_task('tasks.echo', (i,), queue='q_A') for i in range(20)]]))`);
    expect(results).toEqual([...Array(20).keys()]);
    await eventually(
      () => dump.output.split(`${node} [`).filter((part) => part.includes('] started: active')).length === 2,
      {
        timeoutMs: 60_000,
        what: 'it is online again',
      },
    );
    expect(worker?.stderr.match(/monitors miss events/g)?.length ?? 0).toBeLessThanOrEqual(1);
    expect(worker?.stderr).not.toContain('the connection to the broker was lost');
  });
});

describe('--task-events', () => {
  it('are of a worker with --celery alone', async () => {
    expect(await fairq(env, 'worker', '--task-events')).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('--celery'),
    });
  });
});
