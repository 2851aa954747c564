import { setTimeout as delay } from 'node:timers/promises';
import type { BrokerAddress } from '../../broker/connection/address.js';
import { type Connection, openConnection } from '../../broker/connection/connection.js';
import { Management } from '../../broker/management/management.js';
import { QueueMaker } from '../../broker/queues/queue-maker.js';
import { assertTopology, CLASSIC } from '../../broker/queues/topology.js';
import {
  type Names,
  namesFor,
  ownQueue,
  routingKeyOf,
  spreadQueue,
  userQueueOf,
} from '../../core/queues/names.js';

const LOOK_EVERY_MS = 25;

/** The vhost that a trial is played in: what is there, and a way to it. */
export class TrialVhost {
  readonly names: Names = namesFor('fairq');
  readonly address: BrokerAddress;

  /** @param broker whose address it is, of whatever vhost */
  constructor(
    private readonly broker: BrokerAddress,
    private readonly vhost: string,
  ) {
    this.address = { ...broker, vhost };
  }

  async make(): Promise<void> {
    await this.#managing(this.broker, (management) => management.makeVhost(this.vhost));
  }

  async remove(): Promise<void> {
    await this.#managing(this.broker, (management) => management.removeVhost(this.vhost));
  }

  /** On a connection of its own, which is closed afterwards. @param what the connection is for, for its name */
  async connected<R>(what: string, use: (connection: Connection) => Promise<R>): Promise<R> {
    const connection = await openConnection(this.address, `fairq bench ${what}`);
    try {
      return await use(connection);
    } finally {
      await connection.close();
    }
  }

  /** Makes the queues of users that have sent nothing so far, and leaves them empty. */
  async makeQueues(users: readonly string[]): Promise<void> {
    await this.connected('queues', async (connection) => {
      await assertTopology(connection, this.names, CLASSIC.type);
      const maker = new QueueMaker(connection, this.names, CLASSIC);
      await Promise.all(
        users.map((user) => maker.bind(userQueueOf(this.names, user), routingKeyOf(this.names, user), true)),
      );
    });
  }

  /** Names of the queues that tasks come to workers in. */
  async taskQueues(): Promise<readonly string[]> {
    return this.#managing(this.address, (management) => this.#taskQueuesBy(management));
  }

  /** Resolves when so many tasks wait in the queues. */
  async queued(tasks: number): Promise<void> {
    await this.#managing(this.address, (management) =>
      this.connected('queues', async (connection) => {
        const channel = await connection.channel();
        for (;;) {
          let ready = 0;
          for (const queue of await this.#taskQueuesBy(management)) {
            ready += (await channel.checkQueue(queue)).messageCount;
          }
          if (ready >= tasks) return;
          await delay(LOOK_EVERY_MS);
        }
      }),
    );
  }

  async #taskQueuesBy(management: Management): Promise<readonly string[]> {
    const { sharedQueue, priorityQueue } = this.names;
    return (await management.queueNames()).filter(
      (queue) =>
        queue === sharedQueue ||
        queue === priorityQueue ||
        ownQueue(this.names, queue) !== undefined ||
        spreadQueue(this.names, queue) !== undefined,
    );
  }

  /** What the management API says of this vhost. */
  async managed<R>(use: (management: Management) => Promise<R>): Promise<R> {
    return this.#managing(this.address, use);
  }

  async #managing<R>(address: BrokerAddress, use: (management: Management) => Promise<R>): Promise<R> {
    const management = new Management(address);
    return use(management).finally(() => management.close());
  }
}
