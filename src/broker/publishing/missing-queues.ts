import { setTimeout as delay } from 'node:timers/promises';
import { type Names, ownQueue } from '../../core/queues/names.js';
import type { Connection } from '../connection/connection.js';
import { ReconnectingChannel } from '../connection/reconnecting-channel.js';
import { announce } from '../control/control.js';
import { isLocked } from '../queues/lock.js';
import { QueueMaker } from '../queues/queue-maker.js';
import { makeFixedQueues } from './fixed-queues.js';
import type { PublisherOptions } from './publisher-contract.js';
import type { Route } from './route.js';
import type { Sharing } from './sharing.js';

/** A queue that has been there without its binding for so long has lost its pruner. */
const ORPHANED_AFTER_MS = 30_000;
/** So has one, after so long, if no pruner has been at work for a moment: what it had begun has ended by then. */
const LOOK_FOR_PRUNER_AFTER_MS = 500;
const NO_PRUNER_FOR_MS = 700;
const UNBOUND_RETRY_MS = 50;

export interface MissingQueuesDeps {
  /** Milliseconds on a clock that never goes back. */
  now(): number;
  /** `usesExchange` is false where tasks are sent past the exchange, straight to their queues. */
  readonly tasks: { readonly usesExchange: boolean };
  readonly sharing: Pick<Sharing, 'isOn' | 'mend'>;
}

/**
 * Makes the queues of routes whose tasks come back, and tells workers of them. Where a queue is there, but not bound, a
 * pruner has it in hand: then this waits, and binds the queue only when its pruner is gone.
 */
export class MissingQueues {
  readonly #maker: QueueMaker;
  /** Of users' queues that may be taken away again, since light users share some. */
  readonly #promoter: QueueMaker;
  #announcements: ReconnectingChannel | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly names: Names,
    private readonly options: Pick<PublisherOptions, 'queueKind' | 'namedQueues'>,
    private readonly deps: MissingQueuesDeps,
  ) {
    this.#maker = new QueueMaker(connection, names, options.queueKind);
    this.#promoter = new QueueMaker(connection, names, { ...options.queueKind, promoted: true });
  }

  async open(onFailure: (error: Error) => void): Promise<void> {
    this.#announcements = await ReconnectingChannel.open(
      () => this.connection.channel(),
      async () => {},
      { onFailure },
    );
  }

  /** Resolves when a task may be sent to the route's queue again. */
  async make(route: Route): Promise<void> {
    const { exchange, queue, key, ofTask } = route.way;
    const { sharing } = this.deps;
    if (ofTask !== undefined) {
      await sharing.mend();
      return;
    }
    const { namedQueues } = this.options;
    if (exchange === '' && namedQueues === undefined) {
      await this.#makeFixed(route);
      return;
    }
    const state =
      namedQueues === undefined
        ? await this.#makerOf(queue).makeUnlessThere(queue, key)
        : await namedQueues.make(queue).then(() => 'made' as const);
    if (state === 'made') {
      const channel = this.#announcements?.current;
      if (channel !== undefined) announce(channel, this.names, { kind: 'queue', queue });
      return;
    }
    // What a queue that is there and not bound does not get, users' shared queues do.
    if (route.isToBeMade) return;
    // A task that is sent straight to a queue comes back from none that is there: this one has been made just now.
    if (this.deps.tasks.usesExchange && (await this.#isOrphaned(route))) await this.#maker.bind(queue, key);
    else await delay(UNBOUND_RETRY_MS);
  }

  #makerOf(queue: string): QueueMaker {
    const isPromoted = this.deps.sharing.isOn && ownQueue(this.names, queue)?.kind === 'user';
    return isPromoted ? this.#promoter : this.#maker;
  }

  async #makeFixed(route: Route): Promise<void> {
    await makeFixedQueues(this.connection, this.names, this.options.queueKind, [route.way.queue]);
    if (route.unboundSince !== undefined) await delay(UNBOUND_RETRY_MS); // somebody deletes it again and again
    route.unboundSince ??= this.deps.now();
  }

  /** Whether the queue has lost its binding for good. */
  async #isOrphaned(route: Route): Promise<boolean> {
    route.unboundSince ??= this.deps.now();
    const unboundMs = this.deps.now() - route.unboundSince;
    if (unboundMs > ORPHANED_AFTER_MS) return true;
    if (unboundMs < LOOK_FOR_PRUNER_AFTER_MS) return false;
    if (await isLocked(this.connection, this.names.pruneLock)) {
      route.unprunedSince = undefined;
      return false;
    }
    route.unprunedSince ??= this.deps.now();
    return this.deps.now() - route.unprunedSince > NO_PRUNER_FOR_MS;
  }
}
