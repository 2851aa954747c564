import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from '../../../broker/connection/connection.js';
import { isLocked } from '../../../broker/queues/lock.js';
import { QueueMaker } from '../../../broker/queues/queue-maker.js';
import type { QueueKind } from '../../../broker/queues/topology.js';
import { type Names, type OwnQueue, ownQueue, tooLong } from '../../../core/queues/names.js';

const LOOK_FOR_PRUNER_MS = 100;

/**
 * Makes the queue that a user is to have for itself, by the rule of publishers: one that is missing is made and bound;
 * one that is there may be in the hands of a pruner, and is bound when no pruner is at work.
 */
export class OwnQueues {
  readonly #maker: QueueMaker;

  /**
   * @param serves whether this worker takes tasks of a queue
   * @param announce tells all workers of a queue, this one too
   */
  constructor(
    private readonly connection: Connection,
    private readonly names: Names,
    kind: QueueKind,
    private readonly serves: (queue: string) => boolean,
    private readonly announce: (queue: string) => void,
  ) {
    this.#maker = new QueueMaker(connection, names, { ...kind, promoted: true });
  }

  /** Whose queue has this name; undefined where there can be no such queue, or this worker is not for it. */
  ownerOf(queue: string): OwnQueue | undefined {
    const own = ownQueue(this.names, queue);
    return own?.kind === 'user' && tooLong(queue) === undefined && this.serves(queue) ? own : undefined;
  }

  /**
   * Resolves when the queue is there, tasks of its user get there, and the workers are told.
   *
   * @returns whether it was not there before. Of two workers that make it at the same moment both may say so
   * @throws FairqError where the broker refuses it
   */
  async make(queue: string): Promise<boolean> {
    const own = this.ownerOf(queue);
    if (own === undefined) return false;
    const isNew = (await this.#maker.makeUnlessThere(queue, own.key)) === 'made';
    if (!isNew) await this.#bindAgain(queue, own.key);
    this.announce(queue);
    return isNew;
  }

  /** It is there: a pruner may have unbound it, or may be about to delete it. */
  async #bindAgain(queue: string, key: string): Promise<void> {
    for (;;) {
      while (await isLocked(this.connection, this.names.pruneLock)) await delay(LOOK_FOR_PRUNER_MS);
      // It declares the queue, too: a pruner may have deleted it meanwhile.
      await this.#maker.bind(queue, key, true);
      // A pruner that has begun meanwhile may have unbound the queue before: then it is bound once more after it.
      if (!(await isLocked(this.connection, this.names.pruneLock))) return;
    }
  }
}
