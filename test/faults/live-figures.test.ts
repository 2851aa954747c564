import { writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import amqplib, { type ChannelModel } from 'amqplib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TaskState } from '../../src/core/events/task-state.js';
import type { QueueList, ShownQueue } from '../../src/core/reports/queue-report.js';
import type { RunReport } from '../../src/core/reports/run-report.js';
import type { RunningTasks } from '../../src/core/reports/running-report.js';
import type { TopSample } from '../../src/core/top/top-sample.js';
import { eventually } from '../support/eventually.js';
import { fairq, fairqJson, jsonLines, RunningFairq } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import { useFaultBroker } from './support/fault-broker.js';
import { type LoggedRun, readHandlerLog, runningAt } from './support/handler-log.js';
import { ReadyCounts } from './support/ready-counts.js';

/**
 * What an operator reads while 2,000 queues are under load, against the broker's own counts of that moment and a log of the
 * handlers. A figure may be as old as the program says, and no older than 15 s.
 */
const USERS = 2_000;
const OLDEST_MS = 15_000;
/** The broker counts so often for its listings. */
const COUNTED_EVERY_MS = 5_000;
const HANDLER = fileURLToPath(new URL('support/logged-tasks.mjs', import.meta.url));
const SLOTS = { w1: 6, w2: 4 };
const WORKERS = Object.keys(SLOTS) as (keyof typeof SLOTS)[];
const WATCHED = ['B', 'N', 'X', 'F', 'user-1', 'user-1999'];
const WAIT_MS = 240_000;

interface Doctor {
  readonly findings: readonly { readonly check: string; readonly level: string; readonly text: string }[];
}

const broker = useFaultBroker();
const folder = useFolder();
let env: Record<string, string>;
let model: ChannelModel;
let counts: ReadyCounts;
let samples: TopSample[];
const started: RunningFairq[] = [];

const queueOf = (user: string) => `fairq.user.${user}`;
const log = (): LoggedRun[] => readHandlerLog(dirname(folder.file('w1.log')), WORKERS);

function start(args: string[], more: Record<string, string> = {}): RunningFairq {
  const one = new RunningFairq(args, { ...env, ...more });
  started.push(one);
  return one;
}

/** What is said is so at some moment between the question and the answer, or up to so long before it. */
async function asked<T>(ask: () => Promise<T>): Promise<{ from: number; to: number; answer: T }> {
  const from = Date.now();
  const answer = await ask();
  return { from, to: Date.now(), answer };
}

beforeAll(async () => {
  env = {
    FAIRQ_URI: broker.uri,
    FAIRQ_MANAGEMENT_URI: broker.managementUri,
    XDG_STATE_HOME: folder.file('state'),
  };
  model = await amqplib.connect(broker.uri, { noDelay: true });
  const task = (user: string, ms: number) => JSON.stringify({ user, task: 'work', payload: { ms } });
  const lines = [
    ...Array.from({ length: USERS }, (_, i) => task(`user-${i + 1}`, 50)),
    ...Array.from({ length: 2_000 }, () => task('B', 50)),
    ...Array.from({ length: 2 }, () => task('L', 3_600_000)),
    ...Array.from({ length: 30 }, () => task('X', 50)),
    ...Array.from({ length: 8 }, () => JSON.stringify({ user: 'F', task: 'fail' })),
    task('N', 50),
  ];
  writeFileSync(folder.file('tasks.ndjson'), lines.map((line) => `${line}\n`).join(''));
  await fairqJson(env, 'publish', '--from', folder.file('tasks.ndjson'), '--run', 'load');
  counts = new ReadyCounts(await model.createChannel(), WATCHED.map(queueOf));
  counts.begin();
  const workers: RunningFairq[] = [];
  for (const name of WORKERS) {
    const flags = ['--exclude', queueOf('X'), '--max-attempts', '1', '--handler', HANDLER];
    const logging = { TASK_LOG: dirname(folder.file('x')), TASK_LOG_NAME: name };
    workers.push(start(['worker', '--name', name, '-c', String(SLOTS[name]), ...flags], logging));
  }
  for (const worker of workers) await worker.says(/ready, /, WAIT_MS);
  const payload = ['--task', 'work', '--payload', '{"ms":50}'];
  start(['publish', '--user', 'N', ...payload, '--rate', '20/s', '--count', '100000', '--run', 'n']);
  await eventually(() => runningAt(log(), Date.now()).filter(({ user }) => user === 'L').length === 2, {
    timeoutMs: WAIT_MS,
    what: 'the two long tasks run',
  });
}, 400_000);

afterAll(async () => {
  for (const { args, process, stderr } of started) {
    if (args[0] === 'worker' && process.exitCode !== null)
      console.error(`${args.join(' ')} ended: ${stderr}`);
  }
  for (const one of started) one.signal('SIGKILL'); // two are at tasks of an hour
  await Promise.all(started.map(({ ended }) => ended));
  await counts.end();
  await model.close();
}, 60_000);

function expectWithin(
  value: number,
  range: { least: number; most: number; step: number },
  what: string,
): void {
  const said = `${what}: ${value} of ${JSON.stringify(range)}`;
  expect(value, said).toBeGreaterThanOrEqual(range.least - range.step);
  expect(value, said).toBeLessThanOrEqual(range.most + range.step);
}

/** The fewest and the most tasks that ran at once in a time; milliseconds since the epoch. */
function busyBetween(runs: readonly LoggedRun[], worker: string, from: number, to: number) {
  const own = runs.filter((run) => run.worker === worker);
  const moments = [from, to, ...own.flatMap(({ start, end }) => [start, end])];
  const busy = moments.filter((at) => at >= from && at <= to).map((at) => runningAt(own, at).length);
  return { least: Math.min(...busy), most: Math.max(...busy), step: 1 };
}

describe('what is read with 2,000 queues under load', () => {
  it('top: who waits, who is served, and by whom', async () => {
    const top = start(['--json', 'top', '--interval', '1s', '--samples', '40', '--weight', 'B=1']);
    const { stdout, stderr } = await top.ended;
    samples = jsonLines<TopSample>(stdout).filter((line) => 'users' in line);
    expect(samples.length, stderr).toBe(40);
    // What comes after the last sample is in the range of it.
    await eventually(() => Date.now() > Date.parse(samples.at(-1)!.at) + 1_000, {
      timeoutMs: WAIT_MS,
      what: 'counts after the last sample',
    });
    const runs = log();
    const slack = counts.longestGapMs;
    let compared = 0;
    for (const sample of samples) {
      const at = Date.parse(sample.at);
      const age = sample.listedSecondsAgo;
      const isKnown = sample.backlog !== null;
      if (isKnown) expect((age ?? Infinity) * 1_000 + COUNTED_EVERY_MS).toBeLessThanOrEqual(OLDEST_MS);
      for (const user of WATCHED) {
        const row = sample.users.find((one) => one.user === user);
        if (!isKnown) {
          expect([row?.backlog ?? null, row?.fairShare ?? null]).toEqual([null, null]);
          continue;
        }
        if (row?.backlog === undefined || row.backlog === null) continue;
        expectWithin(
          row.backlog,
          counts.between(queueOf(user), at - OLDEST_MS - slack, at + slack),
          `${user} at ${sample.at}`,
        );
        compared++;
        if (user !== 'X') expect(row.unserved, user).toBe(false);
        else if (sample.workersKnown) expect([row.backlog, row.unserved]).toEqual([30, true]);
      }
      for (const { name, slots, idle } of sample.workers) {
        expect(slots).toBe(SLOTS[name as keyof typeof SLOTS]);
        expectWithin(
          slots - idle,
          busyBetween(runs, name, at - OLDEST_MS - slack, at + slack),
          `${name} at ${sample.at}`,
        );
      }
      if (sample.workersKnown) expect(sample.workers.map(({ name }) => name).sort()).toEqual(WORKERS);
      const shares = sample.users.flatMap(({ fairShare }) => (fairShare === null ? [] : [fairShare]));
      if (shares.length > 0) expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 6);
    }
    expect(compared).toBeGreaterThan(0);
    const told = samples.at(-1)!.workers.map(({ longest }) => longest?.user);
    expect(told).toContain('L');
  });

  it('queues show and queues list: what waits, and whose workers these are', async () => {
    for (const user of ['B', 'N', 'X']) {
      const { from, to, answer } = await asked(() => fairqJson<ShownQueue>(env, 'queues', 'show', user));
      const slack = counts.longestGapMs;
      await eventually(() => Date.now() > to + slack, { timeoutMs: WAIT_MS, what: 'a count after it' });
      // Of now, not of the listing before.
      expectWithin(answer.ready, counts.between(queueOf(user), from, to), `queues show ${user}`);
      expect(answer.workers?.map(({ name }) => name).sort()).toEqual(user === 'X' ? [] : WORKERS);
      expect(answer.consumers).toBeLessThanOrEqual(WORKERS.length);
      if (user === 'X') expect(answer.consumers).toBe(0);
    }
    const { from, to, answer } = await asked(() => fairqJson<QueueList>(env, 'queues', 'list'));
    const slack = counts.longestGapMs;
    for (const user of WATCHED) {
      const listed = answer.queues.find(({ name }) => name === queueOf(user));
      expectWithin(
        listed?.ready ?? -1,
        counts.between(queueOf(user), from - OLDEST_MS - slack, to),
        `queues list ${user}`,
      );
    }
    expect(answer.totals.users).toBe(USERS + 5);
  });

  it('tasks, task and doctor: what runs, where, and what has ended', async () => {
    const running = await asked(() => fairqJson<RunningTasks>(env, 'tasks', '--running', '--limit', '1000'));
    const runs = log();
    expect(running.answer).toMatchObject({ workers: WORKERS, silent: [] });
    const told = new Set(running.answer.tasks.map(({ id }) => id));
    for (const { id, worker, user } of running.answer.tasks) {
      const run = runs.find((one) => one.id === id);
      expect([run?.worker, run?.user], id).toEqual([worker, user]);
      expect(run!.end, id).toBeGreaterThanOrEqual(running.from);
    }
    for (const { id, start, end } of runs) {
      if (start < running.from && end > running.to) expect(told).toContain(id);
    }
    expect(running.answer.tasks.slice(0, 2).map(({ user }) => user)).toEqual(['L', 'L']);

    const stateOf = (id: string) => fairqJson<TaskState>(env, 'task', id);
    const [long] = running.answer.tasks;
    expect(await stateOf(long!.id)).toMatchObject({ state: 'started', worker: long!.worker });
    const ended = runs.findLast(({ user, end }) => user === 'N' && end < Number.POSITIVE_INFINITY)!;
    await eventually(async () => ['done', 'expired'].includes((await stateOf(ended.id)).state), {
      timeoutMs: WAIT_MS,
      what: `${ended.id} is done`,
    });
    const failed = runs.find(({ user }) => user === 'F');
    if (failed !== undefined) expect((await stateOf(failed.id)).state).toBe('failed');

    const doctor = await asked(() =>
      fairq(env, '--json', 'doctor').then(({ stdout }) => JSON.parse(stdout) as Doctor),
    );
    const problems = doctor.answer.findings.filter(({ level }) => level === 'problem');
    expect(problems).toEqual([]);
    const after = log();
    const text = doctor.answer.findings.find(({ check }) => check === 'workers')?.text ?? '';
    const [, idle = '-1'] = /2 workers, 10 slots, (\d+) of them idle/.exec(text) ?? [];
    const busy = WORKERS.map((name) => busyBetween(after, name, doctor.from - OLDEST_MS, doctor.to));
    const sum = (of: (one: (typeof busy)[number]) => number) => busy.reduce((all, one) => all + of(one), 0);
    const range = { least: sum(({ least }) => least), most: sum(({ most }) => most), step: 2 };
    expectWithin(10 - Number(idle), range, text);
  });

  it('report: what has ended is what handlers ended', async () => {
    const before = log().filter(({ user, end }) => user !== 'N' && end < Number.POSITIVE_INFINITY).length;
    // Written down with the acknowledgements, in a moment.
    const { answer } = await eventually(
      async () => {
        const said = await asked(() => fairqJson<RunReport>(env, 'report', '--run', 'load'));
        return said.answer.completed >= before - 1 ? said : undefined;
      },
      { timeoutMs: WAIT_MS, what: `${before} tasks in the report` },
    );
    const ended = log().filter(({ user, end }) => user !== 'N' && end < Number.POSITIVE_INFINITY).length;
    expect(answer.completed).toBeLessThanOrEqual(ended + 1);
    expect(answer.published).toBe(USERS + 2_000 + 2 + 30 + 8 + 1);
  });
});
