import type { Channel } from '../../broker/connection/channel.js';
import type { Connection, ConnectionListener } from '../../broker/connection/connection.js';
import { brokersWords } from '../../broker/connection/refusal.js';
import { channelsNeeded } from '../../broker/consuming/consumer-channels.js';
import type { WorkerPresence } from '../../broker/control/control.js';
import { type EventSearch, hearBroker } from '../../broker/control/event-search.js';
import { rollCall } from '../../broker/control/roll-call.js';
import type {
  ConsumerFigures,
  NodeFigures,
  QueueDefinition,
} from '../../broker/management/broker-figures.js';
import type { AlternateExchange, Binding, Management } from '../../broker/management/management.js';
import type { CountedListedQueue } from '../../broker/management/queue-figures.js';
import { currentPolicy } from '../../broker/policy/policy-stream.js';
import { tryToPublish } from '../../broker/publishing/publish-trial.js';
import { unroutableComesBack } from '../../broker/publishing/unroutable.js';
import { isExchangeThere } from '../../broker/queues/exchanges.js';
import { EXCLUSIVE_QUEUE } from '../../broker/queues/queue-arguments.js';
import { ifAllowed } from '../../core/errors/errors.js';
import type { RabbitPolicy } from '../../core/policy/backlog/rabbit-policy.js';
import type { PolicyDocument } from '../../core/policy/policy-document.js';
import type { Names } from '../../core/queues/names.js';
import type { BrokerTells } from '../../core/queues/noticing.js';

/** It is enough that there is something to hear. */
const HEARS_NOTHING = { onEvent: () => {}, onHearAgain: () => {}, onFailure: () => {} };
/** A broker that has just got into an alarm answers nothing that is published. */
const ANSWER_WITHIN_MS = 5_000;

/** Undefined: this user may not ask for it. */
export interface ManagementFacts {
  readonly version: string;
  readonly clockAheadMs: number | undefined;
  readonly nodes: readonly NodeFigures[] | undefined;
  readonly queues: readonly CountedListedQueue[];
  readonly definitions: readonly QueueDefinition[];
  readonly bound: ReadonlySet<string> | undefined;
  /** On the exchange for tasks. */
  readonly bindings?: readonly Binding[] | undefined;
  /** Of the exchange for tasks, where it has one. */
  readonly alternate?: AlternateExchange | undefined;
  /** By name. */
  readonly exchangeTypes?: ReadonlyMap<string, string> | undefined;
  /** Bound to the exchange that spreads what finds no queue. */
  readonly spreadBound?: ReadonlySet<string> | undefined;
  /** Types of exchanges that the broker knows. */
  readonly knownTypes?: readonly string[] | undefined;
  /** RabbitMQ's own. */
  readonly policies?: readonly RabbitPolicy[] | undefined;
  readonly consumers: readonly ConsumerFigures[];
  /** Names of the connections to the vhost. */
  readonly connections: readonly string[] | undefined;
}

export interface AmqpFacts {
  readonly version: string;
  readonly channelMax: number;
  /** Why the broker does not open as many channels as a worker needs; undefined where it does. */
  readonly channelsRefused: string | undefined;
  /** An alarm of the broker, in its words: it takes nothing from who publishes. */
  readonly blocked: string | undefined;
  /** What the user may not do, by the broker's own word. */
  readonly refused: readonly { readonly what: string; readonly why: string }[];
  /** Whether what finds no queue on the exchange for tasks does; undefined where that is not known. */
  readonly comesBack?: boolean | undefined;
  /** The exchange is there that spreads what finds no queue over those that light users share. */
  readonly isSpread?: boolean;
  /** Those that were heard of in the last seconds. */
  readonly workers: readonly WorkerPresence[];
  /** What operators have set; undefined where this user may not read it. */
  readonly policy?: PolicyDocument | undefined;
  /** Whether this user hears the broker's own events, as a worker would. */
  readonly broker: BrokerTells;
}

export async function askManagement(
  management: Management,
  names: Names,
  now: () => number,
): Promise<ManagementFacts> {
  const version = await management.version();
  const clockAheadMs = management.clockAheadMs(now());
  const [queues, definitions, consumers] = await Promise.all([
    management.countedQueues(),
    management.queueDefinitions(),
    management.consumers(),
  ]);
  return {
    version,
    clockAheadMs,
    queues,
    definitions,
    consumers,
    nodes: await ifAllowed(management.nodes()),
    policies: await ifAllowed(management.policies.list()),
    ...(await askExchanges(management, names)),
    connections: await ifAllowed(management.connectionNames()),
  };
}

async function askExchanges(management: Management, { taskExchange, spreadExchange }: Names) {
  const exchangeTypes = await ifAllowed(management.exchangeTypes());
  const knownTypes = await ifAllowed(management.knownExchangeTypes());
  // A user that may not see one of them may see none.
  if (exchangeTypes?.has(taskExchange) !== true) {
    return {
      exchangeTypes,
      knownTypes,
      bindings: exchangeTypes && [],
      bound: exchangeTypes && new Set<string>(),
    };
  }
  const bindings = await ifAllowed(management.bindings(taskExchange));
  const isSpread = exchangeTypes.has(spreadExchange);
  return {
    exchangeTypes,
    knownTypes,
    spreadBound: isSpread ? await ifAllowed(management.boundQueues(spreadExchange)) : undefined,
    bindings,
    bound: bindings && new Set(bindings.map(({ destination }) => destination)),
    alternate: await ifAllowed(management.alternateExchange(taskExchange)),
  };
}

/** @param connect opens another connection, for what an alarm would hold up */
export async function askAmqp(
  connection: Connection,
  connect: (listener: ConnectionListener) => Promise<Connection>,
  names: Names,
  newId: () => string,
  events: Omit<EventSearch, 'connection'>,
): Promise<AmqpFacts> {
  const refused = await tryPermissions(connection, names, newId());
  // Under an alarm the broker answers nothing more to whoever has published.
  const policy = await ifAllowed(currentPolicy(connection, names));
  const published = refused.length > 0 ? undefined : await tryToPublish(connect, names.controlExchange);
  if (published?.is === 'refused') refused.push({ what: 'publish (write)', why: published.reason });
  const channelsRefused = await tryChannels(
    connect,
    Math.min(channelsNeeded(connection.channelMax), connection.channelMax),
  );
  const workers = refused.length > 0 ? [] : await rollCall(connection, names);
  const { brokerVersion: version, channelMax } = connection;
  const blocked = published?.is === 'blocked' ? published.reason : undefined;
  const isSpread = await isExchangeThere(connection, names.spreadExchange);
  // What asks would stay in a queue that users share.
  const comesBack =
    blocked === undefined && !isSpread
      ? await unroutableComesBack(connection, names.taskExchange, ANSWER_WITHIN_MS)
      : undefined;
  const broker = await hearBroker({ ...events, connection }, HEARS_NOTHING);
  await broker.close();
  return {
    version,
    channelMax,
    channelsRefused,
    blocked,
    refused,
    workers,
    isSpread,
    comesBack,
    policy,
    broker,
  };
}

/** A limit of the user shows only when it is reached, and ends the connection then. */
async function tryChannels(
  connect: (listener: ConnectionListener) => Promise<Connection>,
  count: number,
): Promise<string | undefined> {
  const connection = await connect({});
  const open = Promise.all(Array.from({ length: count }, () => connection.channel()));
  try {
    await Promise.race([open, connection.lost]);
    return undefined;
  } catch (error) {
    return brokersWords(error);
  } finally {
    open.catch(() => {}); // told above
    await connection.close();
  }
}

/** Does on names under the prefix what publishers and workers do, and leaves nothing behind. */
async function tryPermissions(
  connection: Connection,
  names: Names,
  id: string,
): Promise<{ what: string; why: string }[]> {
  const queue = names.doctorQueuePrefix + id;
  const refused: { what: string; why: string }[] = [];
  const attempt = async (what: string, act: (channel: Channel) => Promise<unknown>) => {
    const channel = await connection.channel();
    try {
      await act(channel);
      await channel.close();
    } catch (error) {
      refused.push({ what, why: brokersWords(error) });
    }
  };
  await attempt('make queues (configure)', (channel) => channel.assertQueue(queue, EXCLUSIVE_QUEUE));
  if (refused.length > 0) return refused;
  await attempt('make exchanges (configure)', (channel) =>
    channel.assertExchange(names.controlExchange, 'fanout', { durable: true }),
  );
  await attempt('bind queues (write, and read on the exchange)', (channel) =>
    channel.bindQueue(queue, names.controlExchange, 'doctor'),
  );
  await attempt('consume (read)', (channel) => channel.get(queue));
  for (const prefix of [names.permitQueuePrefix, names.tokenQueuePrefix]) {
    await attempt(`make and read queues of ${prefix}* (configure, read)`, async (channel) => {
      await channel.assertQueue(prefix + id, EXCLUSIVE_QUEUE);
      await channel.get(prefix + id);
      await channel.deleteQueue(prefix + id);
    });
  }
  return refused;
}
