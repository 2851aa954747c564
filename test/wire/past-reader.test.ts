import { beforeAll, describe, expect, it } from 'vitest';
import { openConnection } from '../../src/broker/connection/connection.js';
import { systemClock } from '../../src/process/system-clock.js';
import { PastReader } from '../../src/serve/history/past-reader.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const STREAM = 'past';
const WRITTEN = 12_000;

beforeAll(async () => {
  const { channel } = vhost;
  await channel.assertQueue(STREAM, { arguments: { 'x-queue-type': 'stream' } });
  await channel.assertQueue('empty', { arguments: { 'x-queue-type': 'stream' } });
  for (let i = 0; i < WRITTEN; i++) channel.sendToQueue(STREAM, Buffer.from(String(i)), { type: 't' });
});

function reading(stream: string, end: number, signal = new AbortController().signal, onConnected = () => {}) {
  const told: number[] = [];
  const reader = new PastReader({
    connect: async () => {
      const connection = await openConnection(vhost.address, 'test');
      onConnected();
      return connection;
    },
    stream,
    now: systemClock.now,
    onMessage: (_, body) => told.push(Number(body())),
    end: () => end,
    signal,
  });
  return { told, reader };
}

const upTo = (end: number) => Array.from({ length: end }, (_, i) => i);

describe('what a stream had some time ago', () => {
  it('is told part by part, each message once, up to what somebody else tells', async () => {
    const { told, reader } = reading(STREAM, 11_234);
    expect(await reader.read(0)).toEqual({ hasOlder: false });
    expect(told).toEqual(upTo(11_234));
    await reader.read(0); // there is nothing more
    expect(told.length).toBe(11_234);
  });

  it('is nothing where nothing is so late, and the stream has something older', async () => {
    const { told, reader } = reading(STREAM, WRITTEN);
    expect(await reader.read(Date.now() + 3_600_000)).toEqual({ hasOlder: true });
    expect(told).toEqual([]);
  });

  it('is nothing in an empty stream', async () => {
    const { told, reader } = reading('empty', 0);
    expect(await reader.read(0)).toEqual({ hasOlder: false });
    expect(told).toEqual([]);
  });

  it('is not read on when the server ends', async () => {
    const ending = new AbortController();
    const { told, reader } = reading(STREAM, WRITTEN, ending.signal);
    const read = reader.read(0);
    ending.abort();
    await expect(read).rejects.toThrow(/abort/i);
    expect(told.length).toBeLessThan(WRITTEN);
  });

  it('is not read when the server ends while the stream is opened, which is no failure of the process', async () => {
    const ending = new AbortController();
    const abortSoon = () => setImmediate(() => ending.abort());
    const { told, reader } = reading(STREAM, WRITTEN, ending.signal, abortSoon);
    await expect(reader.read(0)).rejects.toThrow(/abort/i);
    expect(told).toEqual([]);
  });

  it('is refused where there is no stream', async () => {
    await expect(reading('missing', 5).reader.read(0)).rejects.toThrow(/missing/);
  });
});
