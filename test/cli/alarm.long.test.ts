import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TaskState } from '../../src/core/events/task-state.js';
import type { Explanation } from '../../src/core/explain/explanation.js';
import type { Finding } from '../../src/core/reports/finding.js';
import type { RunReport } from '../../src/core/reports/run-report.js';
import { useFaultBroker } from '../faults/support/fault-broker.js';
import { eventually } from '../support/eventually.js';
import { fairq, fairqJson, RunningFairq } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import { FairqOnTerminal } from '../support/terminal.js';

interface Alarm {
  readonly what: string;
  /** What the management API calls it. */
  readonly listedAs: string;
  readonly raise: string;
  readonly lift: string;
}

/** Less memory than any node needs, and more disk than any has. */
const ALARMS: readonly Alarm[] = [
  {
    what: 'memory',
    listedAs: 'mem_alarm',
    raise: 'vm_memory_monitor:set_vm_memory_high_watermark(0.00001).',
    lift: 'vm_memory_monitor:set_vm_memory_high_watermark(0.6).',
  },
  {
    what: 'disk',
    listedAs: 'disk_free_alarm',
    raise: 'rabbit_disk_monitor:set_disk_free_limit("1000000GB").',
    lift: 'rabbit_disk_monitor:set_disk_free_limit("1MB").',
  },
];

/** A vhost for what is cut off by an alarm, where nobody else has queues. */
const MEANWHILE = 'meanwhile';

const broker = useFaultBroker('collect_statistics_interval = 500');
const folder = useFolder();
let env: Record<string, string>;

async function publishLine(line: object): Promise<void> {
  const { code } = await new RunningFairq(['publish', '--from', '-'], env, JSON.stringify(line)).ended;
  expect(code).toBe(0);
}

/** Its figures are some time old: the doctor goes by them. */
async function isListed(alarm: string, is: boolean): Promise<void> {
  const isThere = async () => {
    const [node] = (await broker.api('GET', '/nodes')) as readonly Record<string, unknown>[];
    return node?.[alarm] === is;
  };
  await eventually(isThere, { timeoutMs: 60_000, what: `${alarm} is ${is} in the management API` });
}

beforeAll(async () => {
  env = {
    FAIRQ_URI: broker.uri,
    FAIRQ_MANAGEMENT_URI: broker.managementUri,
    XDG_STATE_HOME: folder.file('state'),
  };
  await broker.makeVhost(MEANWHILE);
  await fairqJson(env, 'publish', '--user', 'B', '--count', '30', '--run', 'before');
  await publishLine({ id: 'done', user: 'A', task: 'echo', payload: 5 });
  await fairqJson(env, 'worker', '--exit-when', 'empty');
  await publishLine({ id: 'waits', user: 'A', task: 'echo' });
});

describe.each(ALARMS)('under an alarm of the broker: $what', ({ what, listedAs, raise, lift }) => {
  beforeAll(async () => {
    await broker.evaluate(raise);
    await isListed(listedAs, true);
  });
  afterAll(async () => {
    await broker.evaluate(lift);
    await isListed(listedAs, false);
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

/** An alarm that nothing but we raise and lift: what a broker low on memory has. */
const raise = () => broker.evaluate('rabbit_alarm:set_alarm({{resource_limit, memory, node()}, []}).');
const lift = () => broker.evaluate('rabbit_alarm:clear_alarm({resource_limit, memory, node()}).');

it.each([
  ['queues prune', ['queues', 'prune', '--idle-for', '1s']],
  ['queues delete', ['queues', 'delete', 'user-1']],
])('%s is refused, and deletes nothing, where the alarm comes after it has begun', async (_, args) => {
  const here = { ...env, FAIRQ_VHOST: MEANWHILE };
  await fairqJson(here, 'publish', '--users', '3', '--count', '1');
  await fairqJson(here, 'worker', '--exit-when', 'empty');
  const users = async () =>
    [...(await broker.queues(MEANWHILE)).keys()].filter((name) => name.startsWith('fairq.user.'));
  const before = await users();
  expect(before).toHaveLength(3);
  const seenIdle = async () => {
    const prune = ['queues', 'prune', '--idle-for', '1s', '--dry-run'];
    return (await fairqJson<{ idle: number }>(here, ...prune)).idle === 3;
  };
  await eventually(seenIdle, { timeoutMs: 60_000, what: 'the queues have been seen idle' });
  // It has seen that there was no alarm, and asks. The broker's counts may move once more on a busy machine, and a queue
  // that is not idle after all is not asked about.
  const asks = async () => {
    const one = new FairqOnTerminal(args, here);
    await one.shows(/\[y\/N\]|\(y\/n\)|ENDED/i);
    return one.shown.includes('ENDED') ? undefined : one;
  };
  const asking = await eventually(asks, { timeoutMs: 120_000, what: 'it asks' });
  await raise();
  try {
    asking.type('y\n');
    const shown = await asking.ended();
    expect(shown).toContain('ENDED 77');
    expect(shown).toContain('the broker has come under an alarm');
  } finally {
    await lift();
  }
  expect(await users()).toEqual(before);
});
