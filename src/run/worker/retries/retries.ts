import { setTimeout as delay } from 'node:timers/promises';
import type { Delivery } from '../../../broker/connection/delivery.js';
import { delaysOf } from '../../../core/message/retry-policy.js';
import type { ChannelDeps, WorkerOptions } from '../worker-contract.js';
import { DelayQueueConsumer } from './delay-queue-consumer.js';
import { RetryForwarder, type RetryForwarderListener } from './retry-forwarder.js';

/** At its end a worker looks so often whether all have arrived. */
const LOOK_EVERY_MS = 10;

/** Tasks in the delay queues: they wait here for their next attempt, and are brought back when it is due. */
export class Retries {
  private constructor(
    private readonly consumer: DelayQueueConsumer,
    private readonly forwarder: RetryForwarder,
  ) {}

  /** The delay queues are there when it resolves. Nothing is due before `begin`. */
  static async open(
    deps: ChannelDeps,
    { queueKind, retry }: Pick<WorkerOptions, 'queueKind' | 'retry'>,
    listener: RetryForwarderListener,
  ): Promise<Retries> {
    const options = { queueType: queueKind.type, delaysMs: delaysOf(retry) };
    const [forwarder, consumer] = await Promise.all([
      RetryForwarder.open(deps, queueKind, listener),
      DelayQueueConsumer.open(deps, options, {
        onDue: (task) => forwarder.onDue(task),
        onLost: () => forwarder.onLost(),
        onFailure: (error) => listener.onFailure(error),
      }),
    ]);
    return new Retries(consumer, forwarder);
  }

  /** Takes up the delay queues: from here on tasks may be due. */
  begin(): Promise<void> {
    return this.consumer.begin();
  }

  /** Tasks on their way back, but for those whose queue has taken nothing for long. */
  get pending(): number {
    return this.forwarder.pending;
  }

  /** Tasks whose wait is over and whose queue does not take them now. They are where they waited. */
  get stuck(): number {
    return this.forwarder.stuck;
  }

  /** Tasks held here until their wait for one of this worker's delays is over. */
  get waiting(): number {
    return this.consumer.ownHeld;
  }

  /** All tasks held here, and those on their way back. */
  *held(): Iterable<Delivery> {
    yield* this.consumer.held();
    yield* this.forwarder.underWay();
  }

  /** Tasks held here until they are due, with what is left of their waits in milliseconds. */
  waits(): Iterable<{ readonly message: Delivery; readonly leftMs: number }> {
    return this.consumer.waits();
  }

  /** Looks after the delay queues among these too. */
  take(queues: readonly string[]): void {
    this.consumer.take(queues);
  }

  /**
   * Takes no more, and resolves when those on their way have arrived: what is left half-way comes twice. Those whose queue
   * does not take them are not waited for: they go back to where they waited with the connection.
   */
  async finish(): Promise<void> {
    await this.consumer.stop();
    while (this.forwarder.isMoving) await delay(LOOK_EVERY_MS);
  }

  close(): void {
    this.consumer.close();
  }
}
