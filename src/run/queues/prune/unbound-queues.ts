import { IS_DOWN } from '../../../broker/queues/queue-probe.js';
import type { QueueRemover } from '../../../broker/queues/queue-remover.js';
import { type Names, ownQueue } from '../../../core/queues/names.js';
import type { IdleQueue, PruneOutcome } from '../../../core/reports/queue-report.js';
import type { Clock } from '../../../core/values/clock.js';
import type { LeaveRequests } from '../leave-requests.js';
import type { ForeignConsumers } from './foreign-consumers.js';

/**
 * A publisher that has waited for so long binds the queue again, taking the pruner for dead; nothing is
 * deleted that has been unbound for a good part of that. Milliseconds.
 */
const UNBOUND_AT_MOST_MS = 10_000;

/** What the pruner has to know of a queue. */
export type PruneCandidate = Pick<IdleQueue, 'name' | 'type' | 'consumers'>;

/** A queue in the hands of the pruner. */
export interface UnboundQueue {
  readonly candidate: PruneCandidate;
  /** Undefined for a queue that fairq did not make. */
  readonly key: string | undefined;
  /** When it was unbound; milliseconds, on the monotonic clock. */
  readonly at: number;
}

export interface UnboundQueuesDeps {
  readonly remover: Pick<QueueRemover, 'bind' | 'unbind' | 'counts' | 'removeUnused'>;
  readonly leaveRequests: Pick<LeaveRequests, 'tellOf'>;
  /** Consumers of the queues beside fairq's workers. */
  readonly foreignConsumers: Pick<ForeignConsumers, 'takeUp' | 'removed'> | undefined;
  readonly names: Names;
  readonly clock: Pick<Clock, 'now'>;
  readonly onOutcome: (outcome: PruneOutcome) => void;
}

/** Queues in the hands of a pruner: from when each is unbound until it is deleted, or bound again. */
export class UnboundQueues {
  readonly #unbound = new Map<string, UnboundQueue>();

  constructor(private readonly deps: UnboundQueuesDeps) {}

  /** Those that are neither deleted nor bound again. */
  get all(): readonly UnboundQueue[] {
    return [...this.#unbound.values()];
  }

  /** From here on publishers are told that there is no queue, and wait. */
  async unbind(candidate: PruneCandidate): Promise<UnboundQueue> {
    const { names, clock } = this.deps;
    const key = ownQueue(names, candidate.name)?.key;
    const unbound: UnboundQueue = { candidate, key, at: clock.now() };
    this.#unbound.set(candidate.name, unbound);
    // A queue that fairq did not make is left bound as it is: by whom and how is not known.
    if (key !== undefined) await this.deps.remover.unbind(candidate.name, key);
    return unbound;
  }

  /** Deletes it where nothing has come and nobody consumes; otherwise it stays. */
  async remove(queue: UnboundQueue): Promise<void> {
    const { name, type } = queue.candidate;
    if (this.deps.clock.now() - queue.at > UNBOUND_AT_MOST_MS) {
      await this.keep(queue, 'the broker was too slow');
      return;
    }
    const removal = await this.deps.remover.removeUnused(name, type);
    if (removal === 'removed') {
      this.deps.foreignConsumers?.removed(name);
      this.done(queue, 'pruned');
    } else {
      await this.keep(queue, removal === 'down' ? IS_DOWN : 'a task or a consumer came');
    }
  }

  /** It stays: publishers and workers find it again. */
  async keep(queue: UnboundQueue, reason: string): Promise<void> {
    await this.#bindAgain(queue);
    this.done(queue, 'kept', reason);
  }

  /** It is out of the pruner's hands. */
  done({ candidate }: UnboundQueue, outcome: PruneOutcome['outcome'], reason?: string): void {
    this.#unbound.delete(candidate.name);
    this.deps.onOutcome({ queue: candidate.name, outcome, ...(reason !== undefined && { reason }) });
  }

  /** After a failure, by what is found: it may have been deleted before. */
  async putBack(queue: UnboundQueue, reason: string): Promise<void> {
    const found = await this.deps.remover.counts(queue.candidate.name);
    if (found === undefined) this.done(queue, 'pruned');
    else {
      await this.#bindAgain(queue);
      this.done(queue, 'failed', reason);
    }
  }

  async #bindAgain({ candidate, key }: UnboundQueue): Promise<void> {
    if (key !== undefined) await this.deps.remover.bind(candidate.name, key);
    this.deps.leaveRequests.tellOf(candidate.name);
    await this.deps.foreignConsumers?.takeUp(candidate.name);
  }
}
