import type { CeleryQueues } from '../../broker/celery/celery-queues.js';
import type { RemoteControl } from '../../broker/celery/remote-control.js';
import type { NamedQueues } from '../../broker/publishing/publisher.js';
import type { CeleryReply } from '../../core/celery/pidbox.js';

/** Queues that are named in a warning; the rest are only counted. */
const NAMED = 3;

/**
 * Tasks that Celery's workers run, sent as an endpoint does that serves a queue for each user: it makes the queue,
 * has the workers consume it, and sends.
 */
export class CeleryUserQueues implements NamedQueues {
  constructor(
    private readonly queues: CeleryQueues,
    private readonly control: RemoteControl,
    readonly queueOf: (user: string) => string,
    private readonly onWarning: (text: string) => void,
  ) {}

  async make(queue: string): Promise<void> {
    await this.queues.make(queue);
    await this.#tell([queue]);
  }

  async prepare(users: readonly string[]): Promise<void> {
    const queues = users.map((user) => this.queueOf(user));
    await Promise.all(queues.map((queue) => this.queues.make(queue)));
    const replies = await this.#tell(queues);
    const isWell = ({ error }: CeleryReply) => error === undefined;
    const left = queues.filter((queue) => !replies.get(queue)?.some(isWell));
    if (left.length > 0) {
      const named = left
        .slice(0, NAMED)
        .map((queue) => `"${queue}"`)
        .join(', ');
      const which = left.length > NAMED ? `${named} and ${left.length - NAMED} more` : named;
      this.onWarning(
        this.control.nobody
          ? `no Celery worker is there: tasks wait in ${which} until one is started with -Q, or "fairq worker --celery"`
          : `no Celery worker has said that it consumes ${which}: tasks may wait there`,
      );
    }
    const refusals = [...replies.values()].flat().filter((reply) => !isWell(reply));
    for (const { worker, error } of refusals.slice(0, NAMED))
      this.onWarning(`the Celery worker ${worker} does not consume a queue: ${error}`);
  }

  async #tell(queues: readonly string[]): Promise<Map<string, readonly CeleryReply[]>> {
    const told = await this.control.tell(queues.map((queue) => ({ method: 'add_consumer', queue })));
    return new Map(told.map(({ order, replies }) => [order.queue ?? '', replies]));
  }
}
