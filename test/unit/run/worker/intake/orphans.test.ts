import { describe, expect, it } from 'vitest';
import type { Delivery } from '../../../../../src/broker/connection/delivery.js';
import type { ConsumerChannel } from '../../../../../src/broker/consuming/consumers.js';
import type { TaskEvent } from '../../../../../src/core/events/task-event.js';
import { ENVELOPE_HEADER, encodeEnvelope } from '../../../../../src/core/message/envelope.js';
import { AckLedger } from '../../../../../src/core/scheduling/ack-ledger.js';
import { Orphans } from '../../../../../src/run/worker/intake/orphans.js';
import type { DeliveredTask, TaskQueue } from '../../../../../src/run/worker/task/delivered-task.js';
import { EPOCH, taskEvent } from '../../../../support/synthetic-run.js';

const ID = '01890000-0000-7000-8000-000000000000';
const AT = EPOCH;
const queue = { name: 'fairq.user.A' } as TaskQueue;

function channel(): ConsumerChannel {
  return { ledger: new AckLedger(), open: true } as ConsumerChannel;
}

function delivery(attempt: number, deliveryTag: number): Delivery {
  const envelope = { user: 'A', run: 'run', sequence: 1, attempt, sentAt: AT, intendedAt: AT };
  return {
    fields: { deliveryTag },
    properties: { messageId: ID, headers: { [ENVELOPE_HEADER]: encodeEnvelope(envelope) } },
  } as unknown as Delivery;
}

function completion(attempt: number): TaskEvent {
  return taskEvent({ id: ID, user: 'A', run: 'run', sequence: 1, attempt, enqueued: 0 });
}

function task(message: Delivery): DeliveredTask {
  return { id: ID, queue: queue, message, channel: channel(), settled: false } as DeliveredTask;
}

/** Orphans with one that has failed meanwhile. */
function withFailed(message: Delivery): Orphans {
  const orphans = new Orphans();
  const ended = task(message);
  orphans.add(ended, 0);
  ended.settled = true;
  orphans.settled([ended], []);
  return orphans;
}

describe('a task that lost its delivery', () => {
  it('takes the new one', () => {
    const orphans = new Orphans();
    const lost = task(delivery(1, 7));
    orphans.add(lost, 0);
    const on = channel();
    const again = delivery(1, 1);
    expect(orphans.adopt(queue, again, on)).toEqual({ kind: 'known' });
    expect(lost).toMatchObject({ message: again, channel: on });
    expect(orphans.adopt(queue, again, on)).toBeUndefined();
  });

  it('is finished with it where it has failed meanwhile', () => {
    const orphans = withFailed(delivery(1, 7));
    const on = channel();
    on.ledger.delivered(1);
    expect(orphans.adopt(queue, delivery(1, 1), on)).toEqual({ kind: 'known' });
    expect(on.ledger.drain()).toEqual({ upTo: 1, singles: [] });
  });

  it('says what to write once more where it is done meanwhile, whoever has sent it', () => {
    const orphans = new Orphans();
    const withoutEnvelope = { fields: {}, properties: { messageId: ID } } as unknown as Delivery;
    const done = task(withoutEnvelope);
    orphans.add(done, 0);
    done.settled = true;
    orphans.settled([done], [completion(1)]);
    const on = channel();
    on.ledger.delivered(1);
    expect(orphans.adopt(queue, withoutEnvelope, on)).toEqual({ kind: 'done', completion: completion(1) });
    expect(on.ledger.drain()).toEqual({ upTo: 0, singles: [] });
  });

  it('does not take the message of the next attempt, which has the same id', () => {
    const orphans = withFailed(delivery(1, 7));
    const on = channel();
    expect(orphans.adopt(queue, delivery(2, 1), on)).toBeUndefined();
    expect(orphans.adopt(queue, delivery(1, 2), on)).toBeDefined();
  });

  it('leaves the message of another queue alone', () => {
    const orphans = new Orphans();
    orphans.add(task(delivery(1, 7)), 0);
    expect(orphans.adopt({ name: 'fairq.user.B' } as TaskQueue, delivery(1, 1), channel())).toBeUndefined();
  });

  it('is forgotten after a quarter of an hour', () => {
    const orphans = new Orphans();
    orphans.add(task(delivery(1, 7)), 0);
    orphans.addDone(completion(1), 0);
    orphans.forgetOld(15 * 60_000 + 1);
    expect(orphans.adopt(queue, delivery(1, 1), channel())).toBeUndefined();
  });
});

describe('a task that is done and acknowledged', () => {
  it('is known again, once', () => {
    const orphans = new Orphans();
    orphans.addDone(completion(1), 0);
    expect(orphans.adopt(queue, delivery(1, 1), channel())).toEqual({
      kind: 'done',
      completion: completion(1),
    });
    expect(orphans.adopt(queue, delivery(1, 1), channel())).toBeUndefined();
  });

  it('is known by an attempt that failed before: that is not to run again', () => {
    const orphans = new Orphans();
    orphans.addDone(completion(2), 0);
    expect(orphans.adopt(queue, delivery(1, 1), channel())).toMatchObject({ completion: { attempt: 2 } });
  });

  it('is told from another one with the same id, which people may have given', () => {
    const orphans = new Orphans();
    orphans.addDone({ ...completion(1), sequence: 2 }, 0);
    orphans.addDone({ ...completion(1), run: 'other' }, 0);
    orphans.addDone({ ...completion(1), user: 'B' }, 0);
    orphans.addDone({ ...completion(1), enqueued: AT + 1 }, 0);
    expect(orphans.adopt(queue, delivery(1, 1), channel())).toBeUndefined();
  });

  it('is not known by a message that does not say what it is', () => {
    const orphans = new Orphans();
    orphans.addDone(completion(1), 0);
    const bare = { fields: {}, properties: { messageId: ID } } as unknown as Delivery;
    expect(orphans.adopt(queue, bare, channel())).toBeUndefined();
  });
});
