import { setTimeout as delay } from 'node:timers/promises';
import { type Connection, ConnectionClosed } from '../../../broker/connection/connection.js';
import type { Management } from '../../../broker/management/management.js';
import type { Lock } from '../../../broker/queues/lock.js';
import { QueueRemover } from '../../../broker/queues/queue-remover.js';
import { FairqError, messageOf } from '../../../core/errors/errors.js';
import { type Names, ownQueue } from '../../../core/queues/names.js';
import type { PruneOutcome } from '../../../core/reports/queue-report.js';
import type { Clock } from '../../../core/values/clock.js';
import { LeaveRequests } from '../leave-requests.js';
import { askForeignConsumers } from './ask-foreign-consumers.js';
import { refuseWhereTasksGoAstray } from './astray.js';
import { BatchTime } from './batch-time.js';
import type { ForeignConsumers } from './foreign-consumers.js';
import { takePruneLock, takePruneLockAgain } from './prune-lock.js';
import { settled } from './settled.js';
import { type PruneCandidate, type UnboundQueue, UnboundQueues } from './unbound-queues.js';

/**
 * Batches side by side. One unbinds at a time, so that they are out of step: while one waits for its grace to pass,
 * the broker unbinds and deletes for others.
 */
const LANES = 4;
/** What a process had asked of the broker when it, or its connection, ended, has been done by then. */
export const LAST_DELETES_TAKE_MS = 1_000;

const NOT_LEFT = 'a worker has a task of it or does not answer, or somebody else consumes it';

export interface PruneOptions {
  readonly concurrency: number;
  /** From unbinding to looking: what was on its way into the queue arrives. Milliseconds. */
  readonly graceMs: number;
  /** Consumers of the queues that are no fairq workers. */
  readonly foreignConsumers?: ForeignConsumers | undefined;
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
  readonly #unbound: UnboundQueues;
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
    const { connection, names, clock } = deps;
    const { foreignConsumers, concurrency } = options;
    this.#remover = new QueueRemover(connection, names, concurrency);
    this.#unbound = new UnboundQueues({
      remover: this.#remover,
      leaveRequests,
      foreignConsumers,
      names,
      clock,
      onOutcome: (outcome) => listener.onOutcome(outcome),
    });
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
    const { foreignConsumers } = this.options;
    const isSure = ({ type, consumers }: PruneCandidate) =>
      foreignConsumers === undefined && type !== 'quorum' && consumers === 0;
    const looked = unbound.filter(({ candidate }) => !isSure(candidate));
    this.listener.onStep('look', looked.length);
    const free = new Set(unbound.filter(({ candidate }) => isSure(candidate)));
    const consumers = new Map<string, number>();
    await settled(
      looked.map(async (queue) => {
        const { name } = queue.candidate;
        const found = await this.#remover.counts(name);
        if (found === undefined) this.#unbound.done(queue, 'kept', 'somebody else has deleted it');
        else if (found.ready > 0) await this.#unbound.keep(queue, 'a task came');
        else if (found.consumers > 0) consumers.set(name, found.consumers);
        else free.add(queue);
      }),
    );
    if (foreignConsumers !== undefined && consumers.size > 0) {
      this.listener.onStep('ask others', consumers.size);
      await askForeignConsumers(foreignConsumers, this.#remover, this.deps.clock, consumers);
    }
    this.listener.onStep('ask', free.size + consumers.size);
    for (const { candidate } of free) consumers.set(candidate.name, 0);
    const left = await this.leaveRequests.ask(consumers);
    const inWork = await foreignConsumers?.unacknowledged([...left]);
    this.listener.onStep('delete', left.size);
    await settled(
      unbound.map(async (queue) => {
        const { name } = queue.candidate;
        if (inWork?.has(name)) await this.#unbound.keep(queue, 'a worker has a task of it');
        else if (left.has(name)) await this.#unbound.remove(queue);
        else if (consumers.has(name)) await this.#unbound.keep(queue, NOT_LEFT);
      }),
    );
    const first = unbound.reduce((least, { at }) => Math.min(least, at), Number.POSITIVE_INFINITY);
    this.#time.took(this.deps.clock.now() - first);
  }

  /** As many as the time of a batch allows. */
  async #unbindSome(): Promise<UnboundQueue[]> {
    if (this.#stopped || this.#failure !== undefined) return [];
    this.listener.onStep('unbind', this.#queues.length);
    const { clock } = this.deps;
    if (this.#queues.some(({ name }) => ownQueue(this.deps.names, name) !== undefined)) {
      const { connection, names, management } = this.deps;
      await refuseWhereTasksGoAstray(connection, names, management);
    }
    const until = clock.now() + this.#time.unbindMs;
    const unbound: UnboundQueue[] = [];
    const oneAfterTheOther = async () => {
      do {
        const candidate = this.#queues.pop();
        if (candidate === undefined) return;
        unbound.push(await this.#unbound.unbind(candidate));
      } while (clock.now() < until && !this.#stopped);
    };
    await settled(Array.from({ length: this.options.concurrency }, oneAfterTheOther));
    return unbound;
  }

  /**
   * After a failure no queue is to stay unbound. Where the broker has refused, that is the end. Where the
   * connection was lost the lock went with it: it is taken again before anything else.
   */
  async #recover(failure: unknown): Promise<void> {
    // A question on a connection of its own meets a broker that is away as an error of fairq's.
    const isAway = failure instanceof FairqError && failure.kind === 'unreachable';
    const isRefusal = (failure instanceof FairqError && !isAway) || failure instanceof ConnectionClosed;
    this.#failure = undefined;
    try {
      if (!isRefusal) {
        const { connection, names, clock } = this.deps;
        this.lock = await takePruneLockAgain(connection, names, clock);
        await delay(LAST_DELETES_TAKE_MS);
      }
      for (const queue of this.#unbound.all) await this.#unbound.putBack(queue, messageOf(failure));
    } catch (error) {
      if (isRefusal) throw failure;
      this.#failure = error; // the connection was lost again
    }
    if (isRefusal) throw failure;
  }
}
