import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { ConsumeMessage } from 'amqplib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openConnection } from '../../src/broker/connection/connection.js';
import { fillGrants, removeGrants } from '../../src/broker/policy/grant-census.js';
import { GrantTalk } from '../../src/broker/policy/grant-talk.js';
import { namesFor } from '../../src/core/queues/names.js';
import { eventually } from '../support/eventually.js';
import { useFolder } from '../support/folder.js';
import { GrantHolders } from '../support/grant-holders.js';
import { linesSoFar, mostAtOnce } from '../support/noted-tasks.js';
import { useConnection, useVhost } from '../support/vhost.js';

const WAIT_MS = 60_000;
const LOST_FOR_MS = 1_000;
const vhost = useVhost();
const folder = useFolder();
const connection = useConnection(vhost);
let prefix: string;
let queue: string;
let log: string;
let talk: GrantTalk;
let holders: GrantHolders;

beforeEach(async () => {
  prefix = `p${randomUUID().slice(0, 8)}`;
  queue = `${prefix}.permits.A`;
  log = folder.file(prefix);
  writeFileSync(log, '');
  talk = await GrantTalk.open(connection.current, namesFor(prefix), undefined, fail);
});
afterEach(() => {
  holders?.end();
  talk.close();
});

function fail(error: Error): never {
  throw error;
}

function fill(count: number) {
  return fillGrants(connection.current, namesFor(prefix), talk, { queue, count, lostForMs: LOST_FOR_MS });
}

async function filled(count: number): Promise<void> {
  await eventually(async () => (await fill(count)).is === 'filled', {
    timeoutMs: WAIT_MS,
    what: 'the queue to be filled',
  });
}

/**
 * Holds the first permit, which is the only one, and says so when it is asked.
 *
 * @returns what gives it back
 */
async function holdFirst(answersAfterMs = 0): Promise<() => Promise<void>> {
  await vhost.channel.prefetch(1);
  const messages: ConsumeMessage[] = [];
  const { consumerTag } = await vhost.channel.consume(queue, (message) => {
    if (message !== null) messages.push(message);
  });
  const numbers = { held: [1], known: [] };
  const holder = {
    id: 'first',
    name: 'first',
    rest: () => delay(answersAfterMs).then(() => numbers),
    numbers: () => numbers,
    goOn: () => {},
  };
  const said = await GrantTalk.open(connection.current, namesFor(prefix), holder, fail);
  await eventually(() => messages.length === 1, { timeoutMs: WAIT_MS, what: 'the permit' });
  return async () => {
    said.close();
    await vhost.channel.cancel(consumerTag);
    for (const message of messages) vhost.channel.nack(message, false, true);
  };
}

function use(cap: number, slots = 4, fills = false): GrantHolders {
  holders = new GrantHolders({ address: vhost.address, prefix, queue, log, slots, fills }, cap);
  return holders;
}

async function started(cap: number, count = 3, fills = false): Promise<GrantHolders> {
  use(cap, 4, fills);
  for (let i = 0; i < count; i++) await holders.start();
  return holders;
}

/** When nobody holds any: every number in the queue. What a lost connection held may come late. */
async function numbers(expected: number): Promise<number[]> {
  const all = Array.from({ length: expected }, (_, i) => i + 1);
  await eventually(async () => (await vhost.ready(queue)) === expected, {
    timeoutMs: WAIT_MS,
    what: `${expected} grants in the queue`,
  });
  const found: number[] = [];
  for (;;) {
    const message = await vhost.channel.get(queue, { noAck: true });
    if (message === false) break;
    found.push(Number(message.properties.messageId));
  }
  expect(found.sort((a, b) => a - b)).toEqual(all);
  return found;
}

describe('a queue of five permits', () => {
  it('lets five tasks run at once and no more, whoever is killed, and has five at the end', async () => {
    await filled(5);
    await started(5);
    for (let kills = 1; kills <= 20; kills++) {
      await holders.untilStarts(kills * 15);
      await holders.kill(holders.processes[kills % 3]!);
      await holders.start();
    }
    await holders.stop();
    expect(mostAtOnce(log)).toBe(5);
    await numbers(5);
  });

  it('is made by the worker that first needs it, and by one of those that do so at once', async () => {
    await started(5, 3, true);
    await holders.untilStarts(100);
    // On a busy machine one holder, which has four slots, may have run all of these.
    await eventually(() => mostAtOnce(log) >= 5, { timeoutMs: WAIT_MS, what: 'two holders share them' });
    await holders.stop();
    expect(mostAtOnce(log)).toBe(5);
    await numbers(5);
  });

  it('has more and fewer of them under load, each once', async () => {
    await filled(5);
    await started(5);
    for (const cap of [8, 2, 6, 1, 10, 3]) {
      await holders.untilStarts(holders.starts + 20);
      await holders.cap(cap);
      await filled(cap);
      const from = linesSoFar(log);
      await holders.untilStarts(holders.starts + 20 * cap);
      // Those that ran when it was lowered have ended: each of at most ten runs once more meanwhile.
      expect(mostAtOnce(log, from + 20)).toBeLessThanOrEqual(cap);
    }
    await holders.stop();
    await filled(3);
    await numbers(3);
  });

  it('is filled once by two at once', async () => {
    const results = await Promise.all([fill(5), fill(5), fill(5)]);
    expect(results.filter(({ is }) => is === 'filled')).toHaveLength(1);
    await filled(5);
    await numbers(5);
  });

  it('is neither short nor doubled when those who fill it are killed at it', async () => {
    await filled(2);
    await started(6, 2);
    for (let kills = 0; kills < 12; kills++) {
      const filler = await use2();
      filler.send({ fill: true });
      await new Promise((resolve) => setTimeout(resolve, kills * 12)); // a step further each time
      await holders.kill(filler);
    }
    await filled(6);
    await holders.untilStarts(holders.starts + 60);
    await holders.stop();
    expect(mostAtOnce(log)).toBeLessThanOrEqual(6);
    await filled(6);
    await numbers(6);

    async function use2() {
      const filling = new GrantHolders(
        { address: vhost.address, prefix, queue, log, slots: 1, fills: true },
        6,
      );
      const filler = await filling.start();
      holders.processes.push(filler);
      return filler;
    }
  });

  it('is made again when somebody has deleted it, without those that are still held', async () => {
    await filled(5);
    await started(5, 3, true);
    await holders.untilStarts(50);
    await vhost.channel.deleteQueue(queue);
    await holders.untilStarts(holders.starts + 100);
    await holders.stop();
    await filled(5);
    expect(mostAtOnce(log)).toBe(5);
    await numbers(5);
  });

  it('is left as it is while somebody is silent who holds one, and who has answered is known', async () => {
    await filled(2);
    await started(2, 2);
    await holders.untilStarts(20);
    const [silent, other] = holders.processes;
    silent!.kill('SIGSTOP');
    const result = await fill(4);
    expect(result.is).toBe('silent');
    if (result.is === 'silent') expect([...result.answered]).toEqual([String(other!.pid)]);
    silent!.kill('SIGCONT');
    await holders.cap(4);
    await filled(4);
    await holders.stop();
    await numbers(4);
  });

  it('is filled as soon as somebody has answered who takes more than half a second for it', async () => {
    await filled(1);
    const letGo = await holdFirst(700);
    expect(await fill(3)).toMatchObject({ is: 'filled', added: [2, 3] });
    await letGo();
  });

  it('is deleted when nobody has any of them, and not before', async () => {
    const remove = () => {
      const unneeded = { queue, count: 3, lostForMs: LOST_FOR_MS, waits: true };
      return removeGrants(connection.current, namesFor(prefix), talk, unneeded);
    };
    expect(await remove()).toEqual({ is: 'absent' });
    await filled(1);
    const letGo = await holdFirst();
    await filled(3);
    expect((await remove()).is).toBe('held');
    await letGo();
    await started(3, 2);
    await holders.untilStarts(10);
    const [frozen, other] = holders.processes;
    frozen!.kill('SIGSTOP');
    expect((await remove()).is).toBe('silent');
    frozen!.kill('SIGCONT');
    await holders.untilStarts(holders.starts + 10);
    await holders.kill(other!);
    await holders.stop();
    await eventually(async () => (await remove()).is === 'removed', {
      timeoutMs: WAIT_MS,
      what: 'the queue to be deleted',
    });
    expect(await remove()).toEqual({ is: 'absent' });
  });

  it('is deleted once, and nobody fails, where several do so at the same time', async () => {
    const unneeded = { queue, count: 1, lostForMs: LOST_FOR_MS, waits: false };
    const remove = async (afterMs: number) => {
      await delay(afterMs);
      return removeGrants(connection.current, namesFor(prefix), talk, unneeded);
    };
    for (let round = 0; round < 5; round++) {
      await filled(1);
      // The later ones meet the first at each of its steps.
      const ends = await Promise.all(Array.from({ length: 80 }, (_, afterMs) => remove(afterMs)));
      expect(ends.filter(({ is }) => is === 'removed')).toHaveLength(1);
    }
  });

  it('is said to be gone where somebody deletes it while it is counted', async () => {
    for (let afterMs = 0; afterMs < 60; afterMs += 3) {
      const connection = await openConnection(vhost.address, 'one that counts');
      const own = { queue, count: 3, lostForMs: LOST_FOR_MS };
      const filling = fillGrants(connection, namesFor(prefix), talk, own).catch(async (error) => {
        // RabbitMQ 4.3 itself fails where a quorum queue goes at the moment that somebody consumes it, and ends the connection.
        // What was asked on a channel fails a moment before that is known.
        await Promise.race([connection.lost.catch(() => {}), delay(10_000)]);
        if (connection.isConnected) throw error;
        return { is: 'absent' };
      });
      const [end] = await Promise.all([filling, delay(afterMs).then(() => vhost.channel.deleteQueue(queue))]);
      expect(['absent', 'filled']).toContain(end.is);
      await connection.close();
    }
    await filled(3);
    await numbers(3);
  });
});
