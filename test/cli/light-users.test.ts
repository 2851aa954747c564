import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { TopSample } from '../../src/core/top/top-sample.js';
import type { Users } from '../../src/serve/overview/overview-views.js';
import { eventually } from '../support/eventually.js';
import { FairqHere, fairqJson, jsonLines, RunningFairq } from '../support/fairq.js';
import { ask, useServing } from '../support/serving.js';
import { useVhost } from '../support/vhost.js';

const { env } = useVhost();
/** More than workers prefetch out of one shared queue. */
const MANY = 200;
const SLEEPS = ['--task', 'sleep', '--duration', '1h', '--run', 'light'];
const SECONDS = ['--task', 'sleep', '--duration', '1s'];

/** Undefined where there is no such figure. */
function valueIn(metrics: string, name: string): number | undefined {
  const found = new RegExp(`^${name}\\{[^}]*\\} (\\S+)$`, 'm').exec(metrics)?.[1];
  return found === undefined ? undefined : Number(found);
}

async function scrapeOf({ stderr }: RunningFairq): Promise<string> {
  const [, uri = ''] = /metrics at (\S+)/.exec(stderr) ?? [];
  return (await fetch(uri, { headers: { connection: 'close' } })).text();
}

let worker: RunningFairq | undefined;
const others: RunningFairq[] = [];
beforeAll(async () => {
  await fairqJson(env, 'publish', '--units', 'shared:1', '--user', 'a', '--count', '4', ...SLEEPS);
  await fairqJson(env, 'publish', '--user', 'b', '--count', '3', ...SLEEPS);
  await fairqJson(env, 'publish', '--users', String(MANY), '--count', '1', ...SLEEPS);
  worker = new RunningFairq(['worker', '-c', '1', '--metrics-port', '0'], env);
  await worker.says(/ready, /);
});
// A server makes the exchange where nobody has, without shared queues.
const serving = useServing(env);
afterAll(async () => {
  worker?.signal('SIGKILL'); // it is at a task of an hour
  await worker?.ended;
});
afterEach(async () => {
  for (const other of others) other.signal('SIGTERM');
  await Promise.all(others.splice(0).map(({ ended }) => ended));
});

describe('the metrics of a worker that serves a shared queue', () => {
  it('say how much waits of light users, there and in the queue, and name none of them', async () => {
    const text = await eventually(
      async () => {
        const scraped = await scrapeOf(worker!);
        return valueIn(scraped, 'fairq_shared_backlog_tasks')! > 0 && scraped;
      },
      { timeoutMs: 60_000, what: 'the queue is listed' },
    );
    expect(valueIn(text, 'fairq_backlog_tasks')).toBe(valueIn(text, 'fairq_shared_backlog_tasks'));
    expect(valueIn(text, 'fairq_light_tasks_held')).toBeGreaterThan(50);
    expect(valueIn(text, 'fairq_light_users')).toBeGreaterThan(50);
    for (const name of ['users_promoted', 'tasks_moved', 'queues_demoted'])
      expect(valueIn(text, `fairq_${name}_total`), name).toBe(0);
    expect(text).not.toContain('user="');
  });

  it('count the users that got a queue of their own, and the tasks that were moved there', async () => {
    const other = { ...env, FAIRQ_PREFIX: 'promoting' };
    // No publisher knows of so many that the user is heavy.
    for (let i = 0; i < 5; i++) {
      await fairqJson(
        other,
        'publish',
        '--units',
        'shared:1',
        '--user',
        'heavy',
        '--count',
        '20',
        ...SECONDS,
      );
    }
    const promoting = new RunningFairq(['worker', '-c', '1', '--metrics-port', '0'], other);
    others.push(promoting);
    await promoting.says(/ready, /);
    await eventually(
      async () => {
        const text = await scrapeOf(promoting);
        const counts = ['users_promoted', 'tasks_moved'].map((name) => valueIn(text, `fairq_${name}_total`));
        return counts[0] === 1 && counts[1]! > 0;
      },
      { timeoutMs: 60_000, what: 'the heavy user has a queue, and tasks are moved there' },
    );
  });
});

describe('fairq top, where light users share a queue', () => {
  it('says what is known of them at the workers, and what waits of anybody', async () => {
    const top = new FairqHere(['--json', 'top', '--interval', '200ms'], env);
    const last = () => {
      const lines = top.stdout.slice(0, top.stdout.lastIndexOf('\n') + 1);
      return lines === '' ? undefined : jsonLines<TopSample>(lines).at(-1);
    };
    const sample = await eventually(
      () => {
        const seen = last();
        const { backlog: waiting, atWorkers } = seen?.shared ?? {};
        // One task runs. The queue is listed now and then, while the worker may take more of it.
        return waiting! > 0 && waiting! + atWorkers! === MANY + 6 && seen;
      },
      { timeoutMs: 60_000, what: 'the worker says what it has, and the queue is listed' },
    );
    top.signal('SIGINT');
    await top.ended;
    const { shared, users, backlog } = sample;
    expect(shared).toMatchObject({ queues: 1, unserved: false });
    expect(backlog).toBe(shared!.backlog);
    expect(users.filter(({ shares }) => !shares)).toEqual([]);
    const [a, b] = ['a', 'b'].map((name) => users.find(({ user }) => user === name));
    const unknown = { backlog: null, unacknowledged: null, fairShare: null, unserved: false };
    expect(a).toMatchObject(unknown);
    expect(b).toMatchObject(unknown);
    // One of theirs may run.
    expect(a!.atWorkers! + b!.atWorkers!).toBeGreaterThanOrEqual(6);
    expect(a!.oldestAtWorkersMs).toBeGreaterThan(0);
    // Of those with one task the worker names some, and of the others nobody knows.
    expect(users).toHaveLength(50);
    expect(shared!.users).toBeGreaterThan(50);
  });
});

describe('GET /v1/users, where light users share a queue', () => {
  const asked = async (path: string) => (await ask(serving, path, { user: 'boss' })).json;
  const untilKnown = () =>
    eventually(
      async () => {
        const found = (await asked('/v1/users?sort=user&limit=1000')) as unknown as Users;
        const { backlog, atWorkers } = found.shared ?? {};
        const isCounted = found.users.find(({ user }) => user === 'b')?.running !== null;
        const atAll = found.users.reduce((sum, one) => sum + (one.atWorkers ?? 0), 0);
        return (
          backlog! > 0 && backlog! + atWorkers! === MANY + 6 && atAll === atWorkers && isCounted && found
        );
      },
      { timeoutMs: 60_000, what: 'the worker says of all users what it has, and the queue is listed' },
    );

  it('tells of each what is known to wait at workers, and of none a backlog', async () => {
    const { users } = await untilKnown();
    // All workers have said what each user has there, and not only of those with most.
    expect(users.length).toBeGreaterThan(50);
    for (const { user, ...figures } of users)
      expect(figures, user).toMatchObject({ shares: true, backlog: null, fairShare: null, unserved: false });
  });

  it('tells the same of one of them, and of whoever asks', async () => {
    await untilKnown();
    const { atWorkers, running, ...a } = await asked('/v1/users/a');
    expect(a).toMatchObject({ shares: true, backlog: null });
    expect(Number(atWorkers) + Number(running)).toBe(4);
    expect(a.oldestWaitSeconds).toBeGreaterThan(0);
    expect(await asked('/v1/me')).toMatchObject({ user: 'boss', shares: true, backlog: null, atWorkers: 0 });
    expect((await ask(serving, '/v1/users/nobody', { user: 'boss' })).status).toBe(404);
  });

  it('counts in the totals what waits in shared queues', async () => {
    const { shared } = await untilKnown();
    const total = await eventually(
      async () => ((await asked('/v1/history')) as { backlog: (number | null)[] }).backlog.at(-1) ?? false,
      { timeoutMs: 60_000, what: 'the history has a step that ended after its beginning' },
    );
    // What the worker has counts there as well.
    expect(total).toBeGreaterThanOrEqual(shared!.backlog!);
  });
});
