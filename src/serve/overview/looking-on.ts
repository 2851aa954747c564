import type { BrokerAddress } from '../../broker/connection/address.js';
import { type Connection, openConnection } from '../../broker/connection/connection.js';
import { within } from '../../broker/connection/within.js';
import { Management } from '../../broker/management/management.js';
import { type QueueCounts, QueueRemover } from '../../broker/queues/queue-remover.js';
import type { Policy } from '../../core/policy/policy.js';
import type { Names } from '../../core/queues/names.js';
import type { TopSample } from '../../core/top/top-sample.js';
import type { Tenancy } from '../../core/top/top-tenants.js';
import type { Clock } from '../../core/values/clock.js';
import { Top } from '../../run/top/top.js';
import { brokerProblem, unavailable } from '../http/broker-problem.js';
import type { StreamTail } from '../tasks/stream-tail.js';
import { OldestTasks } from './oldest-tasks.js';

/** When nobody has asked for so long, nothing is listed, heard and read any more. */
const CLOSE_AFTER_MS = 60_000;
/** All who ask within this time are told the same. */
const SAME_FOR_MS = 1_000;
/** The first listing of 10,000 queues takes some seconds. */
const FIRST_WITHIN_MS = 20_000;
/** Of the broker's time, for listings of all queues. */
const MOST_OF_TIME = 0.005;
const ANSWER_WITHIN_MS = 5_000;
/** Channels to ask a queue for what it has. */
const MOST_ASKED = 4;

export interface LookingOnDeps {
  readonly address: BrokerAddress;
  readonly names: Names;
  readonly clock: Clock;
  readonly weightOf: (user: string) => number;
  readonly tenants?: Pick<Tenancy, 'tenantOf' | 'weightOf'> | undefined;
  readonly newId: () => string;
  readonly tail: Pick<StreamTail, 'listen'>;
  readonly policy?: () => Policy;
  /** In place of a minute. Milliseconds. */
  readonly closeAfterMs?: number;
}

/** What was seen at a moment. */
export interface Look {
  readonly sample: TopSample;
  /** Milliseconds; null where it is not known. */
  readonly oldestWaitMs: (user: string) => number | null;
  readonly oldestListedSecondsAgo: number | null;
}

interface Opened {
  readonly connection: Connection;
  readonly asking: Connection;
  readonly management: Management;
  readonly top: Top;
  readonly oldest: OldestTasks;
  readonly counting: QueueRemover;
  /** The events are told to `oldest` no more. */
  readonly deafen: () => void;
}

/**
 * What `fairq top` sees, for everybody who asks this server: one listing of queues and one reader. It costs the broker
 * a listing every few seconds, and the server a second look at each event. So it begins with the first question, and ends
 * when nobody asks any more.
 */
export class LookingOn {
  #opening: Promise<Opened> | undefined;
  #look: { readonly at: number; readonly look: Promise<Look> } | undefined;
  #idle: NodeJS.Timeout | undefined;
  /** Questions under way. */
  #users = 0;
  #isClosed = false;

  constructor(private readonly deps: LookingOnDeps) {}

  /** @throws Problem 503 with what is wrong */
  look(): Promise<Look> {
    const { now } = this.deps.clock;
    if (this.#look === undefined || now() - this.#look.at >= SAME_FOR_MS) {
      const look = this.#inUse(() => this.#lookNow());
      look.catch(() => {}); // whoever asks is told
      this.#look = { at: now(), look };
    }
    return this.#look.look;
  }

  /** What the queue itself says now; undefined where it is not there. */
  async counts(queue: string): Promise<QueueCounts | undefined> {
    try {
      const asked = this.#inUse(async () => {
        const { counting } = await this.#open();
        return (await counting.counts(queue)) ?? 'gone';
      });
      const counts = await within(ANSWER_WITHIN_MS, asked);
      if (counts === undefined) throw unavailable('The queue does not answer.');
      return counts === 'gone' ? undefined : counts;
    } catch (error) {
      throw brokerProblem(error);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#idle);
    await this.#end();
  }

  async #lookNow(): Promise<Look> {
    try {
      const { connection, top, oldest } = await this.#open();
      if (!connection.isConnected)
        throw unavailable('The connection to the broker is lost, and is tried again.');
      const sample = await within(FIRST_WITHIN_MS, this.#sample(top));
      if (sample === undefined) throw unavailable('The queues have not been listed yet.');
      const withQueue = sample.users.filter(({ shares }) => !shares);
      await within(ANSWER_WITHIN_MS, oldest.keepUp(withQueue));
      // Null too where it was listed a while ago, and not since.
      if (sample.backlog === null && top.trouble !== undefined) throw top.trouble;
      return {
        sample,
        oldestWaitMs: (user) => oldest.waitedMs(user),
        oldestListedSecondsAgo: oldest.askedSecondsAgo,
      };
    } catch (error) {
      throw brokerProblem(error);
    }
  }

  /** Where it fails once it fails for ever: the next question begins anew. */
  async #sample(top: Top): Promise<TopSample> {
    try {
      return await top.sample();
    } catch (error) {
      await this.#end();
      throw error;
    }
  }

  /** Nothing is closed while the work is under way. */
  async #inUse<T>(work: () => Promise<T>): Promise<T> {
    clearTimeout(this.#idle);
    this.#users++;
    try {
      return await work();
    } finally {
      if (--this.#users === 0) this.#closeLater();
    }
  }

  #closeLater(): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => void this.#end(), this.deps.closeAfterMs ?? CLOSE_AFTER_MS).unref();
  }

  #open(): Promise<Opened> {
    if (this.#isClosed) throw unavailable('The server ends.');
    if (this.#opening === undefined) {
      this.#opening = this.#openNow();
      this.#opening.catch(() => {
        this.#opening = undefined;
      });
    }
    return this.#opening;
  }

  async #openNow(): Promise<Opened> {
    const { address, names, clock, weightOf, tenants, newId, tail, policy } = this.deps;
    const { now } = clock;
    const epochMs = () => clock.epochMicros() / 1_000;
    const options = { reconnectForMs: Number.POSITIVE_INFINITY };
    const connection = await openConnection(address, 'fairq serve, looking on', options);
    const asking = await openConnection(address, 'fairq serve, asking what runs', options);
    const management = new Management(address);
    try {
      const top = await Top.open({
        connection,
        asking,
        management,
        names,
        now,
        epochMs,
        weightOf,
        tenants,
        newId,
        rowOf: (user) => user,
        mostOfTime: MOST_OF_TIME,
        policy,
      });
      const oldest = new OldestTasks({ management, names, now, epochMs });
      const deafen = tail.listen(oldest);
      return {
        connection,
        asking,
        management,
        top,
        oldest,
        deafen,
        counting: new QueueRemover(connection, names, MOST_ASKED),
      };
    } catch (error) {
      await Promise.all([connection.close(), asking.close()]);
      throw error;
    }
  }

  async #end(): Promise<void> {
    const opening = this.#opening;
    this.#opening = undefined;
    const opened = await opening?.catch(() => undefined); // whoever asked was told
    if (opened === undefined) return;
    opened.top.close();
    opened.deafen();
    await opened.management.close();
    await Promise.all([opened.connection.close(), opened.asking.close()]);
  }
}
