import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { RunReport } from '../../src/core/reports/run-report.js';
import type { WorkerReport } from '../../src/core/reports/worker-report.js';
import { eventually } from '../support/eventually.js';
import { fairq, fairqJson, fairqPartly, RunningFairq } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import { isLiving } from '../support/living.js';
import { FairqOnTerminal } from '../support/terminal.js';
import { useVhost } from '../support/vhost.js';

const { env } = useVhost();
const folder = useFolder();

function file(name: string): string {
  return folder.file(name);
}

function linesOf(name: string): string[] {
  return existsSync(file(name)) ? readFileSync(file(name), 'utf8').split('\n').filter(Boolean) : [];
}

function pids(): number[] {
  return linesOf('pids').map(Number);
}

/** Writes a program; `$D` is the folder of the test. */
async function program(name: string, lines: string): Promise<string> {
  await writeFile(file(name), `D=${folder.file('.')}\n${lines}\n`);
  return `sh ${file(name)}`;
}

/** Notes itself and a child, ends only when it is killed, and says whom of earlier attempts it has met. */
const STUBBORN = `
for pid in $(cat $D/pids 2>/dev/null); do
  grep -qs '^State:.[^ZX]' /proc/$pid/status && echo $pid >> $D/met
done
trap '' TERM
echo $$ >> $D/pids
sleep 1000 &
echo $! >> $D/pids
echo started >> $D/started
wait
`;

/** Says that it has started, and goes on when there is a file \`go\`. */
const PATIENT = `
echo started >> $D/started
while [ ! -e $D/go ]; do sleep 0.05; done
echo done
`;

async function started(count: number): Promise<void> {
  await eventually(() => linesOf('started').length >= count, {
    timeoutMs: 60_000,
    what: `${count} programs have started`,
  });
}

/** Each test has a folder without traces of the one before. */
afterEach(async () => {
  for (const pid of pids()) if (isLiving(pid)) process.kill(pid, 'SIGKILL');
  for (const name of ['pids', 'met', 'started', 'go', 'log']) await rm(file(name), { force: true });
});

/** Sends tasks of a user of this name, in a run of this name. */
async function send(name: string, count = 1): Promise<void> {
  await fairqJson(env, 'publish', '--user', name, '--task', 'x', '--count', `${count}`, '--run', name);
}

/** What a test has left is not for the next one. */
function only(name: string): string[] {
  return ['--queues', `fairq.user.${name}`];
}

async function reportOf(run: string): Promise<RunReport> {
  return fairqJson<RunReport>(env, 'report', '--run', run);
}

describe('a program that runs for longer than --task-timeout', () => {
  it('has gone with all that it started before the next attempt begins, though it does not want to', async () => {
    const exec = await program('stubborn', STUBBORN);
    await send('timeout');
    const flags = ['--task-timeout', '2s', '--kill-after', '200ms', '--max-attempts', '3'];
    const report = await fairqPartly<WorkerReport>(
      env,
      ...['worker', '--exec', exec, ...flags, '--backoff', '1ms', '--exit-when', 'empty'],
    );
    expect(report).toMatchObject({ completed: 0, retried: 2, failed: 1, timedOut: 3 });
    expect(linesOf('started')).toHaveLength(3);
    expect(linesOf('met')).toEqual([]);
    expect(pids()).toHaveLength(6);
    expect(pids().filter(isLiving)).toEqual([]);
  });

  it('counts as failed for that reason, though it ends well when it is told to', async () => {
    const exec = await program('polite', "trap 'exit 0' TERM; sleep 1000 & wait");
    await send('polite');
    const flags = ['--task-timeout', '200ms', '--max-attempts', '1', '--exit-when', 'empty'];
    const { stderr, code } = await fairq(env, 'worker', '--exec', exec, ...flags);
    expect(code).toBe(3);
    expect(stderr).toContain('it ran for longer than 200 ms (--task-timeout)');
  });
});

describe('a program that fails', () => {
  it('leaves nothing behind that would run beside its next attempt', async () => {
    const exec = await program('fails', 'sleep 1000 & echo $! >> $D/pids; exit 7');
    await send('fails');
    const flags = ['--max-attempts', '2', '--backoff', '1ms', '--exit-when', 'empty'];
    const report = await fairqPartly<WorkerReport>(env, 'worker', '--exec', exec, ...flags);
    expect(report).toMatchObject({ completed: 0, retried: 1, failed: 1 });
    expect(pids()).toHaveLength(2);
    expect(pids().filter(isLiving)).toEqual([]);
  });
});

describe('a program that leaves something in the background', () => {
  it('is done when it ends itself, with all that it has written, and what it left lives on', async () => {
    const exec = await program(
      'daemon',
      "sleep 1000 & echo $! >> $D/pids; head -c 300000 /dev/zero | tr '\\0' x",
    );
    await send('daemon');
    const { id } = await fairqJson<{ id: string }>(env, 'publish', '--user', 'daemon', '--run', 'daemon');
    const flags = ['--result-size', '1m', '--exit-when', 'empty'];
    const report = await fairqJson<WorkerReport>(env, 'worker', '--exec', exec, ...flags);
    expect(report).toMatchObject({ completed: 2 });
    const task = await fairqJson<{ result: string }>(env, 'task', id);
    expect(task.result).toHaveLength(300_000);
    expect(pids().filter(isLiving)).toHaveLength(2);
  });
});

describe('a stop that goes to every process of the group', () => {
  it('as Ctrl-C on a terminal does lets the programs finish, and no attempt has failed', async () => {
    const exec = await program('patient', PATIENT);
    await send('ctrl-c', 2);
    const worker = new FairqOnTerminal(
      ['worker', '--exec', `'${exec}'`, '--max-attempts', '1', '--no-color'],
      env,
    );
    try {
      await started(2);
      worker.type('\u0003');
      await eventually(() => worker.shown.includes('finishing what runs'), {
        timeoutMs: 60_000,
        what: 'the worker stops',
      });
      await writeFile(file('go'), '');
      await worker.ended();
    } finally {
      worker.close();
    }
    expect(await reportOf('ctrl-c')).toMatchObject({ completed: 2, failed: 0, missing: 0 });
  });

  it('as SIGTERM to the group does lets the programs finish, too', async () => {
    const exec = await program('patient', PATIENT);
    await send('group', 2);
    const worker = new RunningFairq(['worker', '--exec', exec, '--max-attempts', '1'], env);
    await started(2);
    process.kill(-worker.process.pid!, 'SIGTERM');
    await worker.says(/finishing what runs/);
    await writeFile(file('go'), '');
    await worker.ended;
    expect(await reportOf('group')).toMatchObject({ completed: 2, failed: 0, missing: 0 });
  });
});

describe('a worker that gives up what runs', () => {
  it('at the second signal has ended its programs before it ends itself', async () => {
    const exec = await program('stubborn', STUBBORN);
    await send('second');
    const worker = new RunningFairq(
      ['worker', ...only('second'), '--exec', exec, '--kill-after', '100ms'],
      env,
    );
    await started(1);
    worker.signal('SIGTERM');
    await worker.says(/finishing what runs/);
    worker.signal('SIGTERM');
    const { code } = await worker.ended;
    expect(code).toBe(130);
    expect(pids()).toHaveLength(2);
    expect(pids().filter(isLiving)).toEqual([]);
  });

  it('since it was killed outright leaves no program behind', async () => {
    const exec = await program('stubborn', STUBBORN);
    await send('killed');
    const worker = new RunningFairq(['worker', ...only('killed'), '--exec', exec], env);
    await started(1);
    process.kill(-worker.process.pid!, 'SIGKILL');
    await eventually(() => pids().length === 2 && !pids().some(isLiving), {
      timeoutMs: 60_000,
      what: `the end of ${pids().join(', ')}`,
    });
    await worker.ended;
  });
});

describe('a worker with fewer file descriptors than its programs need', () => {
  it('says so at its start, lets programs wait for each other, and does not end', async () => {
    await send('descriptors', 60);
    const gate = file('gate');
    const flags = [
      ...only('descriptors'),
      '--exec',
      `until [ -e ${gate} ]; do sleep 0.1; done`,
      '--concurrency',
      '40',
      '--max-attempts',
      '1',
      '--exit-when',
      'empty',
    ];
    const worker = new RunningFairq(['--json', 'worker', ...flags], env, undefined, {
      after: 'ulimit -n 100',
    });
    await worker.says(/programs wait for their start: .*EMFILE/);
    writeFileSync(gate, '');
    const { code, stdout, stderr } = await worker.ended;
    expect(stderr).toMatch(/40 programs at a time need about 1\d\d file descriptors, and .* 100/);
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout) as WorkerReport).toMatchObject({ completed: 60, failed: 0 });
  });
});

describe('what a program is given', () => {
  it('holds the facts of its task, and nothing of how the worker logs in', async () => {
    await send('secrets');
    const exec = `env | grep ^FAIRQ_ | sort | cut -d = -f 1 > ${file('log')}`;
    await fairqJson(
      { ...env, FAIRQ_PASSWORD: 'guest' },
      'worker',
      ...only('secrets'),
      '--exec',
      exec,
      '--exit-when',
      'empty',
    );
    expect(linesOf('log')).toEqual([
      'FAIRQ_TASK_ATTEMPT',
      'FAIRQ_TASK_ID',
      'FAIRQ_TASK_NAME',
      'FAIRQ_TASK_RUN',
      'FAIRQ_TASK_USER',
    ]);
  });
});
