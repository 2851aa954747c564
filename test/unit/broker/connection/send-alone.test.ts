import { expect, it } from 'vitest';
import { sendAlone, sizeLimitIn } from '../../../../src/broker/connection/send-alone.js';
import { testConnection } from '../../../support/confirm-channels.js';

async function sent() {
  const { connection, channels } = testConnection();
  const channel = await connection.confirmChannel();
  const answer = sendAlone(channel, 'exchange', 'key', Buffer.from(''), { messageId: 'a' });
  return { answer, channel: channels[0]! };
}

it.each([
  ['confirm', 'confirmed'],
  ['return', 'returned'],
  ['nack', 'nacked'],
] as const)('tells that the broker answers with %s, and closes the channel', async (call, kind) => {
  const { answer, channel } = await sent();
  let closed = 0;
  channel.on('close', () => closed++);
  channel[call]();
  expect(await answer).toEqual({ kind });
  expect(closed).toBe(1);
});

it('tells why the broker closed the channel, and that nothing is known where the connection was lost', async () => {
  const refused = await sent();
  refused.channel.lose('no');
  expect(await refused.answer).toMatchObject({ kind: 'closed', reason: { message: 'no' } });
  const lost = await sent();
  lost.channel.lose();
  expect(await lost.answer).toEqual({ kind: 'closed', reason: undefined });
});

it.each([
  ['message size 20 larger than max size 16', 16],
  ['message size 20 larger than configured max size 16', 16],
  ['message size 20 is larger than configured max size 16', 16],
  ['something else', undefined],
])('reads the limit in %j', (text, limit) => {
  expect(sizeLimitIn(new Error(text))).toBe(limit);
});
