import { CeleryQueues } from '../../broker/celery/celery-queues.js';
import { RemoteControl } from '../../broker/celery/remote-control.js';
import type { Connection } from '../../broker/connection/connection.js';
import type { CeleryMessages } from '../../core/celery/encode-task.js';
import type { Destination, OpenDestination } from '../publish/destination.js';
import { CeleryUserQueues } from './celery-user-queues.js';
import { CeleryWait } from './celery-wait.js';

/** A Celery application: its task, and where its workers look for it. */
export class CeleryDestination implements Destination {
  readonly payload: string;

  /**
   * @param queueOf the queue of a user; throws where there can be none
   * @param replyQueue where results are waited for; undefined: nowhere
   */
  constructor(
    readonly task: string,
    private readonly messages: CeleryMessages,
    readonly queueOf: (user: string) => string,
    private readonly replyQueue: string | undefined,
    private readonly onWarning: (text: string) => void,
  ) {
    this.payload = messages.body;
  }

  async open(connection: Connection): Promise<OpenDestination> {
    const { queueOf, messages, replyQueue, onWarning } = this;
    const control = await RemoteControl.open(connection, (error) => onWarning(error.message));
    const queues = new CeleryUserQueues(new CeleryQueues(connection), control, queueOf, onWarning);
    return {
      isForeign: true,
      namedQueues: queues,
      prepare: (users) => queues.prepare(users),
      partsOf: (id) => ({ headers: messages.headers(id), properties: messages.properties(id) }),
      wait: (onState) => CeleryWait.open(connection, replyQueue ?? '', onState),
      close: () => control.close(),
    };
  }
}
