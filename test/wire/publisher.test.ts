import { beforeAll, describe, expect, it } from 'vitest';
import { type ControlMessage, listen } from '../../src/broker/control/control.js';
import { type OutgoingTask, Publisher } from '../../src/broker/publishing/publisher.js';
import { assertTopology, CLASSIC } from '../../src/broker/queues/topology.js';
import { namesFor, userQueueOf } from '../../src/core/queues/names.js';
import { eventually } from '../support/eventually.js';
import { useConnection, useVhost } from '../support/vhost.js';

const vhost = useVhost();
const connected = useConnection(vhost);
const names = namesFor('fairq');

beforeAll(async () => {
  await assertTopology(connected.current, names, 'classic');
});

let made = 0;
function task(user: string, sequence: number): OutgoingTask {
  const sentAt = 1_790_000_000_000_000;
  return {
    id: `task-${++made}`,
    type: 'noop',
    contentType: 'text/plain',
    payload: Buffer.from(`${sequence}`),
    envelope: { user, run: 'r', sequence, intendedAt: sentAt, sentAt, attempt: 1 },
  };
}

async function publisher(onConfirmed: (task: OutgoingTask) => void = () => {}): Promise<Publisher> {
  return Publisher.open(connected.current, names, { queueKind: CLASSIC, onConfirmed }, () =>
    performance.now(),
  );
}

async function contents(queue: string): Promise<string[]> {
  const found: string[] = [];
  for (;;) {
    const message = await vhost.channel.get(queue, { noAck: true });
    if (message === false) return found;
    found.push(message.content.toString());
  }
}

describe('the publisher', () => {
  it('makes the queue of a new user, announces it, and keeps the order of its tasks', async () => {
    const heard: ControlMessage[] = [];
    await listen(connected.current, names, {
      onMessage: (message) => heard.push(message),
      onFailure: (error) => {
        throw error;
      },
    });
    const confirmed: string[] = [];
    const sender = await publisher(({ id }) => confirmed.push(id));
    for (let i = 1; i <= 500; i++) sender.send(task('new', i));
    await sender.settled();
    expect(confirmed).toHaveLength(500);
    expect(await contents('fairq.user.new')).toEqual(Array.from({ length: 500 }, (_, i) => `${i + 1}`));
    await eventually(async () => heard.length > 0, { timeoutMs: 60_000, what: 'the announcement' });
    expect(heard).toEqual([{ kind: 'queue', queue: 'fairq.user.new' }]);
  });

  it('makes the queue again when it was deleted between two tasks', async () => {
    const sender = await publisher();
    sender.send(task('gone', 1));
    await sender.settled();
    await vhost.channel.deleteQueue('fairq.user.gone');
    sender.send(task('gone', 2));
    sender.send(task('gone', 3));
    await sender.settled();
    expect(await contents('fairq.user.gone')).toEqual(['2', '3']);
  });

  it('waits for a queue that is there but not bound, and does not bind it itself', async () => {
    const queue = userQueueOf(names, 'pruned');
    await vhost.channel.assertQueue(queue, { durable: true });
    const confirmed: string[] = [];
    const sender = await publisher(({ id }) => confirmed.push(id));
    // How the broker tells us that it was looked at: each try comes back to us and to nobody else.
    sender.send(task('pruned', 1));
    const other = await publisher();
    other.send(task('elsewhere', 1));
    await other.settled();
    expect(confirmed).toEqual([]);
    expect(await vhost.ready(queue)).toBe(0);
    await vhost.channel.bindQueue(queue, 'fairq', 'pruned');
    await sender.settled();
    expect(await contents(queue)).toEqual(['1']);
  });

  it('sends no more than it may have unconfirmed', async () => {
    const sender = await Publisher.open(
      connected.current,
      names,
      { queueKind: CLASSIC, maxInFlight: 3, onConfirmed: () => {} },
      () => performance.now(),
    );
    for (let i = 1; i <= 3; i++) {
      expect(sender.hasRoom).toBe(true);
      sender.send(task('bounded', i));
    }
    expect(sender.hasRoom).toBe(false);
    await sender.ready();
    expect(sender.unconfirmed).toBeLessThan(3);
    await sender.settled();
  });

  it('makes what fairq keeps on the broker again when it was deleted', async () => {
    const sender = await publisher();
    await vhost.channel.deleteExchange('fairq');
    sender.send(task('healed', 1));
    await sender.settled();
    expect(await contents('fairq.user.healed')).toEqual(['1']);
    expect(sender.sentAgain).toBe(1);
  });

  it('says what is in the way when it is of another kind', async () => {
    const other = namesFor('other');
    await vhost.channel.assertExchange('other', 'fanout', { durable: true });
    const sender = await Publisher.open(
      connected.current,
      other,
      { queueKind: CLASSIC, onConfirmed: () => {} },
      () => performance.now(),
    );
    await vhost.channel.deleteExchange('other');
    await vhost.channel.assertExchange('other.control', 'direct', { durable: true });
    sender.send(task('A', 1));
    await expect(sender.settled()).rejects.toThrow(/other/);
  });
});
