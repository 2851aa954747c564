import { CeleryQueues } from '../../broker/celery/celery-queues.js';
import { RemoteControl } from '../../broker/celery/remote-control.js';
import type { Connection } from '../../broker/connection.js';
import type { CeleryMessages } from '../../core/celery/encode-task.js';
import { prefixedQueueOf } from '../../core/celery/queue-prefix.js';
import type { ForeignTasks } from './publish-run.js';

/** Queues that are named in a warning; the rest are only counted. */
const NAMED = 3;

/**
 * Tasks that Celery's workers run, sent as an endpoint does that serves a queue for each user: it makes the queue,
 * has the workers consume it, and sends.
 */
export class CeleryTasks implements ForeignTasks {
  readonly #queues: CeleryQueues;

  private constructor(
    connection: Connection,
    private readonly control: RemoteControl,
    private readonly prefix: string,
    private readonly messages: CeleryMessages,
    private readonly onWarning: (text: string) => void,
  ) {
    this.#queues = new CeleryQueues(connection);
  }

  static async open(
    connection: Connection,
    prefix: string,
    messages: CeleryMessages,
    onWarning: (text: string) => void,
  ): Promise<CeleryTasks> {
    const control = await RemoteControl.open(connection, (error) => onWarning(error.message));
    return new CeleryTasks(connection, control, prefix, messages, onWarning);
  }

  queueOf(user: string): string {
    return prefixedQueueOf(this.prefix, user);
  }

  async make(queue: string): Promise<void> {
    await this.#queues.make(queue);
    await this.control.tell('add_consumer', [queue]);
  }

  async prepare(users: readonly string[]): Promise<void> {
    const queues = users.map((user) => this.queueOf(user));
    await Promise.all(queues.map((queue) => this.#queues.make(queue)));
    const { obeyed, errors, nobody } = await this.control.tell('add_consumer', queues);
    const left = queues.filter((queue) => !obeyed.has(queue));
    if (left.length > 0) {
      const named = left
        .slice(0, NAMED)
        .map((queue) => `"${queue}"`)
        .join(', ');
      const which = left.length > NAMED ? `${named} and ${left.length - NAMED} more` : named;
      this.onWarning(
        nobody
          ? `no Celery worker is there: tasks wait in ${which} until one is started with -Q, or "fairq worker --celery"`
          : `no Celery worker has said that it consumes ${which}: tasks may wait there`,
      );
    }
    for (const error of errors.slice(0, NAMED)) this.onWarning(`a Celery worker could not: ${error}`);
  }

  headers(id: string): Record<string, unknown> {
    return this.messages.headers(id);
  }

  properties(id: string) {
    return this.messages.properties(id);
  }

  close(): void {
    this.control.close();
  }
}
