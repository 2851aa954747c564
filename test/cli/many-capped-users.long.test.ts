import { writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startThrowAwayNode } from '../../dist/broker/node/private-node.js';
import { type Connection, openConnection } from '../../src/broker/connection/connection.js';
import type { ThrowAwayNode } from '../../src/broker/node/private-node.js';
import { eventually } from '../support/eventually.js';
import { fairqJson } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import { mostAtOnce } from '../support/noted-tasks.js';
import { NotingWorkers } from '../support/noting-workers.js';
import { addressOf } from '../support/vhost.js';

const WAIT_MS = 120_000;
/** A worker needs some fifty for itself: few of these users can have a channel at the same time. */
const CHANNEL_MAX = 90;
const folder = useFolder();
let node: ThrowAwayNode;
let connection: Connection;
let env: Record<string, string>;
let workers: NotingWorkers;

beforeAll(async () => {
  node = await startThrowAwayNode({ extraConfig: [`channel_max = ${CHANNEL_MAX}`] });
  env = { FAIRQ_URI: node.uri, FAIRQ_MANAGEMENT_URI: node.managementUri };
  connection = await openConnection(addressOf(new URL(node.uri), node.managementUri, '/'), 'test');
});
afterEach(() => workers?.end());
afterAll(async () => {
  await connection?.close();
  await node?.stop();
});

function names(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}${i + 10}`);
}

async function publish(users: readonly string[], count: number, ms: number): Promise<void> {
  const file = folder.file('tasks.ndjson');
  const task = (user: string) => `${JSON.stringify({ user, task: 'work', payload: { ms } })}\n`;
  writeFileSync(file, users.flatMap((user) => Array<string>(count).fill(task(user))).join(''));
  await fairqJson(env, 'publish', '--from', file);
}

/** The numbers that are in a queue of permits. */
async function numbersIn(queue: string): Promise<string[]> {
  const channel = await connection.channel();
  const numbers: string[] = [];
  for (let message = await channel.get(queue); message !== false; message = await channel.get(queue))
    numbers.push(String(message.properties.messageId));
  await channel.close();
  return numbers.sort();
}

function scarceIn(stderr: string): string[] {
  return stderr.split('\n').filter((line) => line.includes('channel'));
}

describe('a cap for every user, where a connection may have few channels', () => {
  it('lets all of 150 users run, none above its cap, and says no more than once that they wait', async () => {
    workers = new NotingWorkers(env, folder.file('many'));
    const [cap, count] = [2, 3];
    const users = names('u', 150);
    await fairqJson(env, 'policy', 'set', 'u*', '--cap', String(cap));
    await publish(users, count, 1);
    await workers.startAll(2, 4);
    await workers.untilDone(users.length * count);
    const ended = await workers.stop();
    for (const { code, stderr } of ended) {
      expect(code, stderr).toBe(0);
      expect(scarceIn(stderr).length, stderr).toBeLessThanOrEqual(1);
    }
    for (const user of users) expect(mostAtOnce(workers.log, 0, user)).toBeLessThanOrEqual(cap);
    for (const user of users) {
      // A quorum queue tells a moment late what was given back.
      let found = '';
      const isBack = async () => {
        found = (await numbersIn(`fairq.permits.${user}`)).join();
        return found === '1,2';
      };
      const what = () => `both permits of ${user}, each once; there are: ${found}`;
      await eventually(isBack, { timeoutMs: WAIT_MS, what });
    }
  });

  it('lets users run behind many whose permits are all elsewhere', async () => {
    workers = new NotingWorkers(env, folder.file('elsewhere'));
    const busy = names('b', 30);
    await fairqJson(env, 'policy', 'set', 'b*', '--cap', '1');
    await fairqJson(env, 'policy', 'set', 'f*', '--cap', '1');
    await publish(busy, 1, 3_600_000);
    // Each holds the permits of ten of them.
    for (const tens of [1, 2, 3]) await workers.start(10, '--queues', `fairq.user.b${tens}*`);
    await workers.untilStarts(busy.length);
    await workers.start(4);
    await publish(busy, 20, 1);
    const channel = await connection.channel();
    const waitHere = async () => {
      const counts = await Promise.all(busy.map((user) => channel.checkQueue(`fairq.permits.${user}`)));
      return counts.filter(({ consumerCount }) => consumerCount > 1).length;
    };
    await eventually(async () => (await waitHere()) > 0, { timeoutMs: WAIT_MS, what: 'some to wait' });
    const free = names('f', 5);
    await publish(free, 2, 1);
    const started = () => free.every((user) => workers.starts(user) === 2);
    await eventually(started, { timeoutMs: WAIT_MS, what: 'the users that have their permits' });
    expect(Math.max(...busy.map((user) => workers.starts(user)))).toBe(1);
    await channel.close();
  });
});

describe('a connection that has all of its channels', () => {
  it('has the next one as soon as it has left one', async () => {
    const full = await openConnection(addressOf(new URL(node.uri), node.managementUri, '/'), 'full');
    const channels = await Promise.all(Array.from({ length: CHANNEL_MAX }, () => full.channel()));
    await expect(full.channel()).rejects.toMatchObject({ code: 'NO_CHANNELS' });
    await channels.pop()!.close();
    await full.channel();
    await full.close();
  });
});
