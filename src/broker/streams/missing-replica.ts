import { setTimeout as delay } from 'node:timers/promises';
import { messageOf, refusedError } from '../../core/errors/errors.js';
import { replyCode } from '../connection/connection.js';
import { CHECK_AGAIN_MS, MOST_CHECKS } from '../queues/queue-presence.js';

/**
 * What the broker says with a 406 where its node has no replica of a stream, or has not started it yet: without "running" on
 * 3.10, with it on 4.0 and 4.3.
 */
const NO_REPLICA_HERE = /does not have a (running )?replica on the local node/;

/** A stream that cannot be consumed on this node for now: one consumes a stream where the connection is. */
export class MissingReplica {
  #tries = 0;

  constructor(
    private readonly stream: string,
    private readonly tryAgainMs = CHECK_AGAIN_MS,
  ) {}

  /**
   * Resolves with false where the broker has refused something else; with true, after a moment, where it may take the same now.
   *
   * @throws FairqError (refused) where that takes more than a minute
   */
  async passes(refusal: unknown): Promise<boolean> {
    if (replyCode(refusal) !== 406 || !NO_REPLICA_HERE.test(messageOf(refusal))) return false;
    if (++this.#tries > MOST_CHECKS) {
      throw refusedError(
        'NO_REPLICA',
        `no replica of the stream "${this.stream}" runs on the node to which fairq is connected`,
        {
          hint: 'Name another node of the cluster with --uri, or add one there: rabbitmq-streams add_replica.',
          cause: refusal,
        },
      );
    }
    await delay(this.tryAgainMs);
    return true;
  }
}
