import { afterAll, beforeAll, expect, it } from 'vitest';
import { useFaultBroker } from '../../faults/support/fault-broker.js';
import { eventually } from '../../support/eventually.js';
import { fairqJson } from '../../support/fairq.js';
import { useFolder } from '../../support/folder.js';
import { ask, type Serving, startServing } from '../../support/serving.js';

const broker = useFaultBroker('collect_statistics_interval = 500');
const folder = useFolder();
let server: Serving;

/** An alarm that nothing but we raise and lift: what a broker low on memory has. */
const raise = () => broker.evaluate('rabbit_alarm:set_alarm({{resource_limit, memory, node()}, []}).');
const lift = () => broker.evaluate('rabbit_alarm:clear_alarm({resource_limit, memory, node()}).');

const env = () => ({
  FAIRQ_URI: broker.uri,
  FAIRQ_MANAGEMENT_URI: broker.managementUri,
  XDG_STATE_HOME: folder.file('state'),
});

beforeAll(async () => {
  server = await startServing(env());
  await fairqJson(env(), 'publish', '--users', '2', '--count', '3');
});
afterAll(async () => {
  server.process.signal('SIGTERM');
  await server.process.ended;
});

it('under an alarm everything can be planned and seen, and nothing is done', async () => {
  const actions = [
    ['/v1/users/user-1:purge', {}],
    ['/v1/users/user-1:delete', { withTasks: true }],
    ['/v1/queues:prune', { idleFor: '0s' }],
    ['/v1/dead:redrive', { all: true }],
    ['/v1/dead:discard', { all: true }],
  ] as const;
  await raise();
  try {
    for (const [path, body] of actions) {
      const plan = await ask(server, path, { user: 'boss', body });
      expect([path, plan.status]).toEqual([path, 200]);
      const { status, json, headers } = await ask(server, path, {
        user: 'boss',
        body: { token: plan.json.token },
      });
      expect([path, status, json.type]).toEqual([path, 503, 'urn:fairq:problem:broker-alarm']);
      expect(headers.get('retry-after')).toMatch(/^\d+$/);
    }
    expect((await ask(server, '/v1/users', { user: 'boss' })).json).toMatchObject({
      total: 2,
      users: [{ backlog: 3 }, { backlog: 3 }],
    });
  } finally {
    await lift();
  }
  const [[path]] = actions;
  const { json } = await ask(server, path, { user: 'boss', body: {} });
  const done = await ask(server, path, { user: 'boss', body: { token: json.token } });
  expect(done.json).toMatchObject({ carriedOut: true, tasks: 3 });
});

it('under an alarm no task is taken, which is said at once, and what is known can be asked', async () => {
  const post = () => ask(server, '/v1/tasks', { user: 'ann', body: { task: 'noop' } });
  const sent = await post();
  expect(sent.status).toBe(202);
  await raise();
  // The broker tells a connection of the alarm when it publishes: that task waits, and is sent when the alarm is over.
  const first = post();
  try {
    await eventually(async () => (await ask(server, '/readyz')).status === 503, {
      timeoutMs: 60_000,
      what: 'the server is not ready',
    });
    const refused = await post();
    expect([refused.status, refused.json.type]).toEqual([503, 'urn:fairq:problem:unavailable']);
    expect(refused.json.detail).toContain('alarm');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await ask(server, '/livez')).status).toBe(200);
    const found = await ask(server, `/v1/tasks/${sent.json.id}`, { user: 'ann' });
    expect([found.status, found.json.state]).toEqual([200, 'queued']);
  } finally {
    await lift();
  }
  const { status, json } = await first;
  expect([202, 504]).toContain(status);
  await eventually(async () => (await post()).status === 202, {
    timeoutMs: 60_000,
    what: 'tasks are taken again',
  });
  const late = await ask(server, `/v1/tasks/${json.id}`, { user: 'ann' });
  expect(late.json.state).toBe('queued');
});
