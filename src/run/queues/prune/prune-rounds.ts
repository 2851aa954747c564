import { setTimeout as delay } from 'node:timers/promises';
import type { Management } from '../../../broker/management/management.js';
import { ownQueue, spreadQueue } from '../../../core/queues/names.js';
import type { IdleQueue, PruneOutcome, PrunePlan, PruneReport } from '../../../core/reports/queue-report.js';
import { removeGrantsOf } from '../grants-of-queues.js';
import type { KeptObservations } from '../observation-file.js';
import { type ObservedQueues, observeQueues } from '../observe-queues.js';
import { LAST_DELETES_TAKE_MS, type PruneDeps, type PruneOptions, Pruner } from './prune.js';
import { type PruneSelection, planPrune } from './prune-plan.js';

export interface PruneRoundsListener {
  onStep(step: string, queues: number): void;
  onWarning(text: string): void;
  /** Queues that somebody had left unbound are bound again. */
  onHealed(queues: number): void;
}

export interface PruneRoundsDeps extends PruneDeps {
  readonly management: Management;
  /** Where looks at the queues are kept, for the next round or the next command. */
  readonly file: KeptObservations;
}

/** Looks, plans and prunes: once, or again and again. */
export class PruneRounds {
  readonly #stop = new AbortController();
  #observed: ObservedQueues | undefined;
  #pruner: Pruner | undefined;

  constructor(
    private readonly deps: PruneRoundsDeps,
    private readonly selection: PruneSelection,
    private readonly options: PruneOptions,
    private readonly listener: PruneRoundsListener,
  ) {}

  get stopped(): boolean {
    return this.#stop.signal.aborted;
  }

  /** What the last look has found; undefined before the first. */
  get observed(): ObservedQueues | undefined {
    return this.#observed;
  }

  /** Ends waits, and lets a pruner that is at work finish what it has begun. */
  stop(): void {
    this.#stop.abort();
    this.#pruner?.stop();
  }

  /** Resolves after so long, or when it is stopped; milliseconds. */
  async wait(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#stop.signal }).catch(() => {});
  }

  /** Looks at the queues now and says which may go. */
  async plan(): Promise<PrunePlan> {
    const { management, names } = this.deps;
    const observed = await observeQueues(management, this.deps.file, this.deps.clock);
    this.#observed = observed;
    const shared = observed.queues.some(({ name }) => spreadQueue(names, name) !== undefined);
    const boundSpread = shared ? await management.boundQueues(names.spreadExchange) : undefined;
    const selection = { ...this.selection, boundSpread };
    return planPrune(observed.queues, observed.observations, names, selection, observed.at);
  }

  /** Throws `PRUNE_RUNNING` where another pruner is at work. */
  async prune(plan: PrunePlan, onOutcome: (outcome: PruneOutcome) => void): Promise<PruneReport> {
    const { deps, listener } = this;
    const begun = deps.clock.now();
    const outcomes: PruneOutcome[] = [];
    const count = (kind: PruneOutcome['outcome']) =>
      outcomes.filter(({ outcome }) => outcome === kind).length;
    const workers = await this.deps.management.workersConnected();
    const pruner = await Pruner.open(
      deps,
      { ...this.options, workers },
      {
        onOutcome: (outcome) => {
          outcomes.push(outcome);
          onOutcome(outcome);
        },
        onStep: listener.onStep,
        onWarning: listener.onWarning,
      },
    );
    this.#pruner = pruner;
    if (this.stopped) pruner.stop();
    try {
      await pruner.prune(await this.#heal(pruner, plan));
      await this.options.foreignConsumers?.finish();
    } finally {
      await pruner.close();
    }
    const pruned = outcomes.flatMap(({ outcome, queue }) => (outcome === 'pruned' ? [queue] : []));
    for (const left of await removeGrantsOf(deps, pruned)) listener.onWarning(left);
    const memory = new Map(plan.idle.map(({ name, memoryBytes }) => [name, memoryBytes]));
    return {
      pruned: count('pruned'),
      kept: count('kept'),
      failed: count('failed'),
      memoryBytes: outcomes
        .filter(({ outcome }) => outcome === 'pruned')
        .reduce((sum, { queue }) => sum + (memory.get(queue) ?? 0), 0),
      seconds: (deps.clock.now() - begun) / 1000,
      outcomes,
    };
  }

  /**
   * A pruner that was killed may have left queues unbound. They are bound again, and none of them is pruned
   * this time: a publisher may wait for it.
   *
   * @returns what is to be pruned
   */
  async #heal(pruner: Pruner, plan: PrunePlan): Promise<readonly IdleQueue[]> {
    const { names } = this.deps;
    const bound = await this.deps.management.boundQueues(names.taskExchange);
    const unbound = new Set(
      (this.#observed?.queues ?? [])
        .map(({ name }) => name)
        .filter((name) => ownQueue(names, name) !== undefined && !bound.has(name)),
    );
    if (unbound.size === 0) return plan.idle;
    // Of a pruner that was killed the broker may still have a delete to do.
    await delay(LAST_DELETES_TAKE_MS);
    await pruner.heal([...unbound]);
    this.listener.onHealed(unbound.size);
    return plan.idle.filter(({ name }) => !unbound.has(name));
  }
}
