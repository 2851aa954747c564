import { type ChannelModel, connect } from 'amqplib';
import { type BrokerAddress, HEARTBEAT_SECONDS, uriOf } from '../connection/address.js';

/** Messages on their way that the broker has not confirmed. */
const UNCONFIRMED = 2_000;
const PREFETCH = 512;
const BODY = Buffer.alloc(128, 'x');

export interface PlainLoop {
  readonly address: BrokerAddress;
  /** Of a queue that is there. */
  readonly queue: string;
  readonly messages: number;
  /** Publishes them, each confirmed; or consumes them, with an acknowledgement for so many. */
  readonly does: 'publish' | { readonly acknowledgeBy: number };
}

/** Runs the plainest loop that amqplib allows, with nothing of fairq's between. @returns seconds, once it is connected */
export async function runPlainLoop({ address, queue, messages, does }: PlainLoop): Promise<number> {
  const { tls, heartbeatSeconds = HEARTBEAT_SECONDS } = address;
  const hosts = address.hosts.slice(0, 1);
  const model = await connect(uriOf({ ...address, hosts, heartbeatSeconds }), {
    noDelay: true,
    clientProperties: { connection_name: 'fairq bench plain client' },
    ...(tls.ca && { ca: tls.ca }),
    ...(tls.cert && { cert: tls.cert }),
    ...(tls.key && { key: tls.key }),
    rejectUnauthorized: !tls.insecure,
  });
  const from = performance.now();
  if (does === 'publish') await publish(model, queue, messages);
  else await consume(model, queue, messages, does.acknowledgeBy);
  const seconds = (performance.now() - from) / 1_000;
  await model.close();
  return seconds;
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
