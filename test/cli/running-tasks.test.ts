import { afterEach, expect, it } from 'vitest';
import type { RunningTasks } from '../../src/core/reports/running-report.js';
import type { TopSample } from '../../src/core/top/top-sample.js';
import { eventually } from '../support/eventually.js';
import { FairqHere, fairq, fairqJson, jsonLines, RunningFairq } from '../support/fairq.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const { env } = vhost;
const WAIT_MS = 60_000;

const started: RunningFairq[] = [];
afterEach(async () => {
  for (const one of started) one.signal('SIGKILL'); // they are at tasks of ten minutes
  await Promise.all(started.splice(0).map(({ ended }) => ended));
});

async function worker(name: string, ...flags: string[]): Promise<void> {
  const one = new RunningFairq(['worker', '--name', name, '-c', '2', ...flags], env);
  started.push(one);
  await one.says(/ready, /, WAIT_MS);
  // The broker lists connections a moment later than they are there, and only who is listed is waited for.
  await eventually(
    async () => (await vhost.management.connectionNames()).some((listed) => listed.endsWith(name)),
    { timeoutMs: WAIT_MS, what: 'its connection is listed' },
  );
}

const publish = (user: string, task: string, count: number) =>
  fairqJson(env, ...['publish', '--user', user, '--task', task], '--duration', '10m', '--count', `${count}`);
const running = (...flags: string[]) => fairqJson<RunningTasks>(env, 'tasks', '--running', ...flags);
const untilRunning = (count: number) =>
  eventually(
    async () => {
      const found = await running();
      return found.total === count && found.silent.length === 0 && found;
    },
    { timeoutMs: WAIT_MS, what: `${count} tasks run, and nobody is silent` },
  );

it('tasks that run are found at all workers, and who does not answer is named', async () => {
  expect(await running()).toMatchObject({ tasks: [], total: 0, workers: [], silent: [] });
  await worker('w1');
  await publish('A', 'sleep', 2);
  await untilRunning(2);
  await worker('w2');
  await publish('B', 'sleep', 1);
  const { tasks, workers } = await untilRunning(3);
  expect(workers).toEqual(['w1', 'w2']);
  expect(tasks.map(({ user, task, worker, attempt }) => [user, task, worker, attempt])).toEqual([
    ['A', 'sleep', 'w1', 1],
    ['A', 'sleep', 'w1', 1],
    ['B', 'sleep', 'w2', 1],
  ]);
  for (const { id, started: at } of tasks) {
    expect(await fairqJson(env, 'task', id)).toMatchObject({ state: 'started', started: at });
  }
  const short = await running('--limit', '1');
  expect(short).toMatchObject({ tasks: [{ id: tasks[0]!.id }], total: 3 });
  expect(await running('--longer-than', '1h')).toMatchObject({ tasks: [], total: 0, workers: ['w1', 'w2'] });
  const text = async () => (await fairq({ ...env, COLUMNS: '40' }, 'tasks', '--running')).stdout;
  const stdout = await eventually(
    async () => {
      const shown = await text();
      return shown.includes('3 tasks, 2 workers answered') && shown;
    },
    { timeoutMs: WAIT_MS, what: 'both answer' },
  );
  for (const { id } of tasks) expect(stdout).toContain(id);

  const longest = async () => {
    const top = new FairqHere(['--json', 'top', '--interval', '3s', '--samples', '1'], env);
    const [sample] = jsonLines<TopSample>((await top.ended).stdout);
    return sample?.workers.map(({ name, longest }) => `${name}: ${longest?.user}`).sort();
  };
  // On a busy machine a worker may not answer within the interval.
  await eventually(async () => (await longest())?.join() === 'w1: A,w2: B', {
    timeoutMs: WAIT_MS,
    what: 'both tell top what runs for longest',
  });

  // Nobody but the worker knows what runs there, and this one cannot answer.
  const { id } = await publish('C', 'cpu', 1);
  await eventually(async () => (await running()).silent.join() === 'w2', {
    timeoutMs: WAIT_MS,
    what: 'w2 is blocked, and w1 answers',
  });
  const shown = await eventually(
    async () => {
      const { stdout } = await fairq(env, 'tasks', '--running');
      return stdout.includes('1 worker answered') && stdout;
    },
    { timeoutMs: WAIT_MS, what: 'w1 answers' },
  );
  expect(shown).toContain('No answer from w2');
  // It runs at w2, which cannot say so.
  expect((await fairq(env, 'task', String(id))).stdout).toContain('queued: no worker that answers runs it');
});

it('who is slow to answer is waited for', async () => {
  await publish('S', 'sleep', 1);
  await worker('slow', '--queues', 'fairq.user.S');
  await untilRunning(1);
  const slow = started.at(-1)!;
  slow.signal('SIGSTOP');
  const asking = new FairqHere(['--json', 'tasks', '--running'], env);
  await asking.says(/no answer from slow yet/, WAIT_MS);
  slow.signal('SIGCONT');
  const { stdout } = await asking.ended;
  expect(JSON.parse(stdout)).toMatchObject({ total: 1, workers: ['slow'], silent: [] });
});

it('a limit beyond what a worker tells is refused, and so is no question at all', async () => {
  for (const flags of [['--running', '--limit', '1001'], []]) {
    const { code, stderr } = await fairq(env, 'tasks', ...flags);
    expect(code).toBe(64);
    expect(stderr).not.toBe('');
  }
});
