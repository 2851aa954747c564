import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
// From dist: a node is kept by a process of its own, which runs built code.
import { startKeptNode, stopKeptNode } from '../../dist/broker/node/kept-node.js';
import type { TaskState } from '../../src/core/events/task-state.js';
import type { Explanation } from '../../src/core/explain/explanation.js';
import type { Finding } from '../../src/core/reports/finding.js';
import type { RunReport } from '../../src/core/reports/run-report.js';
import { fairq, fairqJson, RunningFairq } from '../support/fairq.js';

/** Less memory than any node needs, and more disk than any has: the alarm is there when the node has started. */
const ALARMS = [
  ['memory', 'vm_memory_high_watermark.absolute = 1MB'],
  ['disk', 'disk_free_limit.absolute = 1000000GB'],
] as const;

let folder: string;
let env: Record<string, string>;

async function startNode(extraConfig: readonly string[]): Promise<void> {
  const { uri, managementUri } = await startKeptNode(folder, { extraConfig });
  if (uri === null || managementUri === null) throw new Error('the broker did not start');
  env = { FAIRQ_URI: uri, FAIRQ_MANAGEMENT_URI: managementUri, XDG_STATE_HOME: folder };
}

async function publishLine(line: object): Promise<void> {
  const { code } = await new RunningFairq(['publish', '--from', '-'], env, JSON.stringify(line)).ended;
  expect(code).toBe(0);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairq-alarm-'));
  await startNode([]);
  await fairqJson(env, 'publish', '--user', 'B', '--count', '30', '--run', 'before');
  await publishLine({ id: 'done', user: 'A', task: 'echo', payload: 5 });
  await fairqJson(env, 'worker', '--exit-when', 'empty');
  await publishLine({ id: 'waits', user: 'A', task: 'echo' });
});
afterAll(async () => {
  await stopKeptNode(folder);
  await rm(folder, { recursive: true, force: true });
});

describe.each(ALARMS)('under an alarm of the broker: %s', (what, setting) => {
  beforeAll(async () => {
    await stopKeptNode(folder);
    await startNode([setting]);
  });

  it('the doctor names the alarm, and everything else that it finds', async () => {
    const { code, stdout } = await fairq(env, 'doctor', '--json');
    const { findings } = JSON.parse(stdout) as { findings: Finding[] };
    expect(code).toBe(99);
    const of = (name: string) => findings.find(({ check }) => check === name);
    expect(of('alarms')).toMatchObject({
      level: 'problem',
      text: expect.stringMatching(new RegExp(`^(${what} on "|low on ${what})`)),
    });
    expect(of('permissions')).toMatchObject({ level: 'ok' });
    expect(of('workers')).toMatchObject({ level: 'unknown' });
    expect(of('bindings')).toMatchObject({ level: 'ok' });
  });

  it('a report reads all that there is', async () => {
    expect(await fairqJson<RunReport>(env, 'report', '--run', 'before')).toMatchObject({ completed: 30 });
    const listed = await fairqJson<{ runs: { run: string }[] }>(env, 'report', '--list');
    expect(listed.runs.map(({ run }) => run)).toContain('before');
  });

  it('a task that has ended is found, and of one that waits it is said that workers cannot be asked', async () => {
    expect(await fairqJson<TaskState>(env, 'task', 'done')).toMatchObject({ state: 'done', result: 5 });
    const waits = await fairq(env, 'task', 'waits', '--json');
    expect(JSON.parse(waits.stdout)).toMatchObject({ state: 'queued' });
    expect(waits.stderr).toContain(`the workers cannot be asked (the broker is blocked (low on ${what}))`);
  });

  it('what waits is said to wait for the end of the alarm, and who would run it or that nobody can be asked', async () => {
    const { reasons, workers, nextStart } = await fairqJson<Explanation>(env, 'explain', 'A');
    expect(reasons[0]).toMatchObject({ why: 'broker-alarm', alarms: [expect.stringContaining(what)] });
    // The broker lists connections up to 5 s late: a worker that has just ended may be listed, and cannot be asked.
    const last =
      workers === null ? { why: 'unknown', what: expect.stringContaining('be asked') } : { why: 'no-worker' };
    expect(reasons.at(-1)).toMatchObject(last);
    expect(nextStart).toEqual({ unknown: expect.stringContaining('alarm') });
  });

  it.each([
    ['queues list', ['queues', 'list']],
    ['queues show', ['queues', 'show', 'A']],
    ['queues prune --dry-run', ['queues', 'prune', '--dry-run']],
    ['dead list', ['dead', 'list']],
  ])('%s answers', async (_, args) => {
    expect(await fairq(env, ...args)).toMatchObject({ code: 0 });
  });

  it.each([
    ['queues prune', ['queues', 'prune', '--yes']],
    ['queues delete', ['queues', 'delete', 'B', '--yes']],
  ])('%s says so and begins nothing', async (_, args) => {
    const { code, stderr } = await fairq(env, ...args);
    expect(code).toBe(77);
    expect(stderr).toContain(`the broker is blocked (low on ${what})`);
  });

  it.each([
    ['worker', ['worker']],
    ['publish', ['publish', '--user', 'A']],
  ])('a %s that waits says for what', async (_, args) => {
    const waiting = new RunningFairq(args, env);
    await waiting.says(new RegExp(`warning: the broker is blocked \\(low on ${what}\\)`));
    waiting.signal('SIGKILL');
    await waiting.ended;
  });
});
