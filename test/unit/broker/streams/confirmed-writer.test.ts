import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ConfirmedWriter, type WrittenMessage } from '../../../../src/broker/streams/confirmed-writer.js';
import { testConnection } from '../../../support/confirm-channels.js';

const confirmed: string[] = [];
const failures: string[] = [];
const options = {
  patienceMs: 1_000,
  makeAgain: async () => {},
  onFailure: (error: Error) => void failures.push(error.message),
};

function message(id: string): WrittenMessage {
  return {
    queue: 'fairq.results',
    body: Buffer.from(id),
    properties: { messageId: id },
    onConfirmed: () => confirmed.push(id),
    onRefused: () => failures.push(`${id} refused`),
  };
}

describe('a writer that is opened on demand', () => {
  it('has a channel from its first message on, and sends what is written meanwhile once, in its order', async () => {
    const { connection, channels } = testConnection();
    const writer = ConfirmedWriter.onDemand(connection, options);
    await turn();
    expect(channels).toHaveLength(0);
    writer.write(message('1'));
    writer.write(message('2'));
    await turn();
    writer.write(message('3'));
    expect(channels).toHaveLength(1);
    expect(channels[0]!.ids).toEqual(['1', '2', '3']);
    for (let i = 0; i < 3; i++) channels[0]!.confirm();
    expect(confirmed).toEqual(['1', '2', '3']);
  });

  it('tells of a channel that cannot be opened', async () => {
    const { connection } = testConnection();
    connection.confirmChannel = () => Promise.reject(new Error('no more channels'));
    ConfirmedWriter.onDemand(connection, options).write(message('4'));
    await turn();
    expect(failures).toEqual(['no more channels']);
  });
});
