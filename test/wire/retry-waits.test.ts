import { describe, expect, it } from 'vitest';
import { delayQueueOf, namesFor } from '../../src/core/queues/names.js';
import { systemClock } from '../../src/process/system-clock.js';
import {
  acknowledge,
  DelayQueueConsumer,
  type WaitingTask,
} from '../../src/run/worker/retries/delay-queue-consumer.js';
import { eventually } from '../support/eventually.js';
import { useConnection, useVhost } from '../support/vhost.js';

const vhost = useVhost();
const connected = useConnection(vhost);
const names = namesFor('fairq');

/** Sends a task that failed just now to wait for its next attempt. */
function fail(id: string, delayMs: number): void {
  const headers = { 'x-fairq-last-end': systemClock.epochMicros() };
  vhost.channel.sendToQueue(delayQueueOf(names, delayMs), Buffer.from(id), { messageId: id, headers });
}

async function watch(delaysMs: readonly number[], holdAtMostMs: number) {
  const due: string[] = [];
  const failures: Error[] = [];
  const waits = await DelayQueueConsumer.open(
    { connection: connected.current, names, clock: systemClock },
    { queueType: 'classic', delaysMs, holdAtMostMs },
    {
      onDue: (task: WaitingTask) => {
        due.push(String(task.message.properties.messageId));
        acknowledge(task);
      },
      onLost: () => {},
      onFailure: (error) => failures.push(error),
    },
  );
  await waits.begin();
  const hasCome = (...ids: string[]) =>
    eventually(async () => ids.every((id) => due.includes(id)), { timeoutMs: 60_000, what: `${ids} due` });
  return { waits, due, failures, hasCome };
}

describe('the watch over waiting tasks', () => {
  it('does not hold what is due later than a delivery may be held, and has it in time all the same', async () => {
    const { waits, due, hasCome } = await watch([3_000], 100);
    fail('long', 3_000);
    // It is in its queue again, and nobody holds it.
    await eventually(
      async () => (await vhost.ready(delayQueueOf(names, 3_000))) === 1 && waits.ownHeld === 0,
      {
        timeoutMs: 2_000,
        what: 'the task was given back',
      },
    );
    expect(due).toEqual([]);
    await hasCome('long');
    expect(await vhost.ready(delayQueueOf(names, 3_000))).toBe(0);
    await waits.stop();
  });

  it('gives back what waits when it stops, and the next one has it', async () => {
    const first = await watch([700], 60_000);
    fail('handed over', 700);
    await eventually(async () => first.waits.ownHeld === 1, { timeoutMs: 60_000, what: 'it is held' });
    await first.waits.stop();
    // The broker may be asked before it has read that.
    await eventually(async () => (await vhost.ready(delayQueueOf(names, 700))) === 1, {
      timeoutMs: 60_000,
      what: 'the task was given back',
    });
    expect(first.due).toEqual([]);
    const second = await watch([], 60_000);
    second.waits.take(['fairq.user.A', delayQueueOf(names, 700), 'fairq.retry.nonsense']);
    await second.hasCome('handed over');
    await second.waits.stop();
  });

  it('makes its own queue again when somebody deletes it, and forgets another that is deleted', async () => {
    const { waits, failures, hasCome } = await watch([40], 60_000);
    await vhost.channel.assertQueue(delayQueueOf(names, 50), { durable: true });
    waits.take([delayQueueOf(names, 50), delayQueueOf(names, 60)]); // there is none of 60 ms
    fail('before', 50);
    await hasCome('before');
    await vhost.channel.deleteQueue(delayQueueOf(names, 50));
    await vhost.channel.deleteQueue(delayQueueOf(names, 40));
    await eventually(async () => (await vhost.ready(delayQueueOf(names, 40))) !== undefined, {
      timeoutMs: 60_000,
      what: 'the queue is there again',
    });
    fail('after', 40);
    await hasCome('after');
    expect(failures).toEqual([]);
    expect(await vhost.ready(delayQueueOf(names, 50))).toBeUndefined();
    await waits.stop();
  });
});
