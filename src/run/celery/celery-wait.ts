import type { Connection } from '../../broker/connection/connection.js';
import type { Delivery } from '../../broker/connection/delivery.js';
import { ReconnectingChannel } from '../../broker/connection/reconnecting-channel.js';
import { CLASSIC_QUEUE } from '../../broker/queues/queue-arguments.js';
import { readCeleryResult } from '../../core/celery/read-result.js';
import { type AwaitedTask, AwaitedTasks, type OnState, type TaskWait } from '../tasks/awaited-tasks.js';

/** Answers wait for a client that has lost its connection; a queue that nobody reads for so long goes. */
const UNUSED_FOR_MS = 10 * 60_000;

/** Waits for the answers that Celery's workers send where their results are `rpc://`, and fairq's workers too. */
export class CeleryWait implements TaskWait {
  readonly #tasks: AwaitedTasks<AwaitedTask>;
  #channel: ReconnectingChannel | undefined;

  private constructor(
    private readonly queue: string,
    onState: OnState,
  ) {
    this.#tasks = new AwaitedTasks(onState);
  }

  /** @param queue to be made, where the tasks have their answers sent */
  static async open(connection: Connection, queue: string, onState: OnState): Promise<CeleryWait> {
    const wait = new CeleryWait(queue, onState);
    wait.#channel = await ReconnectingChannel.open(
      () => connection.channel(),
      async (channel) => {
        await channel.assertQueue(queue, {
          durable: true,
          arguments: { ...CLASSIC_QUEUE, 'x-expires': UNUSED_FOR_MS },
        });
        await channel.consume(queue, (message) => {
          if (message === null) return;
          channel.ack(message);
          wait.#answered(message);
        });
      },
      { onFailure: (error) => wait.#tasks.fail(error) },
    );
    return wait;
  }

  expect(task: AwaitedTask): void {
    this.#tasks.add(task);
  }

  fail(id: string, error: string): void {
    this.#tasks.failed(id, error);
  }

  get pending(): readonly AwaitedTask[] {
    return this.#tasks.pending;
  }

  async all(): Promise<void> {
    await this.#tasks.all();
  }

  afterwards(): string {
    return 'they go on, and nobody waits for their answers any more';
  }

  async close(): Promise<void> {
    const channel = this.#channel?.current;
    this.#channel?.close();
    await channel?.deleteQueue(this.queue).catch(() => {}); // it expires by itself
  }

  #answered({ content, properties }: Delivery): void {
    const { contentType, correlationId } = properties;
    const unread = this.#tasks.get(String(correlationId));
    if (contentType !== 'application/json' && unread !== undefined) {
      const error = `its answer is ${JSON.stringify(contentType)}, and fairq reads JSON alone`;
      this.#tasks.ended(unread, { id: unread.id, state: 'failed', user: unread.user, error });
      return;
    }
    const state = readCeleryResult(content.toString('utf8'));
    const task = state && this.#tasks.get(state.id);
    if (state !== undefined && task !== undefined) this.#tasks.ended(task, { ...state, user: task.user });
  }
}
