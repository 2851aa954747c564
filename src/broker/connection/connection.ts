import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { type ChannelModel, connect, type RecoveringChannelModel } from 'amqplib';
import { FairqError, messageOf, refusedError, unreachableError } from '../../core/errors/errors.js';
import { deferred } from '../../core/values/deferred.js';
import { type BrokerAddress, HEARTBEAT_SECONDS, showAddress } from './address.js';
import { brokersWords } from './broker-said.js';
import type { Channel, ConfirmChannel } from './channel.js';
import { type RetiredNumbers, retireChannelNumbers } from './channel-numbers.js';
import { coalesceWrites } from './coalesced-writes.js';
import { explainConnectFailure } from './connect-failure.js';
import { endCrossedClose } from './crossed-close.js';

/** How long the TCP connection and the handshake may take. */
const CONNECT_TIMEOUT_MS = 10_000;
/** A connection that has just gone is known to be gone after so long. */
const OPEN_AGAIN_MS = 100;
/** How long the channels may take to say goodbye, and then the connection itself. */
const CLOSE_CHANNELS_MS = 5_000;
const CLOSE_MS = 1_000;
/** The first try to connect again, and the longest wait between two. */
const FIRST_RETRY_MS = 200;
const LONGEST_RETRY_MS = 5_000;
/** A connection that is lost again so soon counts as another failed try, or one would hammer the broker. */
const SHORT_LIVED_MS = 10_000;

export interface ConnectionListener {
  /** The broker's memory or disk alarm: it reads nothing from this connection until `onUnblocked`. */
  onBlocked?(reason: string): void;
  onUnblocked?(): void;
  /** It is gone, and is tried again. Once for each loss, not for each try. */
  onDisconnected?(reason: string): void;
  /** No broker answers at all so far, and it is tried again. Once. */
  onUnreachable?(reason: string): void;
  /** Every channel of before is void. */
  onReconnected?(): void;
}

export interface ConnectionOptions extends ConnectionListener {
  /** A connection that was lost is tried again for so long; 0: not at all. Milliseconds. */
  readonly reconnectForMs?: number;
  /** The same for the first time, where no broker answers; not at all if not given. */
  readonly firstForMs?: number;
}

/** What is asked of a connection after its owner has closed it. */
export class ConnectionClosed extends Error {
  override readonly name = 'ConnectionClosed';

  constructor() {
    super('the connection has been closed');
  }
}

/**
 * An AMQP connection that comes back when it is lost. What hung on the old one is gone then: who holds a
 * channel is told by its `close` event, opens another and sets it up again (see `ReconnectingChannel`).
 */
export interface Connection {
  readonly brokerVersion: string;
  readonly blocked: boolean;
  /** False while the connection is away and is tried again. */
  readonly isConnected: boolean;
  /** Channels that it may have, as was agreed with the broker. */
  readonly channelMax: number;
  /** As was agreed with the broker; milliseconds, 0 where there is none. */
  readonly heartbeatMs: number;
  /** Rejects with the reason when the connection is given up; never resolves. */
  readonly lost: Promise<never>;
  /** Both wait while there is no connection, and reject when it is given up. */
  channel(): Promise<Channel>;
  confirmChannel(): Promise<ConfirmChannel>;
  /** The code with which the broker has ended it last; undefined where it did not, or gave none. */
  readonly endedBy: number | undefined;
  /** One more to the same broker, which does not come back: for a question that may end it. */
  another(): Promise<Connection>;
  /** Writes what its channels have not written yet. The broker has some seconds to answer. */
  close(): Promise<void>;
  /** Drops it as it is, without a word to the broker. */
  abandon(): void;
  /** Drops it as it is, and connects again: for who can tell that the broker has given it up. */
  drop(): void;
}

/**
 * Connects; each of the address's hosts is tried once. Reconnecting is amqplib's own recovery. Nagle's
 * algorithm is switched off (with it an acknowledgement waits up to 40 ms for the broker's delayed TCP
 * one), and every channel has an `error` listener, without which one channel's failure would take the
 * whole connection down.
 *
 * @param name shown in the broker's list of connections
 */
export async function openConnection(
  address: BrokerAddress,
  name: string,
  options: ConnectionOptions = {},
): Promise<Connection> {
  const { firstForMs = 0, onUnreachable } = options;
  const deadline = performance.now() + firstForMs;
  for (let attempt = 1; ; attempt++) {
    const opened = new ReconnectingConnection(address, name, options);
    try {
      await opened.open();
      return opened;
    } catch (error) {
      const isAway = error instanceof FairqError && error.kind === 'unreachable';
      if (!isAway || performance.now() >= deadline) throw error;
      if (attempt === 1) onUnreachable?.(error.message);
      await delay(delayBefore(attempt));
    }
  }
}

/** Many processes lose a broker at the same moment: they are not to come back at the same one. */
function delayBefore(attempt: number): number {
  const backedOff = FIRST_RETRY_MS * 2 ** Math.min(attempt - 1, 10);
  return Math.min(LONGEST_RETRY_MS, backedOff) * (0.75 + Math.random() / 2);
}

// long because: one connection and all that may become of it, which every method asks about.
class ReconnectingConnection implements Connection {
  brokerVersion = 'unknown';
  blocked = false;
  channelMax = 0;
  heartbeatMs = 0;
  readonly #lost = deferred<never>();
  readonly lost = this.#lost.promise;
  #model: RecoveringChannelModel | undefined;
  readonly #channels = new Set<Channel>();
  /** Which of the hosts is tried now. */
  #host = 0;
  /** When it was connected last; undefined before the first time. */
  #connectedAt: number | undefined;
  isConnected = false;
  endedBy: number | undefined;
  #socket: Duplex | undefined;
  #retired: RetiredNumbers = { count: 0 };
  #connects = 0;
  #shortLives = 0;
  #giveUpTimer: NodeJS.Timeout | undefined;
  /** Why it was given up. */
  #ending: FairqError | undefined;
  /** It does not come back, be it closed or given up. */
  #closing = false;
  #closed = false;
  /** The broker says why before it closes a connection. */
  #reason: unknown;

  constructor(
    private readonly address: BrokerAddress,
    private readonly name: string,
    private readonly options: ConnectionOptions,
  ) {
    this.lost.catch(() => {}); // whoever cares awaits it; that nobody does must not end the process
  }

  async open(): Promise<void> {
    const { hosts, tls } = this.address;
    const model = await connect(this.#target(), {
      noDelay: true,
      timeout: CONNECT_TIMEOUT_MS,
      clientProperties: { connection_name: this.name },
      ...(tls.ca && { ca: tls.ca }),
      ...(tls.cert && { cert: tls.cert }),
      ...(tls.key && { key: tls.key }),
      rejectUnauthorized: !tls.insecure,
      recovery: {
        waitForConnect: false,
        initialMaxRetries: hosts.length - 1,
        calculateDelay: (attempt) => this.#delayBefore(attempt),
        setup: async (fresh: ChannelModel) => this.#connected(fresh),
      },
    });
    this.#model = model;
    this.#listen(model);
    try {
      await model.waitForConnect();
    } catch (error) {
      throw explainConnectFailure(error, this.address);
    }
  }

  async channel(): Promise<Channel> {
    return this.#open(() => this.#recovering.createChannel());
  }

  async confirmChannel(): Promise<ConfirmChannel> {
    return this.#open(() => this.#recovering.createConfirmChannel());
  }

  another(): Promise<Connection> {
    return openConnection(this.address, 'fairq, asking a queue');
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#closing) return;
    this.#closing = true;
    clearTimeout(this.#giveUpTimer);
    // The connection's own close overtakes what its channels have not written yet, such as the last
    // acknowledgements. A blocked broker reads nothing, and could not answer.
    if (!this.blocked && this.isConnected) await within(CLOSE_CHANNELS_MS, closeAll(this.#channels));
    // A connection that has gone already cannot be closed, and need not be.
    await within(
      CLOSE_MS,
      this.#model?.close().catch(() => {}),
    );
    this.#socket?.destroy();
  }

  abandon(): void {
    this.#closed = true;
    this.#closing = true;
    clearTimeout(this.#giveUpTimer);
    this.#model?.close().catch(() => {}); // it tries no more
    this.#socket?.destroy();
  }

  drop(): void {
    this.#socket?.destroy(
      new Error('the worker has dropped the connection: the broker was silent for too long'),
    );
  }

  get #recovering(): RecoveringChannelModel {
    if (this.#model === undefined) throw new Error('the connection has not been opened');
    return this.#model;
  }

  /** amqplib reads it anew at every try, so that another host can be the next. */
  #target() {
    const { protocol, hosts, username, password, vhost, heartbeatSeconds } = this.address;
    const host = () => hosts[this.#host % hosts.length]!;
    return {
      protocol,
      get hostname() {
        return host().hostname;
      },
      get port() {
        return host().port;
      },
      username,
      password,
      vhost: encodeURIComponent(vhost),
      heartbeat: heartbeatSeconds ?? HEARTBEAT_SECONDS,
    };
  }

  #listen(model: RecoveringChannelModel): void {
    model.on('blocked', (reason) => {
      this.blocked = true;
      this.options.onBlocked?.(reason);
    });
    model.on('unblocked', () => {
      this.blocked = false;
      this.options.onUnblocked?.();
    });
    model.on('error', (error) => {
      this.#reason = error;
      this.endedBy = replyCode(error);
    });
    model.on('connect-failed', (error) => {
      this.#reason = error;
      this.#host++;
    });
    model.on('disconnect', (error) => this.#disconnected(messageOf(this.#reason ?? error)));
    model.on('reconnect-failed', (error) => {
      if (this.#connectedAt !== undefined) this.#giveUp(messageOf(error));
    });
  }

  /** Runs before anybody gets a channel of the new connection. */
  #connected(model: ChannelModel): void {
    this.#socket = socketOf(model);
    coalesceWrites(this.#socket);
    this.#retired = retireChannelNumbers(model);
    this.brokerVersion = String(model.connection.serverProperties.version ?? 'unknown');
    this.channelMax = channelMaxOf(model);
    this.heartbeatMs = heartbeatOf(model) * 1_000;
    clearTimeout(this.#giveUpTimer);
    this.#connects++;
    this.isConnected = true;
    this.#connectedAt = performance.now();
    this.#reason = undefined;
    if (this.#connects > 1) this.options.onReconnected?.();
  }

  #disconnected(reason: string): void {
    this.blocked = false;
    this.isConnected = false;
    const livedMs = performance.now() - (this.#connectedAt ?? 0);
    this.#shortLives = livedMs < SHORT_LIVED_MS ? this.#shortLives + 1 : 0;
    this.#host++;
    const { reconnectForMs = 0, onDisconnected } = this.options;
    if (this.#closing) return;
    if (isRefusal(this.#reason)) {
      this.#refused(this.#reason);
      return;
    }
    if (reconnectForMs === 0) {
      this.#giveUp(reason);
      return;
    }
    onDisconnected?.(reason);
    if (reconnectForMs === Number.POSITIVE_INFINITY) return;
    this.#giveUpTimer = setTimeout(() => this.#giveUp(messageOf(this.#reason ?? reason)), reconnectForMs);
  }

  /** A limit of the broker, or of the user: the next connection would meet it as well. */
  #refused(reason: unknown): void {
    this.#end(
      refusedError('BROKER_REFUSED', `the broker has ended the connection: ${brokersWords(reason)}`, {
        hint: 'Raise the limit that it names, or use fewer processes; "fairq doctor" tries what a worker opens.',
        cause: reason,
      }),
    );
  }

  #giveUp(reason: string): void {
    this.#end(
      unreachableError(
        'CONNECTION_LOST',
        `the connection to ${showAddress(this.address)} was lost: ${reason}`,
        {
          hint: 'Look at the broker and at the network between, and start again: what was not acknowledged is delivered again. --reconnect-for says how long it is tried.',
          cause: this.#reason,
        },
      ),
    );
  }

  #end(error: FairqError): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#ending = error;
    this.#lost.reject(error);
    this.#model?.close().catch(() => {});
  }

  #delayBefore(attempt: number): number {
    if (this.#connectedAt === undefined) return 0;
    return delayBefore(attempt + this.#shortLives);
  }

  /** Opens a channel; where the connection goes in that moment, on the next one. */
  async #open<C extends Channel>(openOne: () => Promise<C>): Promise<C> {
    for (;;) {
      if (this.#closed) throw new ConnectionClosed();
      const connects = this.#connects;
      try {
        const channel = await openOne();
        // Where the connection ends in the same breath, the channel is closed before anybody can listen for that.
        if (!this.isConnected) throw new Error('the connection has ended');
        return this.#keep(channel);
      } catch (error) {
        // Of those that were about to be free then, the last may be free by the time that it is tried again.
        const hadNone = this.#retired.count === 0;
        if (!this.#closing) await delay(OPEN_AGAIN_MS);
        if (this.#closed) throw new ConnectionClosed();
        if (this.#ending !== undefined) throw this.#ending;
        if (this.#closing) throw error;
        const isFull = this.isConnected && connects === this.#connects && hadNone;
        if (isFull) throw this.#noChannel(error);
      }
    }
  }

  /** It is still the same connection: it has as many as it may have. */
  #noChannel(cause: unknown): FairqError {
    return refusedError(
      'NO_CHANNELS',
      `the broker gives no more channels: a connection may have ${this.channelMax} (${messageOf(cause)})`,
      {
        hint: 'Set channel_max = 2047 in rabbitmq.conf. "fairq doctor" says how many a worker needs.',
        cause,
      },
    );
  }

  #keep<C extends Channel>(channel: C): C {
    // The failure of a channel reaches whoever waits for an answer on it, and its `close` event.
    channel.on('error', () => {});
    closeWithConnection(channel);
    tellWhenClosing(channel);
    this.#channels.add(channel);
    channel.once('close', () => this.#channels.delete(channel));
    return channel;
  }
}

/** amqplib's `close` never resolves when the connection is lost before the broker has answered it. */
function closeWithConnection(channel: Channel): void {
  const close = channel.close.bind(channel);
  channel.close = () =>
    new Promise((resolve, reject) => {
      channel.once('close', () => resolve());
      close().then(resolve, reject);
    });
}

/**
 * From the moment that amqplib asks the broker to close a channel, whatever is sent on it throws. It does not say so before
 * the broker has answered. It also asks by itself, where a consumer throws.
 */
function tellWhenClosing(channel: Channel & { isClosing?: boolean }): void {
  // Its types do not tell of it.
  const asking = channel as unknown as { closeBecause(...why: unknown[]): void };
  const closeBecause = asking.closeBecause.bind(channel);
  asking.closeBecause = (...why) => {
    channel.isClosing = true;
    closeBecause(...why);
    endCrossedClose(channel);
  };
}

/**
 * Whether the broker has closed a connection for what its user may not do, such as to open so many channels (530), or for
 * what it does not know how to do (540). What it closes for a restart, or a fault, comes back.
 */
function isRefusal(error: unknown): boolean {
  const code = replyCode(error);
  return code === 530 || code === 540;
}

/** As `socketOf`. */
function channelMaxOf(model: ChannelModel): number {
  return (model.connection as unknown as { readonly channelMax: number }).channelMax;
}

/** As `socketOf`: seconds. */
function heartbeatOf(model: ChannelModel): number {
  return (model.connection as unknown as { readonly heartbeat: number }).heartbeat;
}

/** It is there, though amqplib's types do not say so. */
function socketOf(model: ChannelModel): Duplex {
  return (model.connection as unknown as { readonly stream: Duplex }).stream;
}

/** Waits for it, and for so long at most. */
async function within(ms: number, work: Promise<void> | undefined): Promise<void> {
  await Promise.race([work, delay(ms, undefined, { ref: false })]);
}

async function closeAll(channels: ReadonlySet<Channel>): Promise<void> {
  await Promise.allSettled([...channels].map(async (channel) => channel.close()));
}

/** Of the answers to a confirmed publish, the broker's own no: for a lost channel amqplib answers as well. */
export function isNack(error: unknown): boolean {
  return messageOf(error) === 'message nacked';
}

/** Whether a question has no answer since its channel went, and not since the broker refused it: amqplib gives that no code. */
export function wasCutOff(error: unknown): boolean {
  const isOurs = error instanceof FairqError || error instanceof ConnectionClosed;
  return !isOurs && replyCode(error) === undefined;
}

/** The AMQP reply code of a failed operation, such as 404, where it has one. */
export function replyCode(error: unknown): number | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' ? error.code : undefined;
}
