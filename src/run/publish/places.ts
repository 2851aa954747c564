import { usageError } from '../../core/errors/errors.js';
import { taskRoute } from '../../core/queues/fixed-queue.js';
import type { Grouping } from '../../core/queues/grouping.js';
import { groupQueueOf, type Names, ownQueue, routingKeyOf } from '../../core/queues/names.js';
import { fixedQueueOf } from './fixed-queue-of.js';
import type { PlannedTask } from './planned-task.js';

export interface PlaceOptions {
  /** `--queue`: where all tasks go that do not say otherwise. */
  readonly queue?: string | undefined;
  /** What shares a queue where none is named. */
  readonly grouping: Grouping;
  /** Other queues than fairq's own, of an application: throws where a user can have none. */
  readonly queueOf?: ((user: string) => string) | undefined;
  /** One queue for all, whatever is named; which one is the publisher's matter. */
  readonly shared: boolean;
  /** The same, by this priority. */
  readonly priority?: number | undefined;
}

/** Whose a task is, and which queue it goes to where that is not its user's own. */
export type Place = Pick<PlannedTask, 'user' | 'queue' | 'priority'>;

export class Places {
  constructor(
    private readonly names: Names,
    private readonly options: PlaceOptions,
  ) {}

  /**
   * The queue that is named for a task: for itself, for all, or by what comes first in its name. Undefined where
   * none is; throws where there can be no such queue.
   */
  named(task: string, queue?: string): string | undefined {
    if (this.options.queueOf !== undefined) return undefined;
    if (queue !== undefined) {
      // As "queues delete --save" has written it down.
      const { priorityQueue, sharedQueue } = this.names;
      const isShared = queue === priorityQueue || queue === sharedQueue;
      const isGroups = ownQueue(this.names, queue)?.kind === 'group';
      return isGroups || isShared ? queue : fixedQueueOf(this.names, queue, 'the queue');
    }
    const { queue: ofAll } = this.options;
    if (ofAll !== undefined) return fixedQueueOf(this.names, ofAll, '--queue');
    const route = taskRoute(task);
    return route && fixedQueueOf(this.names, route.queue, `the task ${JSON.stringify(task)}`);
  }

  /** Without a user a task is of one that is called as its queue. Throws where it says neither. */
  of(task: string, user: string | undefined, queue?: string): Place {
    const named = this.named(task, queue);
    const { queueOf = (name: string) => routingKeyOf(this.names, name) } = this.options;
    if (user !== undefined && user !== named) queueOf(user);
    const whose = user ?? named;
    if (whose === undefined) {
      throw usageError('NO_USER', 'it has neither a user nor a queue', { hint: 'Say whose it is.' });
    }
    const { priority } = this.options;
    if (priority !== undefined) return { user: whose, queue: this.names.priorityQueue, priority };
    const place = this.options.shared ? undefined : (named ?? this.#groupQueue(whose));
    return { user: whose, ...(place !== undefined && { queue: place }) };
  }

  #groupQueue(user: string): string | undefined {
    const group = this.options.grouping.groupOf(user);
    return group === undefined ? undefined : groupQueueOf(this.names, group);
  }
}
