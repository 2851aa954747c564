import type { Connection } from '../../broker/connection/connection.js';
import type { QueueType } from '../../broker/queues/topology.js';
import type { Names } from '../../core/queues/names.js';
import type { OnState } from '../tasks/awaited-tasks.js';
import { ResultWait } from '../tasks/result-wait.js';
import type { Destination, OpenDestination, Target } from './destination.js';

/** fairq's own queues. */
export const OWN_QUEUES: Target = {
  isForeign: false,
  namedQueues: undefined,
  prepare: async () => {},
  partsOf: () => undefined,
};

/** fairq's own workers, which have their tasks from fairq's own queues. */
export class OwnDestination implements Destination {
  readonly queueOf = undefined;

  constructor(
    private readonly names: Names,
    private readonly queueType: QueueType,
    readonly task: string,
    readonly payload: string | undefined,
  ) {}

  async open(connection: Connection): Promise<OpenDestination> {
    const { names, queueType } = this;
    return {
      ...OWN_QUEUES,
      wait: (onState: OnState) => ResultWait.open(connection, names, queueType, onState),
      close: () => {},
    };
  }
}
