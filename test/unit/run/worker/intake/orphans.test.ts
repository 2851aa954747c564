import { describe, expect, it } from 'vitest';
import type { Delivery } from '../../../../../src/broker/connection/delivery.js';
import type { ConsumerChannel } from '../../../../../src/broker/consuming/consumers.js';
import { ENVELOPE_HEADER, encodeEnvelope } from '../../../../../src/core/message/envelope.js';
import { AckLedger } from '../../../../../src/core/scheduling/ack-ledger.js';
import { Orphans } from '../../../../../src/run/worker/intake/orphans.js';
import type { DeliveredTask, TaskQueue } from '../../../../../src/run/worker/task/delivered-task.js';

const ID = '01890000-0000-7000-8000-000000000000';
const queue = { name: 'fairq.user.A' } as TaskQueue;

function channel(): ConsumerChannel {
  return { ledger: new AckLedger(), open: true } as ConsumerChannel;
}

function delivery(attempt: number, deliveryTag: number): Delivery {
  const envelope = { user: 'A', run: 'run', sequence: 1, attempt, sentAt: 1, intendedAt: 1 };
  return {
    fields: { deliveryTag },
    properties: { messageId: ID, headers: { [ENVELOPE_HEADER]: encodeEnvelope(envelope) } },
  } as unknown as Delivery;
}

function task(message: Delivery): DeliveredTask {
  return { id: ID, queue: queue, message, channel: channel(), settled: false } as DeliveredTask;
}

/** Orphans with one that has ended meanwhile. */
function withSettled(message: Delivery): Orphans {
  const orphans = new Orphans();
  const ended = task(message);
  orphans.add(ended, 0);
  ended.settled = true;
  return orphans;
}

describe('a task that lost its delivery', () => {
  it('takes the new one', () => {
    const orphans = new Orphans();
    const lost = task(delivery(1, 7));
    orphans.add(lost, 0);
    const on = channel();
    const again = delivery(1, 1);
    expect(orphans.adopt(queue, again, on)).toBeDefined();
    expect(lost).toMatchObject({ message: again, channel: on });
    expect(orphans.adopt(queue, again, on)).toBeUndefined();
  });

  it('is finished with it where it has ended meanwhile', () => {
    const orphans = withSettled(delivery(1, 7));
    const on = channel();
    on.ledger.delivered(1);
    expect(orphans.adopt(queue, delivery(1, 1), on)).toBeDefined();
    expect(on.ledger.drain()).toEqual({ upTo: 1, singles: [] });
  });

  it('does not take the message of the next attempt, which has the same id', () => {
    const orphans = withSettled(delivery(1, 7));
    const on = channel();
    expect(orphans.adopt(queue, delivery(2, 1), on)).toBeUndefined();
    expect(orphans.adopt(queue, delivery(1, 2), on)).toBeDefined();
  });

  it('leaves the message of another queue alone', () => {
    const orphans = new Orphans();
    orphans.add(task(delivery(1, 7)), 0);
    expect(orphans.adopt({ name: 'fairq.user.B' } as TaskQueue, delivery(1, 1), channel())).toBeUndefined();
  });
});
