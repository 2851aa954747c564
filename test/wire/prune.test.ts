import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RunReport } from '../../src/core/reports/run-report.js';
import { eventually } from '../support/eventually.js';
import { type Ended, FairqHere, fairq, fairqJson, jsonLines } from '../support/fairq.js';
import { askManagement } from '../support/management-api.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
let state: string;
let env: Record<string, string>;

interface PruneDocument {
  idle: number;
  tooSoon: number;
  withTasks: number;
  pruned: number;
  kept: number;
  failed: number;
  queues: { name: string; user?: string }[];
  outcomes: { queue: string; outcome: string; reason?: string }[];
}

beforeAll(() => {
  state = mkdtempSync(join(tmpdir(), 'fairq-prune-'));
  env = { ...vhost.env, XDG_STATE_HOME: state };
});
afterAll(() => rmSync(state, { recursive: true, force: true }));

const prune = (...flags: string[]) => fairqJson<PruneDocument>(env, 'queues', 'prune', ...flags);

/** Looks until so many queues are known to be idle, as the next run of an operator's would. */
async function idle(count: number, ...flags: string[]): Promise<void> {
  await eventually(async () => (await prune('--idle-for', '1s', '--dry-run', ...flags)).idle === count, {
    timeoutMs: 60_000,
    what: `${count} idle queues`,
  });
}

/** Prunes until so many are gone: the broker's counters follow what happened by a while, and idle is idle again. */
async function untilPruned(count: number, ...flags: string[]): Promise<void> {
  let pruned = 0;
  await eventually(
    async () => {
      const report = await prune('--idle-for', '1s', '--yes', ...flags);
      pruned += report.pruned;
      return pruned >= count;
    },
    { timeoutMs: 60_000, what: `${count} queues are pruned` },
  );
}

/** Runs it until it ends with this code: before that, nothing is known to be idle. */
async function endingWith(code: number, withEnv: Record<string, string>, ...args: string[]): Promise<Ended> {
  return eventually(
    async () => {
      const ended = await fairq(withEnv, ...args);
      return ended.code === code && ended;
    },
    { timeoutMs: 60_000, what: `fairq ${args.join(' ')} ends with ${code}` },
  );
}

/** Users with a queue each that is empty. */
async function emptyQueues(...users: string[]): Promise<void> {
  for (const user of users) await fairqJson(env, 'publish', '--user', user, '--count', '3', '--run', user);
  await fairqJson(env, 'worker', '--exit-when', 'empty');
}

let test = 0;
/** Names that no other test has. */
let A: string;
let B: string;
beforeEach(() => {
  test++;
  [A, B] = [`A${test}`, `B${test}`];
});
const only = (name = `?${test}`) => ['--match', name];
const queueOf = (user: string) => `fairq.user.${user}`;

describe('queues prune', () => {
  it('deletes what is idle, after a question or with --yes, and nothing else', async () => {
    await emptyQueues(A, B);
    await fairqJson(env, 'publish', '--user', `C${test}`);
    await idle(2, ...only());
    const flags = ['queues', 'prune', '--idle-for', '1s', ...only()];
    const refused = await endingWith(64, env, ...flags);
    expect(refused.stderr).toMatch(/queues? (is|are) empty, and nothing came or went/);
    expect(refused.stderr).toContain('--yes');
    const { stdout } = await fairq(env, ...flags, '--dry-run');
    expect(stdout).toContain('1 queue has tasks');
    expect(await vhost.ready(queueOf(A))).toBe(0);
    await untilPruned(2, ...only());
    expect(await vhost.ready(queueOf(B))).toBeUndefined();
    expect(await vhost.ready(queueOf(A))).toBeUndefined();
    expect(await vhost.ready(queueOf(`C${test}`))).toBe(1);
  });

  it('says on a first look that it cannot know, and watches when it is told to', async () => {
    await emptyQueues(A, B);
    await eventually(async () => (await prune('--dry-run', ...only())).tooSoon === 2, {
      timeoutMs: 60_000,
      what: 'both are listed as empty',
    });
    const first = await fairq(env, 'queues', 'prune', ...only());
    expect(first.code).toBe(0);
    expect(first.stdout).toContain('No queue is known to have been idle');
    expect(first.stdout.replaceAll(/\s+/g, ' ')).toContain('2 queues more are empty and not known');
    await eventually(async () => (await prune('--observe', '1s', '--yes', ...only())).pruned > 0, {
      timeoutMs: 60_000,
      what: 'one is pruned',
    });
    expect((await fairq(env, 'queues', 'prune', '--observe', '1s', '--idle-for', '1s')).code).toBe(64);
  });

  it('takes the queue from the workers that consume it, and a later task makes it again', async () => {
    const worker = new FairqHere(['worker', '--verbose'], env);
    await worker.says(/ready, /);
    await fairqJson(env, 'publish', '--user', A, '--count', '5', '--run', A);
    await untilPruned(1, ...only(A));
    expect(await vhost.ready(queueOf(A))).toBeUndefined();
    await fairqJson(env, 'publish', '--user', A, '--count', '5', '--run', A);
    await eventually(async () => (await fairqJson<RunReport>(env, 'report', '--run', A)).completed === 10, {
      timeoutMs: 60_000,
      what: 'the new tasks run',
    });
    worker.signal('SIGTERM');
    expect((await worker.ended).code).toBe(0);
  });

  it('binds again what a pruner that died has left unbound; a publisher does not wait for that', async () => {
    await emptyQueues(A, B);
    for (const user of [A, B]) await vhost.channel.unbindQueue(queueOf(user), 'fairq', user);
    await fairqJson(env, 'publish', '--user', A, '--run', A);
    expect(await vhost.ready(queueOf(A))).toBe(1);
    const { stderr } = await fairq(env, 'queues', 'prune', '--idle-for', '1h', '--yes', ...only('nobody'));
    expect(stderr).toContain('bound again: 1 user queue');
    await untilPruned(1, ...only(B));
  });

  it('is for one at a time', async () => {
    await emptyQueues(A);
    await vhost.channel.assertQueue('fairq.prune', { exclusive: true, durable: false });
    try {
      const { stderr } = await endingWith(
        77,
        env,
        'queues',
        'prune',
        '--idle-for',
        '1s',
        '--yes',
        ...only(A),
      );
      expect(stderr).toContain('another "queues prune" is at work');
    } finally {
      await vhost.channel.deleteQueue('fairq.prune');
    }
    await untilPruned(1, ...only(A));
  });

  it('prunes what fairq did not make only when it is named, and nothing that fairq needs', async () => {
    await vhost.channel.assertQueue(`theirs_${test}`, { durable: true });
    await fairqJson(env, 'publish', '--user', A);
    const flags = ['--match', '*', '--include-foreign'];
    await eventually(
      async () => {
        const { queues } = await prune('--idle-for', '1s', '--dry-run', ...flags);
        return queues.some(({ name }) => name === `theirs_${test}`);
      },
      { timeoutMs: 60_000, what: 'the foreign queue is idle' },
    );
    const { queues } = await prune('--idle-for', '1s', '--dry-run', ...flags);
    expect(queues.filter(({ name }) => /^(fairq\.(?!user\.)|amq\.)/.test(name))).toEqual([]);
    expect((await fairq(env, 'queues', 'prune', '--include-foreign')).code).toBe(64);
    const named = ['--match', `theirs_${test}`, '--idle-for', '1s', '--yes'];
    expect(await prune(...named)).toMatchObject({ idle: 0 });
    await untilPruned(1, '--match', `theirs_${test}`, '--include-foreign');
    expect(await vhost.ready(`theirs_${test}`)).toBeUndefined();
  });

  it('leaves everything as it was where the user may list and not delete', async () => {
    await emptyQueues(A);
    const [uri = ''] = vhost.address.managementUris;
    const user = `lister-${randomUUID()}`;
    await askManagement({ uri }, 'PUT', `/users/${user}`, { password: 'p', tags: 'management' });
    const configure = '^(fairq\\.prune|fairq\\.control|amq\\.gen.*)$';
    const path = `/permissions/${vhost.address.vhost}/${user}`;
    await askManagement({ uri }, 'PUT', path, { configure, write: '.*', read: '.*' });
    const { stderr } = await endingWith(
      77,
      { ...env, FAIRQ_URI: env.FAIRQ_URI!.replace('guest:guest', `${user}:p`) },
      ...['queues', 'prune', '--idle-for', '1s', '--yes', ...only(A)],
    );
    await askManagement({ uri }, 'DELETE', `/users/${user}`);
    expect(stderr).toContain(`may not configure the queue "${queueOf(A)}"`);
    await fairqJson(env, 'publish', '--user', A);
    expect(await vhost.ready(queueOf(A))).toBe(1);
  });

  it('goes on as a janitor with --watch, until it is stopped', async () => {
    await emptyQueues(A);
    const janitor = new FairqHere(
      ['--json', 'queues', 'prune', '--watch', '500ms', '--idle-for', '1s', '--yes', ...only(A)],
      env,
    );
    await eventually(async () => (await vhost.ready(queueOf(A))) === undefined, {
      timeoutMs: 60_000,
      what: 'the queue is pruned',
    });
    janitor.signal('SIGINT');
    const { code, stdout } = await janitor.ended;
    expect(code).toBe(0);
    expect(jsonLines(stdout).at(-1)).toMatchObject({ kind: 'queues-prune-end', pruned: 1 });
    expect((await fairq(env, 'queues', 'prune', '--watch', '1s')).code).toBe(64);
  });
});
