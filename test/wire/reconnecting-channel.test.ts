import { describe, expect, it } from 'vitest';
import type { ConfirmChannel } from '../../src/broker/connection/channel.js';
import { ReconnectingChannel } from '../../src/broker/connection/reconnecting-channel.js';
import { eventually } from '../support/eventually.js';
import { useConnection, useVhost } from '../support/vhost.js';

const vhost = useVhost();
const connected = useConnection(vhost);

/** Checks every 5 ms, where the oldest message is what `oldest` gives. */
async function checked(oldest: () => unknown) {
  const seen = { checks: 0, opened: 0, failures: [] as Error[] };
  const reconnecting = await ReconnectingChannel.open<ConfirmChannel>(
    () => connected.current.confirmChannel(),
    async () => {},
    {
      onOpen: () => {
        seen.opened++;
      },
      onFailure: (error) => seen.failures.push(error),
      oldestUnanswered: () => {
        seen.checks++;
        return oldest();
      },
      checkEveryMs: 5,
    },
  );
  const checks = (times: number) =>
    eventually(async () => seen.checks >= times, { timeoutMs: 60_000, what: `${times} checks` });
  return { seen, checks, reconnecting };
}

describe('a channel with confirms', () => {
  it('goes on as another when one message is never answered', async () => {
    let answered = false;
    const { seen, checks, reconnecting } = await checked(() => (answered ? undefined : 'the same'));
    await eventually(async () => seen.opened === 2, { timeoutMs: 60_000, what: 'another channel' });
    answered = true;
    await checks(seen.checks + 100);
    expect(seen).toMatchObject({ opened: 2, failures: [] });
    reconnecting.close();
  });

  it('stays while messages are answered, however many wait', async () => {
    let message = 0;
    const { seen, checks, reconnecting } = await checked(() => Math.floor(message++ / 19));
    await checks(200);
    expect(seen).toMatchObject({ opened: 1, failures: [] });
    reconnecting.close();
  });
});
