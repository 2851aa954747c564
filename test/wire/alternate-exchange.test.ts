import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { countDirectSenders } from '../../src/broker/publishing/direct-senders.js';
import { type OutgoingTask, Publisher } from '../../src/broker/publishing/publisher.js';
import { unroutableComesBack } from '../../src/broker/publishing/unroutable.js';
import { assertTopology, CLASSIC } from '../../src/broker/queues/topology.js';
import { namesFor, userQueueOf } from '../../src/core/queues/names.js';
import { systemClock } from '../../src/process/system-clock.js';
import { Pruner } from '../../src/run/queues/prune/prune.js';
import { deleteQueue } from '../../src/run/queues/queue-deletion.js';
import { eventually } from '../support/eventually.js';
import { fairq, fairqJson } from '../support/fairq.js';
import { askManagement } from '../support/management-api.js';
import { useConnection, useVhost } from '../support/vhost.js';

const vhost = useVhost();
const connected = useConnection(vhost);
const names = namesFor('fairq');
const api = { uri: vhost.address.managementUris[0] ?? '' };
const policy = `/policies/${vhost.address.vhost}/catch-all`;

beforeAll(async () => {
  await assertTopology(connected.current, names, 'classic');
  await vhost.channel.assertExchange('unrouted', 'fanout');
  await vhost.channel.assertQueue('lost-and-found', { durable: true });
  await vhost.channel.bindQueue('lost-and-found', 'unrouted', '');
});

async function switchAlternate(on: boolean): Promise<void> {
  const definition = { 'alternate-exchange': 'unrouted' };
  if (on) await askManagement(api, 'PUT', policy, { pattern: '.*', 'apply-to': 'exchanges', definition });
  else await askManagement(api, 'DELETE', policy);
  const comesBack = () => unroutableComesBack(connected.current, names.taskExchange);
  await eventually(async () => (await comesBack()) === !on, {
    timeoutMs: 60_000,
    what: 'the policy is in force',
  });
}

let made = 0;
function task(user: string): OutgoingTask {
  const sentAt = 1_790_000_000_000_000;
  return {
    id: `task-${++made}`,
    type: 'noop',
    contentType: 'text/plain',
    payload: Buffer.from('x'),
    envelope: { user, run: 'r', sequence: made, intendedAt: sentAt, sentAt, attempt: 1 },
  };
}

async function publisher(): Promise<Publisher> {
  const options = { queueKind: CLASSIC, onConfirmed: () => {} };
  return Publisher.open(connected.current, names, options, () => performance.now());
}

async function publish(sender: Publisher, user: string, count: number): Promise<void> {
  for (let i = 0; i < count; i++) sender.send(task(user));
  await sender.settled();
}

/** Of the tasks, and of what was sent to find out; fairq's announcements find no queue either while no worker runs. */
async function astray(): Promise<string[]> {
  const types: string[] = [];
  for (;;) {
    const message = await vhost.channel.get('lost-and-found', { noAck: true });
    if (message === false) return types.filter((type) => type !== 'fairq.queue');
    types.push(String(message.properties.type));
  }
}

const directSenders = () => countDirectSenders(connected.current, names);
const ready = (user: string) => vhost.ready(userQueueOf(names, user));
const deps = () => ({
  connection: connected.current,
  names,
  clock: systemClock,
  newId: randomUUID,
  management: vhost.management,
});

describe('where an alternate exchange takes what finds no queue', () => {
  // The first, so that there is no other publisher.
  it('a publisher notices a policy that is set while it runs, and one that is taken away', async () => {
    const sender = await publisher();
    await publish(sender, 'early', 1);
    await switchAlternate(true);
    await eventually(
      async () => {
        sender.send(task('early'));
        return (await directSenders()) === 1;
      },
      { timeoutMs: 60_000, what: 'the publisher sends past the exchange' },
    );
    await publish(sender, 'later', 10);
    expect(await ready('later')).toBe(10);
    await switchAlternate(false);
    // It still sends past the exchange, so nobody may unbind a queue; soon it does not.
    const queue = { name: 'fairq.user.later', type: 'classic' };
    await vhost.channel.purgeQueue(queue.name);
    await eventually(
      async () => {
        const { deleted } = await deleteQueue(deps(), queue, { tasks: 'refuse', workers: 0 });
        return deleted;
      },
      { timeoutMs: 60_000, what: 'the queue may be deleted again' },
    );
    await publish(sender, 'later', 3);
    expect(await ready('later')).toBe(3);
  });

  it('every task of a new user reaches its queue, and that of a user whose queue has gone', async () => {
    await switchAlternate(true);
    const sender = await publisher();
    await publish(sender, 'new', 20);
    expect(await ready('new')).toBe(20);
    await vhost.channel.deleteQueue('fairq.user.new');
    await publish(sender, 'new', 20);
    expect(await ready('new')).toBe(20);
    expect(await astray()).toEqual([]);
    expect([...(await vhost.management.boundQueues('fairq'))]).toContain('fairq.user.new');
    await switchAlternate(false);
  });

  it('nothing is unbound or deleted, and the policy is named', async () => {
    const sender = await publisher();
    await publish(sender, 'kept', 1);
    await vhost.channel.purgeQueue('fairq.user.kept');
    await switchAlternate(true);
    const queue = { name: 'fairq.user.kept', type: 'classic' };
    const named = 'the policy "catch-all" gives it the alternate exchange "unrouted"';
    await expect(deleteQueue(deps(), queue, { tasks: 'refuse', workers: 0 })).rejects.toThrow(named);
    await expect(deleteQueue(deps(), queue, { tasks: 'discard', workers: 0 })).rejects.toThrow(named);
    const listener = { onOutcome: () => {}, onStep: () => {}, onWarning: () => {} };
    const pruner = await Pruner.open(deps(), { concurrency: 2, graceMs: 100, workers: 0 }, listener);
    await expect(pruner.prune([{ ...queue, consumers: 0 }])).rejects.toThrow(named);
    await pruner.close();
    expect([...(await vhost.management.boundQueues('fairq'))]).toContain('fairq.user.kept');
    await switchAlternate(false);
  });

  it('doctor names the policy, and queues delete ends with 77', async () => {
    await switchAlternate(true);
    const { env } = vhost;
    const { code, stdout } = await fairq(env, '--json', 'doctor');
    const { findings } = JSON.parse(stdout) as { findings: { check: string; level: string; text: string }[] };
    expect(findings.find(({ check }) => check === 'unroutable')).toMatchObject({
      level: 'problem',
      text: expect.stringContaining('the policy "catch-all"'),
    });
    expect(code).toBe(99);
    const load = ['--user', 'cli', '--count', '20', '--run', 'cli'];
    expect(await fairqJson(env, 'publish', ...load)).toMatchObject({ confirmed: 20 });
    expect(await fairqJson(env, 'worker', '--exit-when', 'empty', '--queues', '*.cli')).toMatchObject({
      completed: 20,
    });
    const refused = await fairq(env, 'queues', 'delete', 'cli', '--yes');
    expect(refused.code).toBe(77);
    expect(refused.stderr).toContain('the policy "catch-all"');
    await switchAlternate(false);
  });
});
