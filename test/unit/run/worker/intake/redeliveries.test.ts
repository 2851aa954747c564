import { describe, expect, it } from 'vitest';
import type { Delivery } from '../../../../../src/broker/connection/delivery.js';
import type { ConsumerChannel } from '../../../../../src/broker/consuming/consumers.js';
import { CompletionBatch } from '../../../../../src/core/events/event-codec.js';
import type { Outcome } from '../../../../../src/core/events/task-event.js';
import { ENVELOPE_HEADER, encodeEnvelope } from '../../../../../src/core/message/envelope.js';
import { AckLedger } from '../../../../../src/core/scheduling/ack-ledger.js';
import { Redeliveries } from '../../../../../src/run/worker/intake/redeliveries.js';
import type { DeliveredTask, TaskQueue } from '../../../../../src/run/worker/task/delivered-task.js';
import { OWN_FORMAT } from '../../../../../src/run/worker/task/message-format.js';
import { EPOCH, taskEvent } from '../../../../support/synthetic-run.js';

const queue = { name: 'fairq.user.A' } as TaskQueue;

/** Task `n` of user A, as the broker delivers it for another time. */
function delivery(n: number): Delivery {
  const envelope = { user: 'A', run: 'run', sequence: n, attempt: 1, sentAt: EPOCH, intendedAt: EPOCH };
  return {
    fields: { deliveryTag: n, redelivered: true },
    properties: { messageId: `task ${n}`, headers: { [ENVELOPE_HEADER]: encodeEnvelope(envelope) } },
  } as unknown as Delivery;
}

function channel(open = true): ConsumerChannel {
  return { ledger: new AckLedger(), open } as ConsumerChannel;
}

function task(n: number, on: ConsumerChannel): DeliveredTask {
  return { id: `task ${n}`, queue, message: delivery(n), channel: on, settled: false } as DeliveredTask;
}

/** The completions of these tasks, as they stand in the event stream. */
function written(tasks: readonly number[], outcome: Outcome = 'done'): string {
  const batch = new CompletionBatch('w');
  for (const n of tasks) batch.add(taskEvent({ id: `task ${n}`, user: 'A', sequence: n, outcome }));
  return batch.take();
}

describe('tasks that were acknowledged on a channel which is lost', () => {
  it('are done, where nothing shows that the acknowledgement has arrived', () => {
    const redeliveries = new Redeliveries(OWN_FORMAT.idOf, () => []);
    const lost = channel();
    const tasks = [task(1, lost), task(2, lost)];
    redeliveries.acknowledged(tasks, { text: written([1, 2]), acknowledgedBefore: 0 });
    redeliveries.channelLost(lost, 0);
    redeliveries.channelLost(channel(), 0);
    for (const n of [1, 2]) {
      expect(redeliveries.adopt(queue, delivery(n), channel())).toMatchObject({
        kind: 'done',
        completion: { id: `task ${n}`, outcome: 'done' },
      });
    }
  });

  it('are not known any more, where what was sent after it has been confirmed', () => {
    const redeliveries = new Redeliveries(OWN_FORMAT.idOf, () => []);
    const lost = channel();
    redeliveries.acknowledged([task(1, lost)], { text: written([1]), acknowledgedBefore: 0 });
    const acknowledgedBefore = redeliveries.acknowledgedSoFar;
    redeliveries.acknowledged([task(2, lost)], { text: written([2]), acknowledgedBefore });
    redeliveries.channelLost(lost, 0);
    expect(redeliveries.adopt(queue, delivery(1), channel())).toBeUndefined();
    expect(redeliveries.adopt(queue, delivery(2), channel())).toMatchObject({ kind: 'done' });
  });

  it('keep the marks of what is sent later right', () => {
    const redeliveries = new Redeliveries(OWN_FORMAT.idOf, () => []);
    const lost = channel();
    redeliveries.acknowledged([task(1, lost)], { text: written([1]), acknowledgedBefore: 0 });
    redeliveries.channelLost(lost, 0);
    const next = channel();
    redeliveries.acknowledged([task(2, next)], { text: written([2]), acknowledgedBefore: 0 });
    redeliveries.acknowledged([task(3, next)], { text: written([3]), acknowledgedBefore: 1 });
    redeliveries.channelLost(next, 0);
    expect(redeliveries.adopt(queue, delivery(2), channel())).toMatchObject({ kind: 'done' });
    expect(redeliveries.adopt(queue, delivery(3), channel())).toMatchObject({ kind: 'done' });
  });

  it('run again where they had failed and went to a delay queue: that is another message', () => {
    const redeliveries = new Redeliveries(OWN_FORMAT.idOf, () => []);
    const lost = channel();
    const text = written([1], 'retrying');
    redeliveries.acknowledged([task(1, lost)], { text, acknowledgedBefore: 0 });
    redeliveries.channelLost(lost, 0);
    expect(redeliveries.adopt(queue, delivery(1), channel())).toBeUndefined();
  });
});

describe('a task that was not safe when its channel was lost', () => {
  it('is done when its completion is confirmed before it comes back', () => {
    const lost = channel();
    const unsettled = task(1, lost);
    const redeliveries = new Redeliveries(OWN_FORMAT.idOf, () => [unsettled]);
    redeliveries.channelLost(lost, 0);
    lost.open = false;
    unsettled.settled = true;
    redeliveries.acknowledged([unsettled], { text: written([1]), acknowledgedBefore: 0 });
    expect(redeliveries.adopt(queue, delivery(1), channel())).toMatchObject({ kind: 'done' });
  });

  it('goes on with the new delivery when it comes back before', () => {
    const lost = channel();
    const unsettled = task(1, lost);
    const redeliveries = new Redeliveries(OWN_FORMAT.idOf, () => [unsettled]);
    redeliveries.channelLost(lost, 0);
    const next = channel();
    expect(redeliveries.adopt(queue, delivery(1), next)).toEqual({ kind: 'known' });
    expect(unsettled.channel).toBe(next);
  });

  it('is left to itself where its message was not delivered before', () => {
    const lost = channel();
    const redeliveries = new Redeliveries(OWN_FORMAT.idOf, () => [task(1, lost)]);
    redeliveries.channelLost(lost, 0);
    const first = delivery(1);
    const fields = { ...first.fields, redelivered: false };
    expect(redeliveries.adopt(queue, { ...first, fields }, channel())).toBeUndefined();
  });
});
