import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { type Channel, type ChannelModel, type ConfirmChannel, connect } from 'amqplib';
import { type FairqError, messageOf, refusedError, unreachableError } from '../errors.js';
import { type BrokerAddress, showAddress } from './address.js';
import { coalesceWrites } from './coalesced-writes.js';
import { explainTlsFailure } from './tls-failure.js';

/** How long the TCP connection and the handshake may take. */
const CONNECT_TIMEOUT_MS = 10_000;
const HEARTBEAT_SECONDS = 20;
/** How long the channels may take to say goodbye. */
const CLOSE_TIMEOUT_MS = 5_000;

export interface ConnectionListener {
  /** The broker's memory or disk alarm: it reads nothing from this connection until `onUnblocked`. */
  onBlocked?(reason: string): void;
  onUnblocked?(): void;
}

/** One AMQP connection. `lost` settles once, when it is gone without having been closed by us. */
export interface Connection {
  readonly brokerVersion: string;
  readonly blocked: boolean;
  /** Rejects with the reason when the connection is lost; never resolves. */
  readonly lost: Promise<never>;
  channel(): Promise<Channel>;
  confirmChannel(): Promise<ConfirmChannel>;
  close(): Promise<void>;
}

/**
 * Connects. Nagle's algorithm is switched off (with it an acknowledgement waits up to 40 ms for the
 * broker's delayed TCP one), and every channel has an `error` listener, without which one channel's
 * failure would take the whole connection down.
 *
 * @param name shown in the broker's list of connections
 */
export async function openConnection(
  address: BrokerAddress,
  name: string,
  listener: ConnectionListener = {},
): Promise<Connection> {
  const model = await connectOnce(address, name);
  coalesceWrites(socketOf(model));
  const channels = new Set<Channel>();
  let blocked = false;
  let closing = false;
  let lose: (error: FairqError) => void = () => {};
  const lost = new Promise<never>((_, reject) => {
    lose = reject;
  });
  lost.catch(() => {}); // whoever cares awaits it; that nobody does must not end the process

  model.on('blocked', (reason) => {
    blocked = true;
    listener.onBlocked?.(reason);
  });
  model.on('unblocked', () => {
    blocked = false;
    listener.onUnblocked?.();
  });
  let reason: unknown;
  model.on('error', (error) => {
    reason = error;
  });
  model.on('close', (error) => {
    if (closing) return;
    const cause = reason ?? error;
    lose(
      unreachableError(
        'CONNECTION_LOST',
        `the connection to ${showAddress(address)} was lost: ${messageOf(cause)}`,
        {
          hint: 'Look at the broker and at the network between, and start again: what was not acknowledged is delivered again.',
          cause,
        },
      ),
    );
  });

  return {
    brokerVersion: String(model.connection.serverProperties.version ?? 'unknown'),
    get blocked() {
      return blocked;
    },
    lost,
    channel: async () => keep(channels, await model.createChannel()),
    confirmChannel: async () => keep(channels, await model.createConfirmChannel()),
    close: async () => {
      if (closing) return;
      closing = true;
      // The connection's own close overtakes what its channels have not written yet, such as the last
      // acknowledgements. A blocked broker reads nothing, and could not answer.
      if (!blocked)
        await Promise.race([closeAll(channels), delay(CLOSE_TIMEOUT_MS, undefined, { ref: false })]);
      // A connection that has gone already cannot be closed, and need not be.
      await model.close().catch(() => {});
    },
  };
}

/** It is there, though amqplib's types do not say so. */
function socketOf(model: ChannelModel): Duplex {
  return (model.connection as unknown as { readonly stream: Duplex }).stream;
}

function keep<C extends Channel>(channels: Set<Channel>, channel: C): C {
  // The failure of a channel reaches whoever waits for an answer on it, and its `close` event.
  channel.on('error', () => {});
  channels.add(channel);
  channel.once('close', () => channels.delete(channel));
  return channel;
}

async function closeAll(channels: ReadonlySet<Channel>): Promise<void> {
  await Promise.allSettled([...channels].map(async (channel) => channel.close()));
}

async function connectOnce(address: BrokerAddress, name: string): Promise<ChannelModel> {
  try {
    return await connect(
      {
        protocol: address.protocol,
        hostname: address.hostname,
        port: address.port,
        username: address.username,
        password: address.password,
        vhost: encodeURIComponent(address.vhost),
        heartbeat: HEARTBEAT_SECONDS,
      },
      {
        noDelay: true,
        timeout: CONNECT_TIMEOUT_MS,
        clientProperties: { connection_name: name },
        ...(address.tls.ca && { ca: address.tls.ca }),
        ...(address.tls.cert && { cert: address.tls.cert }),
        ...(address.tls.key && { key: address.tls.key }),
        rejectUnauthorized: !address.tls.insecure,
      },
    );
  } catch (error) {
    throw explainConnectFailure(error, address);
  }
}

function explainConnectFailure(error: unknown, address: BrokerAddress): FairqError {
  const where = showAddress(address);
  const text = messageOf(error);
  if (/ACCESS[_-]REFUSED|\b403\b/.test(text)) {
    return refusedError('LOGIN_REFUSED', `${where} refused the login of user "${address.username}"`, {
      hint: 'Check the user and the password (--username, --password-file, or the URI), and that the user may log in from this host: "guest" may only from localhost.',
      cause: error,
    });
  }
  // After the login is accepted the broker closes the connection for nothing but the vhost (530), and
  // amqplib keeps that frame to itself.
  if (/vhost|got <ConnectionClose/i.test(text)) {
    return refusedError(
      'NO_VHOST',
      `${where} has no vhost "${address.vhost}", or user "${address.username}" may not use it`,
      {
        hint: `Name another with --vhost, or make it: rabbitmqctl add_vhost '${address.vhost}'.`,
        cause: error,
      },
    );
  }
  const tlsFailure = explainTlsFailure(error, where, address.tls);
  if (tlsFailure) return tlsFailure;
  return unreachableError('BROKER_UNREACHABLE', `no broker answers at ${where}: ${text}`, {
    hint: 'Start one of your own with "fairq broker start", or name another address with --uri or FAIRQ_URI.',
    cause: error,
  });
}

/** The AMQP reply code of a failed operation, such as 404, where it has one. */
export function replyCode(error: unknown): number | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' ? error.code : undefined;
}
