import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { BrokerAddress } from '../../src/broker/connection/address.js';
import { type Connection, openConnection } from '../../src/broker/connection/connection.js';
import { type ControlMessage, listen } from '../../src/broker/control/control.js';
import { type OutgoingTask, Publisher } from '../../src/broker/publishing/publisher.js';
import { assertTopology, type QueueType } from '../../src/broker/queues/topology.js';
import { taskIdGenerator } from '../../src/core/message/task-id.js';
import { type Names, userQueueOf } from '../../src/core/queues/names.js';
import type { Random } from '../../src/core/values/random.js';

/** A user is left alone for so long on average, that its queue is pruned in the meantime; milliseconds. */
const SILENCE_MS = 4_000;
/** As `fairq publish`. A busy 4.3 has ended a connection with 541, "cluster_not_formed", where it was to make a quorum queue. */
const RECONNECT_FOR_MS = 300_000;

export interface Wait {
  readonly id: string;
  readonly user: string;
  readonly ms: number;
  /** When the task was confirmed; `performance.now()`. */
  readonly at: number;
}

/**
 * A publisher that lets its users fall silent, and comes back to them in the worst moment: when a pruner asks
 * the workers to leave a user's queue, or a moment after that, or whenever it likes.
 */
export class SilentPublisher {
  readonly confirmed = new Set<string>();
  readonly waits: Wait[] = [];
  sent = 0;
  readonly #newId = taskIdGenerator(randomBytes(8), Date.now);
  readonly #sentAt = new Map<string, number>();
  readonly #failures: Error[] = [];
  #connection: Connection | undefined;
  #publisher: Publisher | undefined;
  #stopped = false;
  #work: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly names: Names,
    private readonly users: readonly string[],
    private readonly queueType: QueueType,
    private readonly random: Random,
  ) {}

  async start(address: BrokerAddress): Promise<void> {
    const { names } = this;
    const connection = await openConnection(address, 'silent publisher', {
      reconnectForMs: RECONNECT_FOR_MS,
    });
    this.#connection = connection;
    await assertTopology(connection, names, this.queueType);
    const fail = (error: Error) => this.#failures.push(error);
    const queueKind = { type: this.queueType, ordered: false };
    this.#publisher = await Publisher.open(
      connection,
      names,
      { queueKind, onConfirmed: (task) => this.#onConfirmed(task), onFailure: fail },
      () => performance.now(),
    );
    await listen(connection, names, { onMessage: (message) => this.#heard(message), onFailure: fail });
    this.#work = Promise.all(this.users.map((user) => this.#come(user)));
  }

  /** Sends nothing more, and resolves when all that it sent is confirmed. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#work;
    await this.#publisher?.settled();
    await this.#connection?.close();
    const [failure] = this.#failures;
    if (failure !== undefined) throw failure;
  }

  async #come(user: string): Promise<void> {
    while (!this.#stopped) {
      await pause(SILENCE_MS * (0.3 + 1.4 * this.random()));
      this.#burst(user);
    }
  }

  #heard(message: ControlMessage): void {
    if (message.kind !== 'leave') return;
    const asked = new Set(message.queues);
    for (const user of this.users) {
      if (!asked.has(userQueueOf(this.names, user)) || this.random() < 0.5) continue;
      // Somewhere between the question and the end of the delete.
      setTimeout(() => this.#burst(user), 60 * this.random() ** 2);
    }
  }

  #burst(user: string): void {
    if (this.#stopped) return;
    const count = 1 + Math.floor(3 * this.random());
    for (let i = 0; i < count; i++) this.#send(user);
  }

  #send(user: string): void {
    const id = this.#newId();
    const sentAt = Date.now() * 1_000;
    const envelope = { user, run: 'storm', sequence: ++this.sent, intendedAt: sentAt, sentAt, attempt: 1 };
    this.#sentAt.set(id, performance.now());
    this.#publisher?.send({ id, type: 'work', contentType: '', payload: Buffer.alloc(16), envelope });
  }

  #onConfirmed({ id, envelope: { user } }: OutgoingTask): void {
    const at = performance.now();
    this.waits.push({ id, user, ms: at - (this.#sentAt.get(id) ?? at), at });
    this.confirmed.add(id);
  }
}
