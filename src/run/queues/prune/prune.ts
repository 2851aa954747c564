import { setTimeout as delay } from 'node:timers/promises';
import { type Connection, ConnectionClosed } from '../../../broker/connection/connection.js';
import type { Management } from '../../../broker/management/management.js';
import { type Lock, takeLock } from '../../../broker/queues/lock.js';
import { QueueRemover } from '../../../broker/queues/queue-remover.js';
import { FairqError, messageOf, refusedError } from '../../../core/errors/errors.js';
import { type Names, ownQueue } from '../../../core/queues/names.js';
import type { IdleQueue, PruneOutcome } from '../../../core/reports/queue-report.js';
import type { Clock } from '../../../core/values/clock.js';
import { LeaveRequests } from '../leave-requests.js';
import { refuseWhereTasksGoAstray } from './astray.js';
import { BatchTime } from './batch-time.js';
import type { Outsiders } from './outsiders.js';
import { takePruneLock } from './prune-lock.js';

/**
 * Batches side by side. One unbinds at a time, so that they are out of step: while one waits for its grace to pass,
 * the broker unbinds and deletes for others.
 */
const LANES = 4;
/**
 * A publisher that has waited for so long binds the queue again, taking the pruner for dead; nothing is
 * deleted that has been unbound for a good part of that. Milliseconds.
 */
const UNBOUND_AT_MOST_MS = 10_000;
/** A pruner whose connection was lost waits so long for its lock: its own old one may still be there. */
const LOCK_WITHIN_MS = 90_000;
const LOCK_AGAIN_MS = 200;
/** What a process had asked of the broker when it, or its connection, ended, has been done by then. */
export const LAST_DELETES_TAKE_MS = 1_000;

/** An outsider that has said that it leaves has left by then: Celery's main loop takes up to a second. */
const OUTSIDERS_LEAVE_WITHIN_MS = 3_000;
/**
 * What they were told before that, and do later, is done by then. A Celery worker that cancels a consumer and takes it up
 * again in one turn of its loop must not meet the delete in between: it ends where what it declares is gone when it binds.
 */
const OUTSIDERS_SETTLE_MS = 1_500;
const LOOK_AGAIN_MS = 50;
const NOT_LEFT = 'a worker has a task of it or does not answer, or somebody else consumes it';

/** What the pruner has to know of a queue. */
export type PruneCandidate = Pick<IdleQueue, 'name' | 'type' | 'consumers'>;

export interface PruneOptions {
  readonly concurrency: number;
  /** From unbinding to looking: what was on its way into the queue arrives. Milliseconds. */
  readonly graceMs: number;
  /** Consumers of the queues beside fairq's workers. */
  readonly outsiders?: Outsiders | undefined;
}

export interface PruneDeps {
  readonly connection: Connection;
  readonly names: Names;
  readonly clock: Clock;
  readonly newId: () => string;
  /** To name what is in the way. */
  readonly management?: Management | undefined;
}

export interface PruneListener {
  onOutcome(outcome: PruneOutcome): void;
  /** A step of the protocol, for who wants to know. */
  onStep(step: string, queues: number): void;
  onWarning(text: string): void;
}

/** A queue in the hands of the pruner. */
interface Unbound {
  readonly candidate: PruneCandidate;
  readonly key: string | undefined;
  readonly at: number;
}

/**
 * Deletes queues without losing a task. What the broker gives for it does not do: `if-empty` does not see
 * what a worker holds, and a task that is on its way into a queue while it is deleted is confirmed and gone.
 *
 * So, one pruner at a time: unbind, so that publishers are told that there is no queue and wait; wait until
 * what was under way has arrived; ask the workers to leave, which they do if they hold nothing of it; delete
 * on the condition that nothing is ready and nobody consumes. Whatever does not hold, the queue is bound again
 * and the workers are told.
 */
export class Pruner {
  readonly #remover: QueueRemover;
  /** Unbound, and neither deleted nor bound again. */
  readonly #unbound = new Map<string, Unbound>();
  readonly #time = new BatchTime();
  #queues: PruneCandidate[] = [];
  /** Ends when nobody unbinds any more who has begun to. */
  #unbinding: Promise<unknown> = Promise.resolve();
  #stopped = false;
  #failure: unknown;

  private constructor(
    private readonly deps: PruneDeps,
    private readonly options: PruneOptions,
    private lock: Lock,
    private readonly leaveRequests: LeaveRequests,
    private readonly listener: PruneListener,
  ) {
    this.#remover = new QueueRemover(deps.connection, deps.names, options.concurrency);
  }

  /**
   * Throws `PRUNE_RUNNING` where another pruner is at work.
   *
   * @param options.workers how many there are; undefined where nobody can tell
   */
  static async open(
    deps: PruneDeps,
    options: PruneOptions & { readonly workers: number | undefined },
    listener: PruneListener,
  ): Promise<Pruner> {
    const { connection, names, newId, clock } = deps;
    const lock = await takePruneLock(connection, names);
    const leaveRequests = await LeaveRequests.open(connection, names, newId, clock.now, (error) =>
      listener.onWarning(messageOf(error)),
    );
    await leaveRequests.rollCall(options.workers);
    return new Pruner(deps, options, lock, leaveRequests, listener);
  }

  /** Binds queues again that a pruner left unbound when it died. */
  async heal(queues: readonly string[]): Promise<void> {
    await Promise.all(
      queues.map(async (queue) => {
        const key = ownQueue(this.deps.names, queue)?.key;
        if (key !== undefined) await this.#remover.bind(queue, key);
      }),
    );
  }

  /** Begins nothing new; `prune` resolves when what was begun is done. */
  stop(): void {
    this.#stopped = true;
  }

  /** Resolves when all have an outcome, or those that were begun when it was stopped. */
  async prune(queues: readonly PruneCandidate[]): Promise<void> {
    this.#queues = [...queues].reverse();
    await Promise.race([this.#pruneAll(), this.deps.connection.lost]);
  }

  async #pruneAll(): Promise<void> {
    for (;;) {
      this.#failure = undefined;
      await Promise.all(Array.from({ length: LANES }, () => this.#lane()));
      while (this.#failure !== undefined) await this.#recover(this.#failure);
      if (this.#stopped || this.#queues.length === 0) return;
    }
  }

  async close(): Promise<void> {
    this.leaveRequests.close();
    await this.lock.release();
  }

  async #lane(): Promise<void> {
    while (!this.#stopped && this.#failure === undefined && this.#queues.length > 0) {
      try {
        await this.#batch();
      } catch (error) {
        this.#failure ??= error;
      }
    }
  }

  async #batch(): Promise<void> {
    const turn = this.#unbinding.then(() => this.#unbindSome());
    this.#unbinding = turn.catch(() => {}); // the batch that it belongs to fails with it
    const unbound = await turn;
    if (unbound.length === 0) return;
    this.listener.onStep('wait', unbound.length);
    await delay(this.options.graceMs);
    // Of a classic queue that nobody consumed it is enough that it looks itself when it is deleted.
    const { outsiders } = this.options;
    const isSure = ({ type, consumers }: PruneCandidate) =>
      outsiders === undefined && type !== 'quorum' && consumers === 0;
    const looked = unbound.filter(({ candidate }) => !isSure(candidate));
    this.listener.onStep('look', looked.length);
    const free = new Set(unbound.filter(({ candidate }) => isSure(candidate)));
    const consumers = new Map<string, number>();
    await settled(
      looked.map(async (queue) => {
        const { name } = queue.candidate;
        const found = await this.#remover.counts(name);
        if (found === undefined) this.#done(queue, 'kept', 'somebody else has deleted it');
        else if (found.ready > 0) await this.#keep(queue, 'a task came');
        else if (found.consumers > 0) consumers.set(name, found.consumers);
        else free.add(queue);
      }),
    );
    await this.#askOutsiders(consumers);
    this.listener.onStep('ask', free.size + consumers.size);
    for (const { candidate } of free) consumers.set(candidate.name, 0);
    const left = await this.leaveRequests.ask(consumers);
    const held = await outsiders?.held([...left]);
    this.listener.onStep('delete', left.size);
    await settled(
      unbound.map(async (queue) => {
        const { name } = queue.candidate;
        if (held?.has(name)) await this.#keep(queue, 'a worker has a task of it');
        else if (left.has(name)) await this.#remove(queue);
        else if (consumers.has(name)) await this.#keep(queue, NOT_LEFT);
      }),
    );
    const first = unbound.reduce((least, { at }) => Math.min(least, at), Number.POSITIVE_INFINITY);
    this.#time.took(this.deps.clock.now() - first);
  }

  /** They leave, or are still counted as consumers when fairq's own workers are asked. */
  async #askOutsiders(consumers: Map<string, number>): Promise<void> {
    const { outsiders } = this.options;
    if (outsiders === undefined || consumers.size === 0) return;
    this.listener.onStep('ask others', consumers.size);
    const left = await outsiders.leave([...consumers.keys()]);
    const wanted = new Map([...consumers].map(([name, count]) => [name, count - (left.get(name) ?? 0)]));
    const until = this.deps.clock.now() + OUTSIDERS_LEAVE_WITHIN_MS;
    for (const [name, count] of wanted) {
      for (;;) {
        const found = await this.#remover.counts(name);
        consumers.set(name, found?.consumers ?? 0);
        if ((found?.consumers ?? 0) <= count || this.deps.clock.now() > until) break;
        await delay(LOOK_AGAIN_MS);
      }
    }
    if (left.size === 0) return;
    await delay(OUTSIDERS_SETTLE_MS);
    await settled(
      [...consumers.keys()].map(async (name) => {
        consumers.set(name, (await this.#remover.counts(name))?.consumers ?? 0);
      }),
    );
  }

  /** As many as the time of a batch allows. */
  async #unbindSome(): Promise<Unbound[]> {
    if (this.#stopped || this.#failure !== undefined) return [];
    this.listener.onStep('unbind', this.#queues.length);
    const { clock } = this.deps;
    if (this.#queues.some(({ name }) => ownQueue(this.deps.names, name) !== undefined)) {
      const { connection, names, management } = this.deps;
      await refuseWhereTasksGoAstray(connection, names, management);
    }
    const until = clock.now() + this.#time.unbindMs;
    const unbound: Unbound[] = [];
    const oneAfterTheOther = async () => {
      do {
        const candidate = this.#queues.pop();
        if (candidate === undefined) return;
        unbound.push(await this.#unbind(candidate));
      } while (clock.now() < until && !this.#stopped);
    };
    await settled(Array.from({ length: this.options.concurrency }, oneAfterTheOther));
    return unbound;
  }

  async #unbind(candidate: PruneCandidate): Promise<Unbound> {
    const { names, clock } = this.deps;
    const key = ownQueue(names, candidate.name)?.key;
    const unbound: Unbound = { candidate, key, at: clock.now() };
    this.#unbound.set(candidate.name, unbound);
    // A queue that fairq did not make is left bound as it is: by whom and how is not known.
    if (key !== undefined) await this.#remover.unbind(candidate.name, key);
    return unbound;
  }

  async #remove(queue: Unbound): Promise<void> {
    const { name, type } = queue.candidate;
    if (this.deps.clock.now() - queue.at > UNBOUND_AT_MOST_MS) {
      await this.#keep(queue, 'the broker was too slow');
    } else if (await this.#remover.removeUnused(name, type)) {
      this.options.outsiders?.removed(name);
      this.#done(queue, 'pruned');
    } else {
      await this.#keep(queue, 'a task or a consumer came');
    }
  }

  async #keep(queue: Unbound, reason: string): Promise<void> {
    const { candidate, key } = queue;
    if (key !== undefined) await this.#remover.bind(candidate.name, key);
    this.leaveRequests.tellOf(candidate.name);
    await this.options.outsiders?.takeUp(candidate.name);
    this.#done(queue, 'kept', reason);
  }

  /** It is out of the pruner's hands. */
  #done({ candidate }: Unbound, outcome: PruneOutcome['outcome'], reason?: string): void {
    this.#unbound.delete(candidate.name);
    this.listener.onOutcome({ queue: candidate.name, outcome, ...(reason !== undefined && { reason }) });
  }

  /**
   * After a failure no queue is to stay unbound. Where the broker has refused, that is the end. Where the
   * connection was lost the lock went with it: it is taken again before anything else.
   */
  async #recover(failure: unknown): Promise<void> {
    const isRefusal = failure instanceof FairqError || failure instanceof ConnectionClosed;
    this.#failure = undefined;
    try {
      if (!isRefusal) {
        this.lock = await this.#lockAgain();
        await delay(LAST_DELETES_TAKE_MS);
      }
      for (const queue of [...this.#unbound.values()]) await this.#putBack(queue, messageOf(failure));
    } catch (error) {
      if (isRefusal) throw failure;
      this.#failure = error; // the connection was lost again
    }
    if (isRefusal) throw failure;
  }

  async #putBack(queue: Unbound, reason: string): Promise<void> {
    const found = await this.#remover.counts(queue.candidate.name);
    if (found === undefined) this.#done(queue, 'pruned');
    else {
      const { candidate, key } = queue;
      if (key !== undefined) await this.#remover.bind(candidate.name, key);
      this.leaveRequests.tellOf(candidate.name);
      await this.options.outsiders?.takeUp(candidate.name);
      this.#done(queue, 'failed', reason);
    }
  }

  async #lockAgain(): Promise<Lock> {
    const { connection, names, clock } = this.deps;
    const from = clock.now();
    for (;;) {
      const lock = await takeLock(connection, names.pruneLock);
      if (lock !== undefined) return lock;
      if (clock.now() - from > LOCK_WITHIN_MS) {
        throw refusedError(
          'PRUNE_RUNNING',
          'another "queues prune" took over while the connection was lost',
          {
            hint: 'It binds again what was left unbound here. Run the command again when it has ended.',
          },
        );
      }
      await delay(LOCK_AGAIN_MS);
    }
  }
}

/** All of them to the end, and then the first failure: nothing is to be under way when things are put right. */
async function settled<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}
