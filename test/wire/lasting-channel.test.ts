import { describe, expect, it } from 'vitest';
import type { ConfirmChannel } from '../../src/broker/connection/channel.js';
import { LastingChannel } from '../../src/broker/connection/lasting-channel.js';
import { eventually } from '../support/eventually.js';
import { useConnection, useVhost } from '../support/vhost.js';

const vhost = useVhost();
const connected = useConnection(vhost);

/** Asks so often and answers for the oldest message with what `oldest` gives. */
async function watched(oldest: () => unknown) {
  const seen = { looks: 0, opened: 0, failures: [] as Error[] };
  const lasting = await LastingChannel.open<ConfirmChannel>(
    () => connected.current.confirmChannel(),
    async () => {},
    {
      onOpen: () => {
        seen.opened++;
      },
      onFailure: (error) => seen.failures.push(error),
      oldestUnanswered: () => {
        seen.looks++;
        return oldest();
      },
      lookEveryMs: 5,
    },
  );
  const looked = (times: number) =>
    eventually(async () => seen.looks >= times, { timeoutMs: 60_000, what: `${times} looks` });
  return { seen, looked, lasting };
}

describe('a channel with confirms', () => {
  it('goes on as another when one message is never answered', async () => {
    let answered = false;
    const { seen, looked, lasting } = await watched(() => (answered ? undefined : 'the same'));
    await eventually(async () => seen.opened === 2, { timeoutMs: 60_000, what: 'another channel' });
    answered = true;
    await looked(seen.looks + 100);
    expect(seen).toMatchObject({ opened: 2, failures: [] });
    lasting.close();
  });

  it('stays while messages are answered, however many wait', async () => {
    let message = 0;
    const { seen, looked, lasting } = await watched(() => Math.floor(message++ / 19));
    await looked(200);
    expect(seen).toMatchObject({ opened: 1, failures: [] });
    lasting.close();
  });
});
