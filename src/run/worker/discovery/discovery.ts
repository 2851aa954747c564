import type { BriefQueue } from '../../../broker/management/queue-figures.js';
import { messageOf } from '../../../core/errors/errors.js';
import type { BrokerTells } from '../../../core/queues/noticing.js';
import type { WorkerDeps, WorkerOptions } from '../worker-contract.js';
import { BrokerEventConsumer } from './broker-event-consumer.js';
import { Listings } from './listings.js';
import { NewQueues } from './new-queues.js';
import { unorderedWarning } from './ordered-queues.js';
import type { QueueFilter } from './queue-filter.js';
import { QueuesOfWork } from './queues-of-work.js';

/** Who takes up what is found. */
export interface Takers {
  /** Queues of users. */
  readonly intake: {
    /** Those that it does not consume yet. */
    take(queues: readonly string[]): Promise<void>;
    /** The same of queues that were just made. */
    takeAnnounced(queues: readonly string[]): Promise<void>;
    readonly served: { serves(queue: string): boolean };
  };
  /** Delay queues, among all others. */
  readonly retries: { take(queues: readonly string[]): void };
}

export interface DiscoveryListener {
  onBrokerTells(broker: BrokerTells): void;
  onWarning(text: string): void;
  onFailure(error: Error): void;
}

/**
 * Finds the queues that a worker is to serve: those that are there when it begins, those that publishers announce,
 * those of which the broker tells, and, by listing all of them every so often, those of which nobody has told.
 */
export class Discovery {
  readonly #work: QueuesOfWork;
  readonly #newQueues: NewQueues;
  readonly #brokerEvents: BrokerEventConsumer;
  readonly #listings: Listings;
  #isStopped = false;
  /** The last listing has failed, and somebody was told. */
  #listFailed = false;

  constructor(
    private readonly deps: WorkerDeps,
    private readonly options: Pick<WorkerOptions, 'also' | 'ordered' | 'discoverEveryMs'>,
    private readonly filter: QueueFilter,
    private readonly takers: Takers,
    private readonly listener: DiscoveryListener,
  ) {
    const { connection, management, names, clock, events } = deps;
    this.#work = new QueuesOfWork(names, filter, (text) => listener.onWarning(text));
    this.#newQueues = new NewQueues(clock, (queues) => {
      this.#takeAnnounced(queues).catch((error) => listener.onFailure(error));
    });
    this.#listings = new Listings(() => this.#list(), options.discoverEveryMs, clock);
    this.#brokerEvents = new BrokerEventConsumer(
      { ...events, connection, management },
      {
        onCreated: (queue) => this.#created(queue),
        onDeleted: (queue) => this.#newQueues.forget(queue),
        onHearAgain: () => this.#listings.soon(0),
        onFound: (broker) => this.#brokerTells(broker),
      },
    );
  }

  /**
   * Names of the queues to serve among those that are listed.
   *
   * @param all that there are. Announcements have to be heard before they are listed, so that none falls between.
   */
  async among(all: readonly BriefQueue[]): Promise<string[]> {
    const { also, ordered } = this.options;
    this.takers.retries.take(all.map(({ name }) => name));
    const found = this.#work.among(all);
    for (const queue of also) {
      if (!found.includes(queue) && !this.#work.isStream(queue)) found.push(queue); // not listed yet
    }
    const warning = ordered ? await unorderedWarning(this.deps.management, found) : undefined;
    if (warning !== undefined) this.listener.onWarning(warning);
    return found;
  }

  /**
   * What was found is taken up: from here on it lists the queues every so often, and hears the broker. The broker's events
   * are a help, and it takes a while to find them: no start waits for that.
   */
  begin(): void {
    this.#listings.soon(this.options.discoverEveryMs);
    void this.#brokerEvents.search();
  }

  /** A publisher has made a queue. */
  announced(queue: string): void {
    this.takers.retries.take([queue]);
    this.#newQueues.add(queue);
  }

  /** Announcements were not heard for a while. */
  listAgain(): void {
    this.#listings.soon(0);
    void this.#brokerEvents.search();
  }

  /** Takes up a queue that somebody has just named; resolves with whether it is there. */
  async takeUp(queue: string): Promise<boolean> {
    await this.#takeAnnounced([queue]);
    return this.takers.intake.served.serves(queue);
  }

  /** Takes up nothing from here on; resolves when the broker is not heard any more. */
  close(): Promise<void> {
    this.#isStopped = true;
    this.#listings.close();
    this.#newQueues.close();
    return this.#brokerEvents.close();
  }

  async #takeAnnounced(queues: readonly string[]): Promise<void> {
    if (this.#isStopped) return;
    await this.takers.intake.takeAnnounced(queues.filter((queue) => !this.#work.isStream(queue)));
  }

  /** A name that only a glob matches may be another prefix's own, which a listing shows. */
  #created(queue: string): void {
    if (!this.filter.matches(queue)) return;
    if (this.#work.isUsers(queue)) this.#newQueues.add(queue);
    else this.#listings.afterHint();
  }

  #brokerTells(broker: BrokerTells): void {
    this.listener.onBrokerTells(broker);
    if (broker.vhost === undefined) return;
    // What was made after the last listing and before the broker's events were heard.
    this.#listings.soon(0);
  }

  async #list(): Promise<void> {
    try {
      const queues = await this.deps.management.queuesInBrief();
      this.#listFailed = false;
      this.takers.retries.take(queues.map(({ name }) => name));
      await this.takers.intake.take(this.#work.among(queues));
    } catch (error) {
      if (!this.#listFailed) {
        this.listener.onWarning(
          `the queues could not be listed, new ones may be missed: ${messageOf(error)}`,
        );
      }
      this.#listFailed = true;
      throw error;
    }
  }
}
