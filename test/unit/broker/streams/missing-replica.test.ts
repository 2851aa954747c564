import { describe, expect, it } from 'vitest';
import { MissingReplica } from '../../../../src/broker/streams/missing-replica.js';

const STREAM = "stream queue 'fairq.events' in vhost '/'";

function refusal(code: number, text: string): Error {
  return Object.assign(new Error(`Channel closed by server: ${code} - ${text}`), { code });
}

const noReplica = refusal(
  406,
  `PRECONDITION_FAILED - ${STREAM} does not have a running replica on the local node`,
);

describe('a stream that cannot be consumed on a node', () => {
  it('is tried again after a moment', async () => {
    expect(await new MissingReplica('fairq.events', 0).passes(noReplica)).toBe(true);
    const on310 =
      "PRECONDITION_FAILED - queue 'queue 'fairq.events' in vhost '/'' does not have a replica on the local node";
    expect(await new MissingReplica('fairq.events', 0).passes(refusal(406, on310))).toBe(true);
  });

  it('is not tried again for what the broker refuses for another reason', async () => {
    const replica = new MissingReplica('fairq.events');
    expect(await replica.passes(refusal(404, "NOT_FOUND - no queue 'fairq.events'"))).toBe(false);
    expect(await replica.passes(refusal(406, 'PRECONDITION_FAILED - inequivalent arg'))).toBe(false);
    expect(await replica.passes(new Error('does not have a running replica on the local node'))).toBe(false);
  });

  it('is given up after a minute, with what to do', async () => {
    const replica = new MissingReplica('fairq.events', 0);
    for (let i = 0; i < 120; i++) await replica.passes(noReplica);
    await expect(replica.passes(noReplica)).rejects.toMatchObject({
      kind: 'refused',
      code: 'NO_REPLICA',
      message: 'no replica of the stream "fairq.events" runs on the node to which fairq is connected',
    });
  });
});
