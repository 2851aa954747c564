import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { TaskState } from '../../src/core/events/task-state.js';
import type { Finding } from '../../src/core/reports/finding.js';
import type { RunReport } from '../../src/core/reports/run-report.js';
import { eventually } from '../support/eventually.js';
import { fairqJson, RunningFairq } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import { NetworkProxy } from '../support/network-proxy.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const folder = useFolder();
const MODULE = fileURLToPath(new URL('../support/deadly-tasks.mjs', import.meta.url));
/** Whoever restarts workers does so again and again, whatever they are about; a silence takes 10 s. */
const RESTART_AFTER_MS = 3_000;

interface Letters {
  readonly letters: readonly {
    readonly id: string;
    readonly user: string;
    readonly reason: string;
    readonly attempts: number;
  }[];
}

/** What innocent tasks have written, in one test. */
class Log {
  readonly env: Record<string, string>;

  constructor(private readonly name: string) {
    this.env = { ...vhost.env, DEADLY_LOG: folder.file(this.name) };
  }

  get lines(): string[] {
    const file = folder.file(this.name);
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  }

  /** A life of a worker; it ends by itself, or by a task. */
  worker(...flags: string[]): RunningFairq {
    const args = ['--json', 'worker', '--handler', MODULE, '--exit-when', 'empty', ...flags];
    return new RunningFairq(args, this.env);
  }
}

async function publish(
  task: string,
  count: number,
  run: string,
  ...more: string[]
): Promise<{ id?: string }> {
  const flags = ['--task', task, '--count', `${count}`, '--run', run, ...more];
  return fairqJson(vhost.env, 'publish', ...flags);
}

/** What is said of a task that a worker has and lets wait, since the one before is gone. */
async function isToldToBeHeldBack(id: string, worker: RunningFairq): Promise<void> {
  const heldBack = await eventually(
    async () => (await fairqJson<TaskState>(vhost.env, 'task', id)).heldBack,
    {
      timeoutMs: 60_000,
      what: () => `it to be held back; its worker said: ${worker.stderr}`,
    },
  );
  expect(heldBack).toEqual({
    worker: expect.any(String),
    since: expect.any(Number),
    until: expect.any(Number),
    ahead: expect.any(Number),
  });
  expect(heldBack.until).toBeGreaterThan(heldBack.since);
  const { stdout } = await new RunningFairq(['task', id], vhost.env).ended;
  expect(stdout).toMatch(/queued, held back at .*: (a worker that had started it is gone|1 worker died)/);
  expect(worker.stderr).toMatch(/(is|are) held back, since a worker that had started/);
}

/** A worker that lives on has given the task up, and has it in its metrics. */
async function isCountedByItsWorker(log: Log): Promise<void> {
  const worker = new RunningFairq(['worker', '--handler', MODULE, '--metrics-port', '0'], log.env);
  await worker.says(/metrics at http\S+/);
  const [, url = ''] = /metrics at (http\S+)/.exec(worker.stderr) ?? [];
  await eventually(async () => /^fairq_tasks_crashed_total\{.*\} 1$/m.test(await (await fetch(url)).text()), {
    timeoutMs: 60_000,
    what: () => `it to give the task up; it said: ${worker.stderr}`,
  });
  worker.signal('SIGTERM');
  const { code, stderr } = await worker.ended;
  expect(code, stderr).toBe(0);
}

async function findingOf(check: string, level: string): Promise<Finding | undefined> {
  const { findings } = await fairqJson<{ findings: Finding[] }>(vhost.env, 'doctor');
  return findings.find((finding) => finding.check === check && finding.level === level);
}

async function letters(): Promise<Letters['letters']> {
  return (await fairqJson<Letters>(vhost.env, 'dead', 'list')).letters;
}

describe('a task that kills its worker', () => {
  it('is a dead letter after three deaths, and everybody else gets through', async () => {
    const log = new Log('kill');
    const { id = '' } = await publish('kill', 1, 'poison', '--user', 'poison');
    for (const user of ['B', 'C']) await publish('innocent', 20, 'good', '--user', user);
    for (let deaths = 1; deaths <= 3; deaths++) {
      const worker = log.worker('--verbose');
      if (deaths === 3) await isToldToBeHeldBack(id, worker);
      const { stderr } = await worker.ended;
      expect(worker.process.signalCode, stderr).toBe('SIGKILL');
      if (deaths < 3) continue;
      expect(stderr).toMatch(/(is|are) next when nothing else is held here: 1 worker died/);
    }
    await isCountedByItsWorker(log);
    expect(await letters()).toEqual([
      expect.objectContaining({ user: 'poison', reason: 'its worker died 3 times', attempts: 3 }),
    ]);
    const good = await fairqJson<RunReport>(vhost.env, 'report', '--run', 'good');
    expect(good).toMatchObject({ published: 40, completed: 40, failed: 0, missing: 0 });
    const poison = await fairqJson<RunReport>(vhost.env, 'report', '--run', 'poison');
    expect(poison).toMatchObject({ published: 1, completed: 1, failed: 1, missing: 0 });
    const finding = await eventually(async () => findingOf('crashes', 'warning'), {
      timeoutMs: 60_000,
      what: 'the broker lists the dead letter',
    });
    expect(finding.text).toBe('1 dead letter of tasks that ended their workers: of "poison", named "kill"');
    expect(finding.mend).toContain("fairq dead list --reason 'its worker died'");
    const [letter] = await letters();
    const state = await fairqJson<TaskState>(vhost.env, 'task', letter!.id);
    expect(state).toMatchObject({ state: 'failed', attempt: 3, error: 'its worker died 3 times' });
    await fairqJson(vhost.env, 'dead', 'discard', '--all', '--yes');
    expect(await findingOf('crashes', 'ok')).toBeDefined();
  });
});

describe('where workers are restarted before a silence could be long enough', () => {
  it('the task that kills them is a dead letter all the same, and everybody else gets through', async () => {
    const log = new Log('restarts');
    await publish('kill', 1, 'poison', '--user', 'poison');
    for (const user of ['B', 'C']) await publish('innocent', 20, 'restarted', '--user', user);
    let deaths = 0;
    for (let isOver = false; !isOver; ) {
      const worker = log.worker();
      const life = worker.ended;
      await Promise.race([life, worker.says(/: ready, /).then(() => delay(RESTART_AFTER_MS))]);
      worker.signal('SIGTERM');
      const { code, stderr } = await life;
      if (worker.process.signalCode === 'SIGKILL') deaths++;
      else expect([0, 3], stderr).toContain(code); // 3 where it leaves the dead letter
      isOver = deaths > 0 && (await letters()).length > 0;
    }
    expect(deaths).toBe(3);
    const { code, stderr } = await log.worker().ended;
    expect(code, stderr).toBe(0);
    expect(await letters()).toEqual([
      expect.objectContaining({ user: 'poison', reason: 'its worker died 3 times', attempts: 3 }),
    ]);
    const good = await fairqJson<RunReport>(vhost.env, 'report', '--run', 'restarted');
    expect(good).toMatchObject({ published: 40, completed: 40, failed: 0, missing: 0 });
    await fairqJson(vhost.env, 'dead', 'discard', '--all', '--yes');
  });
});

describe('a task that does nothing wrong', () => {
  it('is done, however often the worker is killed that holds it', async () => {
    const log = new Log('innocent');
    const users = 5;
    await publish('innocent', 20, 'held', '--users', `${users}`, '--payload', '100');
    for (let kills = 0; kills < 6; kills++) {
      const before = log.lines.length;
      const worker = log.worker('--concurrency', '2');
      await eventually(() => log.lines.length > before + kills, {
        timeoutMs: 60_000,
        what: () => `tasks to run; it said: ${worker.stderr}`,
      });
      worker.signal('SIGKILL');
      await worker.ended;
    }
    const { code, stderr } = await log.worker().ended;
    expect(code, stderr).toBe(0);
    expect(await letters()).toEqual([]);
    const report = await fairqJson<RunReport>(vhost.env, 'report', '--run', 'held');
    expect(report).toMatchObject({ completed: 20 * users, failed: 0, missing: 0 });
  });

  it('has no death on it where its worker is cut off and comes back', async () => {
    const log = new Log('cut');
    const uri = new URL(vhost.env.FAIRQ_URI!);
    const proxy = await NetworkProxy.to(uri.hostname, Number(uri.port));
    try {
      await publish('innocent', 2, 'cut', '--user', 'A', '--payload', '4000');
      uri.host = `127.0.0.1:${proxy.port}`;
      const args = ['--json', 'worker', '--handler', MODULE];
      const worker = new RunningFairq(args, { ...log.env, FAIRQ_URI: uri.href });
      for (let cuts = 1; cuts <= 5; cuts++) {
        await eventually(() => worker.stderr.split(/ready, |connected again/).length > cuts, {
          timeoutMs: 60_000,
          what: () => `it to be connected; it said: ${worker.stderr}`,
        });
        await eventually(async () => (await vhost.ready('fairq.user.A')) === 0, {
          timeoutMs: 60_000,
          what: 'the tasks to be delivered',
        });
        proxy.cut();
      }
      await eventually(() => log.lines.length >= 2, { timeoutMs: 60_000, what: 'the tasks to end' });
      worker.signal('SIGTERM');
      await worker.ended;
    } finally {
      await proxy.close();
    }
    const { code, stderr } = await log.worker().ended;
    expect(code, stderr).toBe(0);
    expect(await letters()).toEqual([]);
    expect(await fairqJson(vhost.env, 'report', '--run', 'cut')).toMatchObject({
      completed: 2,
      missing: 0,
    });
  });
});
