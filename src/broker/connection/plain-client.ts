import { type ChannelModel, connect } from 'amqplib';
import { type BrokerAddress, HEARTBEAT_SECONDS, uriOf } from './address.js';

/** Messages on their way that the broker has not confirmed. */
const UNCONFIRMED = 2_000;
const PREFETCH = 512;
/** An acknowledgement for each message, and one for so many: whichever is faster counts. */
const ACKNOWLEDGE_BY = [1, 50];
const BODY = Buffer.alloc(128, 'x');

/** What the client can do here; messages a second. */
export interface PlainRates {
  /** Persistent, each confirmed. */
  readonly publishPerSecond: number;
  /** With acknowledgements. */
  readonly consumePerSecond: number;
}

/**
 * Runs the plainest loops that amqplib allows, with nothing of fairq's between: what fairq is compared with. The queue
 * is made, and deleted afterwards.
 *
 * @param messages that are sent and consumed
 */
export async function plainRates(address: BrokerAddress, messages: number): Promise<PlainRates> {
  const { tls, heartbeatSeconds = HEARTBEAT_SECONDS } = address;
  // Of several hosts the first: a loop needs no other.
  const hosts = address.hosts.slice(0, 1);
  const model = await connect(uriOf({ ...address, hosts, heartbeatSeconds }), {
    noDelay: true,
    clientProperties: { connection_name: 'fairq bench plain client' },
    ...(tls.ca && { ca: tls.ca }),
    ...(tls.cert && { cert: tls.cert }),
    ...(tls.key && { key: tls.key }),
    rejectUnauthorized: !tls.insecure,
  });
  try {
    return await ratesOn(model, Math.ceil(messages / ACKNOWLEDGE_BY.length));
  } finally {
    await model.close();
  }
}

async function ratesOn(model: ChannelModel, each: number): Promise<PlainRates> {
  const queue = 'fairq.bench.plain';
  const admin = await model.createChannel();
  let publishSeconds = 0;
  let consumePerSecond = 0;
  for (const by of ACKNOWLEDGE_BY) {
    await admin.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'classic' } });
    publishSeconds += await seconds(() => publish(model, queue, each));
    consumePerSecond = Math.max(
      consumePerSecond,
      each / (await seconds(() => consume(model, queue, each, by))),
    );
    await admin.deleteQueue(queue);
  }
  return { publishPerSecond: (ACKNOWLEDGE_BY.length * each) / publishSeconds, consumePerSecond };
}

async function publish(model: ChannelModel, queue: string, count: number): Promise<void> {
  const channel = await model.createConfirmChannel();
  let sent = 0;
  let confirmed = 0;
  await new Promise<void>((resolve, reject) => {
    const onConfirm = (error: unknown) => {
      if (error) reject(error);
      confirmed++;
      if (confirmed === count) resolve();
      else if (sent < count) send();
    };
    const send = () => {
      sent++;
      channel.sendToQueue(queue, BODY, { persistent: true }, onConfirm);
    };
    while (sent < Math.min(UNCONFIRMED, count)) send();
  });
  await channel.close();
}

async function consume(model: ChannelModel, queue: string, count: number, by: number): Promise<void> {
  const channel = await model.createChannel();
  await channel.prefetch(PREFETCH);
  let done = 0;
  await new Promise<void>((resolve, reject) => {
    const onMessage: Parameters<typeof channel.consume>[1] = (message) => {
      if (message === null) {
        reject(new Error(`the queue "${queue}" was deleted while it was consumed`));
        return;
      }
      done++;
      if (done % by === 0 || done === count) channel.ack(message, by > 1);
      if (done === count) resolve();
    };
    channel.consume(queue, onMessage).catch(reject);
  });
  // It has been acknowledged when this has been answered.
  await channel.close();
}

async function seconds(act: () => Promise<void>): Promise<number> {
  const from = performance.now();
  await act();
  return (performance.now() - from) / 1_000;
}
