import { setTimeout as delay } from 'node:timers/promises';
import type { OnBroker } from '../../broker/on-broker.js';
import type { IdleQueue, PruneOutcome, PrunePlan } from '../../core/reports/queue-report.js';
import type { KeptObservations } from '../../run/queues/observation-file.js';
import type { PruneSelection } from '../../run/queues/prune/prune-plan.js';
import { PruneRounds, type PruneRoundsListener } from '../../run/queues/prune/prune-rounds.js';
import type { ActionDeps } from './one-queue.js';

/** As the command has them where nothing is said. */
const OPTIONS = { concurrency: 32, graceMs: 500 };
/** Shown of a plan. */
const EXAMPLES = 20;

export interface PruneQuestion {
  /** Over the names of queues and users. */
  readonly match: string | undefined;
  readonly idleForMs: number;
  /** The queues are looked at twice, so long apart, and go by that; milliseconds. */
  readonly observeMs: number | undefined;
  readonly max: number;
}

export interface ShownPrunePlan {
  readonly action: 'prune';
  readonly carriedOut: false;
  readonly idleForMs: number;
  /** That would be deleted. */
  readonly queues: number;
  readonly examples: readonly IdleQueue[];
  readonly memoryBytes: number;
  readonly longestIdleMs: number | null;
  readonly shortestIdleMs: number | null;
  readonly beyondMax: number;
  readonly tooSoon: number;
  readonly withTasks: number;
  readonly token: string;
  readonly expiresAt: string;
}

export interface ShownPruneOutcome {
  readonly action: 'prune';
  readonly carriedOut: true;
  readonly pruned: number;
  readonly kept: number;
  readonly failed: number;
  readonly memoryBytes: number;
  readonly seconds: number;
  /** The server ended meanwhile: so many were not begun. */
  readonly notBegun: number;
  readonly outcomes: readonly PruneOutcome[];
}

/** Deletes queues that nobody uses any more. No task is lost by it, whatever comes meanwhile. */
export class PruneAction {
  constructor(
    private readonly deps: ActionDeps,
    private readonly observations: KeptObservations,
    private readonly onWarning: (text: string) => void,
  ) {}

  async plan({ match, idleForMs, observeMs, max }: PruneQuestion): Promise<ShownPrunePlan> {
    const { acting } = this.deps;
    return acting.plan(async (broker) => {
      const rounds = this.#rounds(broker, {
        match,
        includeForeign: false,
        idleForMs: observeMs ?? idleForMs,
        max,
      });
      if (observeMs !== undefined) {
        await rounds.plan();
        await delay(observeMs, undefined, { signal: acting.closing }).catch(() => {}); // the server ends
      }
      return this.#shown(await rounds.plan(), observeMs ?? idleForMs, countersIn(rounds));
    });
  }

  /** Those of the plan that were not used meanwhile. @throws Problem 409 where another pruner is at work */
  async carryOut(token: string, by: string): Promise<ShownPruneOutcome> {
    const { acting, tokens } = this.deps;
    const planned = new Map(tokens.read('prune', token).queues);
    return acting.carryOut(
      { action: 'prune', by },
      async (broker, progress) => {
        // How long they have been idle the plan knows; here it counts that they are idle still.
        const selection = {
          match: undefined,
          includeForeign: false,
          idleForMs: 0,
          max: Number.POSITIVE_INFINITY,
        };
        const rounds = this.#rounds(broker, selection, {
          onStep: (step) => {
            if (step === 'unbind') {
              progress.state =
                'So many queues as "done" says had been seen to. What was unbound is bound again by whoever sends to it, or by the next prune.';
            }
          },
        });
        const onClosing = () => rounds.stop();
        acting.closing.addEventListener('abort', onClosing, { once: true });
        try {
          const now = await rounds.plan();
          const counters = countersIn(rounds);
          const idle = now.idle.filter(({ name }) => planned.get(name) === counters(name));
          const used = keptBefore(planned, idle);
          const report = await rounds.prune({ ...now, idle }, () => {
            progress.done++;
          });
          return {
            action: 'prune',
            carriedOut: true,
            pruned: report.pruned,
            kept: report.kept + used.length,
            failed: report.failed,
            memoryBytes: report.memoryBytes,
            seconds: report.seconds,
            notBegun: idle.length - report.outcomes.length,
            outcomes: [...report.outcomes, ...used],
          } as const;
        } finally {
          acting.closing.removeEventListener('abort', onClosing);
        }
      },
      ({ pruned, kept, failed }) => ({ pruned, kept, failed }),
    );
  }

  #rounds(
    broker: OnBroker,
    selection: PruneSelection,
    listener: Partial<PruneRoundsListener> = {},
  ): PruneRounds {
    const { names, clock, newId } = this.deps;
    return new PruneRounds({ ...broker, names, clock, newId, file: this.observations }, selection, OPTIONS, {
      onStep: () => {},
      onWarning: this.onWarning,
      onHealed: () => {},
      ...listener,
    });
  }

  #shown(
    { idle, beyondMax, tooSoon, busy }: PrunePlan,
    idleForMs: number,
    counters: (queue: string) => string | undefined,
  ): ShownPrunePlan {
    return {
      action: 'prune',
      carriedOut: false,
      idleForMs,
      queues: idle.length,
      examples: idle.slice(0, EXAMPLES),
      memoryBytes: idle.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0),
      longestIdleMs: idle[0]?.idleMs ?? null,
      shortestIdleMs: idle.at(-1)?.idleMs ?? null,
      beyondMax,
      tooSoon: tooSoon.length,
      withTasks: busy,
      ...this.deps.tokens.make('prune', { queues: idle.map(({ name }) => [name, counters(name) ?? '']) }),
    };
  }
}

/** What has come and gone in each queue, by the last look. */
function countersIn({ observed }: PruneRounds): (queue: string) => string | undefined {
  return (queue) => observed?.observations.get(queue)?.counters;
}

function keptBefore(planned: ReadonlyMap<string, string>, idle: readonly IdleQueue[]): PruneOutcome[] {
  const still = new Set(idle.map(({ name }) => name));
  return [...planned.keys()]
    .filter((queue) => !still.has(queue))
    .map((queue) => ({ queue, outcome: 'kept', reason: 'it was used since it was planned, or is gone' }));
}
