import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Connection, openConnection } from '../../src/broker/connection/connection.js';
import { PolicyFeed } from '../../src/broker/policy/policy-feed.js';
import { withPolicyLock } from '../../src/broker/policy/policy-lock.js';
import { NO_POLICY } from '../../src/core/policy/policy-document.js';
import { type Names, namesFor } from '../../src/core/queues/names.js';
import { eventually } from '../support/eventually.js';
import { useConnection, useVhost } from '../support/vhost.js';

const vhost = useVhost();
const writer = useConnection(vhost);
/** The broker may end it where a stream goes that is being read. */
let reading: Connection;

beforeEach(async () => {
  reading = await openConnection(vhost.address, 'feed', { reconnectForMs: 60_000 });
});
afterEach(() => reading.close());

function write(names: Names, revision: number): Promise<void> {
  return withPolicyLock(writer.current, names, (policy) =>
    policy.append({ ...NO_POLICY, revision, madeFrom: revision - 1, what: `revision ${revision}` }),
  );
}

it.each([1, 2, 3, 4, 5])(
  'hears of the next document where the stream goes just as it is read, time %i',
  async (time) => {
    const names = namesFor(`feed${time}`);
    const channel = await writer.current.channel();
    const heard: number[] = [];
    await write(names, 1);
    const opening = PolicyFeed.open(reading, names, {
      onPolicy: ({ revision }) => {
        heard.push(revision);
        // It is not known yet whether there is another behind it.
        if (revision === 1) channel.deleteQueue(names.policyStream).catch(() => {}); // what follows is waited for
      },
      onUnreadable: () => {},
      onWarning: () => {},
    });
    await eventually(() => heard.includes(1), { timeoutMs: 60_000, what: 'the first document' });
    const feed = await opening;
    await write(names, 2);
    const isHeard = () => {
      void feed.lookAgain();
      return heard.includes(2);
    };
    await eventually(isHeard, { timeoutMs: 60_000, what: () => `the second document after ${heard}` });
    await feed.close();
    expect(heard).toEqual([1, 2]);
  },
);
