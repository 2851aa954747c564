import { FairqError, messageOf } from '../../core/errors/errors.js';
import type { BrokerTells } from '../../core/queues/noticing.js';
import type { QueueEvent } from '../../core/queues/queue-event.js';
import { deferred } from '../../core/values/deferred.js';
import { brokersWords } from '../connection/broker-said.js';
import type { Connection } from '../connection/connection.js';
import { within } from '../connection/within.js';
import type { Management } from '../management/management.js';
import { EVENT_EXCHANGE, listenToBroker } from './broker-events.js';

/** A plugin that runs has told of the first queue by then. */
const TELLS_WITHIN_MS = 2_000;

export interface EventSearch {
  /** To the vhost that fairq works in. */
  readonly connection: Connection;
  readonly vhost: string;
  readonly management: Pick<Management, 'vhostsWithExchange'>;
  /** Connects to another vhost. */
  readonly connectTo: (vhost: string) => Promise<Connection>;
}

export interface EventSearchListener {
  onEvent(event: QueueEvent): void;
  /** Events were not heard for a while, and now they are again. */
  onHearAgain(): void;
  /** They were heard, and cannot be any more. */
  onFailure(error: Error): void;
}

export type Heard = BrokerTells & { close(): Promise<void> };

const NOTHING_TO_CLOSE = async () => {};

/** Looks in which vhost the broker tells its events, its own vhost first, and listens there. Never rejects. */
export async function hearBroker(search: EventSearch, listener: EventSearchListener): Promise<Heard> {
  let why = `no vhost that this user may enter has the exchange "${EVENT_EXCHANGE}" of the plugin rabbitmq_event_exchange`;
  try {
    const own = search.vhost;
    const vhosts = await search.management.vhostsWithExchange(EVENT_EXCHANGE);
    for (const vhost of vhosts.sort((a, b) => Number(b === own) - Number(a === own))) {
      const heard = await hearIn(vhost, search, listener);
      if (heard.vhost !== undefined) return heard;
      why = heard.why;
    }
  } catch (error) {
    why = `the broker could not be asked for the exchange "${EVENT_EXCHANGE}": ${messageOf(error)}`;
  }
  return { vhost: undefined, why, close: NOTHING_TO_CLOSE };
}

async function hearIn(vhost: string, search: EventSearch, listener: EventSearchListener): Promise<Heard> {
  let other: Connection | undefined;
  try {
    if (vhost !== search.vhost) other = await search.connectTo(vhost);
    const heard = await hearOn(other ?? search.connection, listener);
    const close = async () => {
      heard.close();
      await other?.close();
    };
    if (heard.tells) return { vhost, close };
    await close();
    const why = `the exchange "${EVENT_EXCHANGE}" of vhost ${JSON.stringify(vhost)} tells nothing: its plugin rabbitmq_event_exchange is not enabled any more`;
    return { vhost: undefined, why, close: NOTHING_TO_CLOSE };
  } catch (error) {
    await other?.close();
    const words = error instanceof FairqError ? error.message : brokersWords(error);
    const why = `the exchange "${EVENT_EXCHANGE}" of vhost ${JSON.stringify(vhost)} cannot be read: ${words}`;
    return { vhost: undefined, why, close: NOTHING_TO_CLOSE };
  }
}

/** @returns whether the broker tells anything there */
async function hearOn(
  connection: Connection,
  listener: EventSearchListener,
): Promise<{ readonly tells: boolean; close(): void }> {
  let tells = false;
  const first = deferred<true>();
  const channel = await listenToBroker(connection, {
    onEvent: (event) => listener.onEvent(event),
    onHears: () => (tells ? listener.onHearAgain() : first.resolve(true)),
    onFailure: (error) => {
      if (tells) listener.onFailure(error);
    },
  });
  tells = (await within(TELLS_WITHIN_MS, first.promise)) === true;
  const close = () => {
    channel.current?.close().catch(() => {}); // it has gone by itself
    channel.close();
  };
  return { tells, close };
}
