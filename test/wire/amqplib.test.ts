import type { Duplex } from 'node:stream';
import amqplib, { type ChannelModel } from 'amqplib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { brokersWords, missingRight } from '../../src/broker/connection/broker-said.js';
import { isNack, openConnection, replyCode } from '../../src/broker/connection/connection.js';
import { explainRefusal } from '../../src/broker/connection/refusal.js';
import { useConnection, useVhost } from '../support/vhost.js';

/**
 * What fairq uses of amqplib beyond its documented interface, and the texts of amqplib and the broker that it reads:
 * docs/internals/broker-client.md lists them. Where one of these fails after an update, look there for what leans on it.
 */
const CHANNEL_CLOSE = (20 << 16) | 40;
const CHANNEL_CLOSE_OK = (20 << 16) | 41;
const vhost = useVhost();
const connected = useConnection(vhost);
let model: ChannelModel;

beforeAll(async () => {
  const { hosts, username, password, vhost: name } = vhost.address;
  model = await amqplib.connect({ ...hosts[0], username, password, vhost: name });
});
afterAll(() => model.close());

/** A request that fails on a channel of its own. */
async function failureOf(ask: (channel: amqplib.Channel) => Promise<unknown>): Promise<unknown> {
  const channel = await model.createChannel();
  channel.on('error', () => {});
  return ask(channel).then(
    () => undefined,
    (error) => error,
  );
}

const insides = () =>
  model.connection as unknown as {
    readonly stream: Duplex;
    readonly channelMax: number;
    readonly channels: ({ channel: { accept: unknown; toClosed: unknown }; buffer: Duplex } | null)[];
    readonly freeChannels: { clear: unknown };
    readonly releaseChannel: unknown;
  };

describe('of a connection', () => {
  it('the socket can be corked', () => {
    const { stream } = insides();
    expect([stream.cork, stream.uncork, stream.write].map((each) => typeof each)).toEqual(
      Array(3).fill('function'),
    );
  });

  it('the number of channels is known that was agreed', () => {
    expect(insides().channelMax).toBeGreaterThan(0);
    expect(connected.current.channelMax).toBe(insides().channelMax);
  });

  it('each channel is found by its number, and its number is released by a method', async () => {
    const channel = await model.createChannel();
    const { channels, freeChannels, releaseChannel } = insides();
    const entry = channels[(channel as unknown as { ch: number }).ch];
    expect(typeof entry?.channel.accept).toBe('function');
    expect(typeof entry?.channel.toClosed).toBe('function');
    expect(typeof entry?.buffer.end).toBe('function');
    expect([typeof freeChannels.clear, typeof releaseChannel]).toEqual(['function', 'function']);
    await channel.close();
    expect(channels[(channel as unknown as { ch: number }).ch]).toBeNull();
  });

  it('a number that was left stays taken for a while on a connection of fairq', async () => {
    const number = (channel: unknown) => (channel as { ch: number }).ch;
    const first = await connected.current.channel();
    await first.close();
    const second = await connected.current.channel();
    expect(number(second)).not.toBe(number(first));
    await second.close();
  });
});

describe('of a channel', () => {
  it('an acknowledgement reads the tag of a message, and nothing else', async () => {
    const channel = await model.createChannel();
    const { queue } = await channel.assertQueue('', { exclusive: true });
    channel.sendToQueue(queue, Buffer.from('A'));
    const taken = await new Promise<amqplib.ConsumeMessage>((resolve) => {
      channel.consume(queue, (message) => message && resolve(message));
    });
    channel.ack({ fields: { deliveryTag: taken.fields.deliveryTag } } as amqplib.Message);
    // What is not acknowledged goes back when its channel is closed.
    await channel.close();
    const { messageCount } = await (await model.createChannel()).checkQueue(queue);
    expect(messageCount).toBe(0);
  });

  it('a channel of fairq says that it closes, though a consumer that throws is the reason', async () => {
    const channel = await connected.current.channel();
    channel.on('error', () => {});
    const { queue } = await channel.assertQueue('', { exclusive: true });
    const thrown = new Promise<boolean | undefined>((resolve) => {
      void channel.consume(queue, () => {
        // The request to close is next, in this turn.
        queueMicrotask(() => resolve(channel.isClosing));
        throw new Error('as a full disk does');
      });
    });
    channel.sendToQueue(queue, Buffer.from('A'));
    expect(await thrown).toBe(true);
  });

  it('a channel of fairq that both sides close is closed, though the broker does not answer', async () => {
    const connection = await openConnection(vhost.address, 'test');
    const channel = await connection.channel();
    const inside = channel as unknown as {
      sendImmediately(method: number, fields: object): void;
      accept(frame: { id: number }): void;
    };
    const sent: number[] = [];
    // Neither request nor answer reaches the broker.
    inside.sendImmediately = (method) => sent.push(method);
    const closed = new Promise<void>((resolve) => channel.once('close', () => resolve()));
    const close = channel.close();
    inside.accept({ id: CHANNEL_CLOSE });
    await Promise.all([closed, close]);
    expect(sent).toEqual([CHANNEL_CLOSE, CHANNEL_CLOSE_OK]);
    connection.abandon();
  });

  it('a consumer can be registered before the broker has answered', async () => {
    const channel = (await model.createChannel()) as amqplib.Channel & {
      registerConsumer(tag: string, callback: (message: unknown) => void): void;
      dispatchMessage(fields: object, message: object): void;
    };
    const heard: unknown[] = [];
    channel.registerConsumer('early', (message) => heard.push(message));
    channel.dispatchMessage({ consumerTag: 'early' }, { is: 'a message' });
    expect(heard).toEqual([{ is: 'a message' }]);
    await channel.close();
  });
});

describe('the failure of a request', () => {
  it('begins with "Operation failed", and has the reply code', async () => {
    const error = await failureOf((channel) => channel.checkQueue('not there'));
    expect((error as Error).message).toMatch(/^Operation failed: /);
    expect(replyCode(error)).toBe(404);
  });

  it('of another one says that the channel was closed, and has the code as well', async () => {
    const channel = await model.createChannel();
    const closed = new Promise<Error>((resolve) => channel.once('error', resolve));
    const asked = channel.checkQueue('not there').catch((error) => error);
    const behind = channel.checkQueue('behind it').catch((error) => error);
    expect((await asked).message).toMatch(/^Operation failed: /);
    expect((await behind).message).not.toMatch(/^Operation failed: /);
    expect((await closed).message).toMatch(/^Channel closed by server: 404 \(NOT-FOUND\) with message "/);
  });

  it("has the broker's words, without those around them", async () => {
    const error = await failureOf((channel) => channel.checkQueue('not there'));
    expect(brokersWords(error)).toMatch(/^no queue 'not there' in vhost '/);
  });

  it('tells a queue with other arguments', async () => {
    const { queue } = await vhost.channel.assertQueue('of one kind', { durable: true });
    const error = await failureOf((channel) =>
      channel.assertQueue(queue, { durable: true, arguments: { 'x-max-length': 1 } }),
    );
    expect(replyCode(error)).toBe(406);
    expect(brokersWords(error)).toMatch(/\binequivalent\b/);
    expect(explainRefusal(error, 'it')).toMatchObject({ code: 'OTHER_ARGUMENTS' });
  });

  it('tells whose right is missing, to what', async () => {
    const error = await failureOf((channel) => channel.assertExchange('amq.mine', 'direct'));
    expect(replyCode(error)).toBe(403);
    expect((error as { classId?: number; methodId?: number }).classId).toBe(40);
    expect(missingRight(error)).toBeUndefined(); // of a reserved name, and no right
  });
});

describe('the answer to what was published', () => {
  it('is "message nacked" for the broker\'s no', async () => {
    const channel = await model.createConfirmChannel();
    const { queue } = await channel.assertQueue('', {
      exclusive: true,
      arguments: { 'x-max-length': 1, 'x-overflow': 'reject-publish' },
    });
    const answers = [1, 2].map(
      () => new Promise((resolve) => channel.sendToQueue(queue, Buffer.from('A'), {}, resolve)),
    );
    const [first, second] = await Promise.all(answers);
    expect([first, isNack(second)]).toEqual([null, true]);
    await channel.close();
  });

  it('is another error where the channel was lost', async () => {
    const channel = await model.createConfirmChannel();
    channel.on('error', () => {});
    const answered = new Promise((resolve) =>
      channel.publish('not there', '', Buffer.from('A'), {}, resolve),
    );
    const error = await answered;
    expect([error instanceof Error, isNack(error)]).toEqual([true, false]);
  });
});

describe('the failure of a connection', () => {
  it('that gets no vhost quotes the frame', async () => {
    const { hosts, username, password } = vhost.address;
    const error = await amqplib.connect({ ...hosts[0], username, password, vhost: 'not%20there' }).then(
      () => undefined,
      (failure: Error) => failure,
    );
    expect(error?.message).toMatch(/vhost|got <ConnectionClose/i);
  });

  it('that gets no login has the word of the broker', async () => {
    const { hosts, username, vhost: name } = vhost.address;
    const error = await amqplib.connect({ ...hosts[0], username, password: 'wrong', vhost: name }).then(
      () => undefined,
      (failure: Error) => failure,
    );
    expect(error?.message).toMatch(/ACCESS[_-]REFUSED|\b403\b/);
  });
});
