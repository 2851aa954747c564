import { beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { FairqHere, fairq, fairqJson, jsonLines } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const folder = useFolder();
let env: Record<string, string>;

interface List {
  queues: { user: string; ready: number; idleMs?: number }[];
  hidden: number;
  totals: { queues: number; users: number; ready: number; empty: number; unconsumed: number };
}

async function users(...flags: string[]): Promise<string[]> {
  const { queues } = await fairqJson<List>(env, 'queues', 'list', '--sort', 'user', ...flags);
  return queues.map(({ user }) => user);
}

const ODD = 'odd "one", \u001b[31m';

/** A has 3 tasks, B none and a consumer, the odd one 1. */
beforeAll(async () => {
  env = { ...vhost.env, XDG_STATE_HOME: folder.file('state') };
  await fairqJson(env, 'publish', '--user', 'B');
  await fairqJson(env, 'worker', '--exit-when', 'empty');
  await vhost.channel.consume('fairq.user.B', () => {});
  await fairqJson(env, 'publish', '--user', 'A', '--count', '3');
  await fairqJson(env, 'publish', '--user', ODD);
  await eventually(
    async () => {
      const { totals } = await fairqJson<List>(env, 'queues', 'list');
      return totals.ready === 4 && totals.unconsumed === 2;
    },
    { timeoutMs: 60_000, what: 'the figures are listed' },
  );
});

describe('queues list', () => {
  it('shows what is asked for, and totals of it', async () => {
    expect(await users()).toEqual(['A', 'B', ODD]);
    expect(await users('--empty')).toEqual(['B']);
    expect(await users('--no-consumers')).toEqual(['A', ODD]);
    expect(await users('--min-ready', '2')).toEqual(['A']);
    expect(await users('A*')).toEqual(['A']);
    expect(await users('--idle-for', '1h')).toEqual([]);
    const list = await fairqJson<List>(env, 'queues', 'list', '--limit', '1');
    expect(list).toMatchObject({
      hidden: 2,
      totals: { queues: 3, users: 3, ready: 4, empty: 1, unconsumed: 2 },
    });
    expect(list.queues.map(({ user }) => user)).toEqual(['A']);
    const { stdout } = await fairq(env, 'queues', 'list', '--limit', '1');
    expect(stdout).toContain('3 queues, 3 users, 4 ready');
    expect(stdout).toContain('2 of them not shown');
    expect(stdout).toContain('every 5 s');
  });

  it('knows how long each has been idle, from one look to the next', async () => {
    // The others have tasks.
    await eventually(async () => (await users('--idle-for', '1s')).join() === 'B', {
      timeoutMs: 60_000,
      what: 'B, and B alone, is known to be idle',
    });
    const { stdout } = await fairq(env, 'queues', 'list', '--sort', 'idle');
    expect(stdout).toMatch(/idle for/);
  });

  it('is CSV for other programs, names as they are', async () => {
    const { stdout } = await fairq(env, 'queues', 'list', '--csv', '--sort', 'user');
    const [head, a, b, odd, end] = stdout.split('\r\n');
    expect(head).toBe('user,queue,type,ready,unacknowledged,consumers,memoryBytes,idleMs');
    expect(a).toMatch(/^A,fairq\.user\.A,classic,3,0,0,\d+,$/);
    expect(b).toMatch(/^B,/);
    expect(odd?.startsWith(`"odd ""one"", \u001b[31m",fairq.user.odd%20`)).toBe(true);
    expect(end).toBeUndefined();
    expect((await fairq(env, 'queues', 'list', '--csv', '--json')).code).toBe(64);
  });

  it('goes on with --watch until it is interrupted, a JSON object a line', async () => {
    const watching = new FairqHere(['--json', 'queues', 'list', '--watch', '100ms'], env);
    await eventually(async () => watching.stdout.split('\n').length > 3, {
      timeoutMs: 60_000,
      what: 'three samples',
    });
    watching.signal('SIGINT');
    const { code, stdout } = await watching.ended;
    expect(code).toBe(0);
    const kinds = jsonLines<{ kind: string }>(stdout).map(({ kind }) => kind);
    expect(new Set(kinds.slice(0, -1))).toEqual(new Set(['queues']));
    expect(kinds.at(-1)).toBe('end');
  });
});
