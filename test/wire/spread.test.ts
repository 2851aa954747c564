import { beforeEach, describe, expect, it } from 'vitest';
import { openConnection } from '../../src/broker/connection/connection.js';
import {
  type OutgoingTask,
  Publisher,
  type PublisherOptions,
} from '../../src/broker/publishing/publisher.js';
import type { PublisherUnits } from '../../src/broker/publishing/publisher-contract.js';
import { assertTopology, CLASSIC } from '../../src/broker/queues/topology.js';
import { setUpSpread } from '../../src/broker/units/spread.js';
import { type Names, namesFor, userQueueOf } from '../../src/core/queues/names.js';
import { spreadQueues } from '../../src/core/queues/units.js';
import { PROMOTE_AFTER } from '../../src/core/scheduling/tuning.js';
import { useConnection, useVhost } from '../support/vhost.js';

const vhost = useVhost();
const connected = useConnection(vhost);
const COUNT = 4;
let prefixes = 0;
let names: Names;

beforeEach(() => {
  names = namesFor(`units-${++prefixes}`);
});

async function setUp(count = COUNT): Promise<PublisherUnits> {
  const connect = () => openConnection(vhost.address, 'test');
  const again = () => setUpSpread(connected.current, names, { count, type: 'classic', connect });
  return { kind: 'shared', count, way: await again(), setUp: again };
}

let made = 0;
function task(user: string, more: Partial<OutgoingTask> = {}): OutgoingTask {
  const sentAt = 1_790_000_000_000_000;
  return {
    id: `task-${++made}`,
    type: 'noop',
    contentType: 'text/plain',
    payload: Buffer.from('x'),
    envelope: { user, run: 'r', sequence: made, intendedAt: sentAt, sentAt, attempt: 1 },
    ...more,
  };
}

async function publisher(options: Partial<PublisherOptions> = {}): Promise<Publisher> {
  await assertTopology(connected.current, names, 'classic');
  const all = { queueKind: CLASSIC, onConfirmed: () => {}, ...options };
  return Publisher.open(connected.current, names, all, () => performance.now());
}

async function send(sender: Publisher, ...tasks: OutgoingTask[]): Promise<void> {
  for (const one of tasks) sender.send(one);
  await sender.settled();
}

const users = (count: number, from = 0) => Array.from({ length: count }, (_, i) => `u${from + i}`);
const ready = (user: string) => vhost.ready(userQueueOf(names, user));

async function inSpread(count = COUNT): Promise<number> {
  const counts = await Promise.all(spreadQueues(names, count).map((queue) => vhost.ready(queue)));
  return counts.reduce<number>((sum, one) => sum + (one ?? 0), 0);
}

describe('a publisher, where light users share queues', () => {
  it('sends to shared queues, and makes none', async () => {
    await setUp();
    const sender = await publisher();
    await send(sender, ...users(50).map((user) => task(user)));
    expect(await inSpread()).toBe(50);
    expect(await ready('u0')).toBeUndefined();
  });

  it('sends to the queue of a user who has one', async () => {
    await setUp();
    await vhost.channel.assertQueue(userQueueOf(names, 'own'));
    await vhost.channel.bindQueue(userQueueOf(names, 'own'), names.taskExchange, 'own');
    await send(await publisher(), task('own'), task('other'));
    expect([await ready('own'), await inSpread()]).toEqual([1, 1]);
  });

  it('makes a queue at once for a user who is to have many tasks', async () => {
    await setUp();
    const tasksOf = (user: string) => (user === 'heavy' ? PROMOTE_AFTER + 1 : PROMOTE_AFTER);
    const tasks = [...Array.from({ length: PROMOTE_AFTER + 1 }, () => task('heavy')), task('light')];
    await send(await publisher({ tasksOf }), ...tasks);
    expect([await ready('heavy'), await inSpread()]).toEqual([PROMOTE_AFTER + 1, 1]);
    const details = await vhost.management.queueDefinition(userQueueOf(names, 'heavy'));
    expect(details?.arguments).toMatchObject({ 'x-fairq-promoted': true });
  });

  it.each([
    ['--units user', { units: { kind: 'user' } as const }],
    ['--ordered', { queueKind: { type: 'classic', ordered: true } as const }],
  ])('gives each user a queue that stays, with %s', async (_, options) => {
    await setUp();
    await send(await publisher(options), task('A'), task('A'), task('B'));
    expect([await ready('A'), await ready('B'), await inSpread()]).toEqual([2, 1, 0]);
    const details = await vhost.management.queueDefinition(userQueueOf(names, 'A'));
    expect(details?.arguments).not.toHaveProperty('x-fairq-promoted');
  });

  it('makes the queue of a group before it sends anything there', async () => {
    await setUp();
    const toQueue = `${names.groupQueuePrefix}hash:2:1`;
    await send(await publisher(), task('A', { toQueue }));
    expect([await vhost.ready(toQueue), await inSpread()]).toEqual([1, 0]);
  });

  it('sends a task of a user to shared queues though it names the queue that the user has not', async () => {
    await setUp();
    await send(await publisher(), task('A', { toQueue: userQueueOf(names, 'A') }));
    expect([await ready('A'), await inSpread()]).toEqual([undefined, 1]);
  });

  it('makes shared queues again that somebody has deleted, where it sets them up', async () => {
    const units = await setUp();
    const sender = await publisher({ units });
    await send(sender, task('first'));
    for (const queue of spreadQueues(names, COUNT)) await vhost.channel.deleteQueue(queue);
    await send(sender, ...users(50).map((user) => task(user)));
    expect([await inSpread(), await ready('u0')]).toEqual([50, undefined]);
  });

  it('makes the exchanges again that somebody has deleted, where it sets them up', async () => {
    const units = await setUp();
    const sender = await publisher({ units });
    await send(sender, task('first'));
    await vhost.channel.deleteExchange(names.spreadExchange);
    await send(sender, ...users(50).map((user) => task(user)));
    await vhost.channel.deleteExchange(names.taskExchange);
    await send(sender, ...users(50, 50).map((user) => task(user)));
    expect(await inSpread()).toBe(101);
  });

  it.each([
    [
      'the shared queues',
      async () => {
        for (const queue of spreadQueues(names, COUNT)) await vhost.channel.deleteQueue(queue);
      },
    ],
    ['the exchange that spreads', () => vhost.channel.deleteExchange(names.spreadExchange)],
  ])('gives users a queue each where it follows, and %s are gone', async (_, remove) => {
    await setUp();
    const sender = await publisher();
    await send(sender, task('first'));
    await remove();
    await send(sender, ...users(20).flatMap((user) => [task(user), task(user)]));
    expect(await Promise.all(users(20).map(ready))).toEqual(users(20).map(() => 2));
  });

  it('goes on when the exchange for tasks was deleted, where it follows', async () => {
    await setUp();
    const sender = await publisher();
    await send(sender, task('first'));
    await vhost.channel.deleteExchange(names.taskExchange);
    await send(sender, ...users(50).map((user) => task(user)));
    expect(await inSpread()).toBe(51);
  });
});

describe('setting up queues for light users to share', () => {
  it('is done once, whoever does it again', async () => {
    await Promise.all([setUp(), setUp(), setUp()]);
    const bound = await vhost.management.boundQueues(names.spreadExchange);
    expect([...bound].sort()).toEqual(spreadQueues(names, COUNT).sort());
  });

  it('is refused where there is another number of them', async () => {
    await setUp();
    await expect(setUp(8)).rejects.toMatchObject({ code: 'OTHER_UNITS' });
    expect(await vhost.ready(spreadQueues(names, 8)[0] ?? '')).toBeUndefined();
  });

  it('is refused where the exchange for tasks is there and does not send on', async () => {
    await assertTopology(connected.current, names, 'classic');
    await expect(setUp()).rejects.toMatchObject({ code: 'NO_ALTERNATE' });
    expect(await vhost.ready(spreadQueues(names, COUNT)[0] ?? '')).toBeUndefined();
  });

  it('leaves a topology that others can ask for as they have known it', async () => {
    await setUp();
    await assertTopology(connected.current, names, 'classic');
    await vhost.channel.deleteExchange(names.taskExchange);
    await assertTopology(connected.current, names, 'classic');
    expect(await vhost.management.alternateExchange(names.taskExchange)).toEqual({
      policy: undefined,
      name: names.spreadExchange,
    });
  });
});
