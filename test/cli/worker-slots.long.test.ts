import { afterEach, beforeEach, describe, it } from 'vitest';
import type { TopSample } from '../../src/core/top/top-sample.js';
import { eventually } from '../support/eventually.js';
import { fairq, fairqJson, jsonLines, RunningFairq } from '../support/fairq.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
/** Each test has a prefix of its own: what a killed worker leaves is delivered again. */
let env: Record<string, string>;
let tests = 0;
beforeEach(() => {
  env = { ...vhost.env, FAIRQ_PREFIX: `t${tests++}` };
});
const WAIT_MS = 60_000;

const running: RunningFairq[] = [];
afterEach(async () => {
  for (const one of running) one.signal('SIGKILL'); // it may be at a task of a minute
  await Promise.all(running.splice(0).map(({ ended }) => ended));
});

async function worker(name: string, slots: number): Promise<RunningFairq> {
  const started = new RunningFairq(['worker', '--name', name, '-c', String(slots)], env);
  running.push(started);
  await started.says(/ready, /);
  return started;
}

function watched(): () => TopSample | undefined {
  const top = new RunningFairq(['--json', 'top', '--interval', '200ms'], env);
  running.push(top);
  return () => {
    const whole = top.stdout.slice(0, top.stdout.lastIndexOf('\n') + 1);
    return whole === '' ? undefined : jsonLines<TopSample>(whole).at(-1);
  };
}

async function doctorSays(text: string): Promise<void> {
  let said = '';
  const looked = async () => {
    const { stdout } = await fairq(env, '--json', 'doctor');
    const { findings } = JSON.parse(stdout) as { findings: { check: string; text: string }[] };
    said = findings.find(({ check }) => check === 'workers')?.text ?? '';
    return said.includes(text);
  };
  await eventually(looked, { timeoutMs: WAIT_MS, what: `doctor to say "${text}"; it says ${said}` });
}

describe('the slots of a worker that is alone', () => {
  it('are idle where nothing runs, and busy where tasks run, whoever came and went before', async () => {
    await worker('stays', 7);
    const last = watched();
    const idle = () => last()?.workers.find(({ name }) => name === 'stays')?.idle;
    await doctorSays('7 slots, 7 of them idle');
    await eventually(() => idle() === 7, { timeoutMs: WAIT_MS, what: 'top shows seven idle slots' });
    const other = await worker('goes', 7);
    await eventually(() => last()?.workers.length === 2, {
      timeoutMs: WAIT_MS,
      what: 'two workers are heard',
    });
    other.signal('SIGTERM');
    await other.ended;
    await fairqJson(env, 'publish', '--user', 'A', '--count', '5', '--task', 'sleep', '--duration', '60s');
    await eventually(() => idle() === 2, { timeoutMs: WAIT_MS, what: 'five slots are busy' });
    await doctorSays('7 slots, 2 of them idle');
  });

  it('are busy on the average where tasks hold the event loop, so that none runs when it speaks', async () => {
    const started = await worker('short', 2);
    const last = watched();
    await fairqJson(env, 'publish', '--user', 'A', '--count', '20000', '--task', 'cpu', '--duration', '3ms');
    await eventually(() => last()?.workers[0]?.idle === 1, {
      timeoutMs: WAIT_MS,
      what: () => `one slot is busy, and one idle; the worker says: ${started.stderr}`,
    });
  });
});
