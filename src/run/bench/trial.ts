import type { BrokerAddress } from '../../broker/address.js';
import { openConnection } from '../../broker/connection.js';
import { replayEvents } from '../../broker/event-stream.js';
import { Management } from '../../broker/management.js';
import type { Clock } from '../../core/clock.js';
import { type Names, namesFor } from '../../core/names.js';
import type { CompletionOrder, RunReport } from '../../core/report.js';
import { RunMeasures } from '../../core/run-measures.js';
import type { TaskEvent } from '../../core/task-event.js';
import { generatedPlan, type PlanFlags } from '../publish/plan.js';
import { PublishRun } from '../publish/publish-run.js';
import { type Self, WorkerProcess } from './worker-process.js';

/** How the tasks reach the workers. */
export type Strategy = 'fifo' | 'arrival' | 'fair';

export interface TrialResult {
  readonly strategy: Strategy;
  readonly workers: number;
  readonly concurrency: number;
  readonly report: RunReport;
  readonly order: CompletionOrder;
  /** Whose each start was, in order of start. */
  readonly starts: readonly string[];
}

export interface TrialDeps {
  /** Of the broker; the trial makes a vhost of its own there. */
  readonly address: BrokerAddress;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly self: Self;
  readonly onStep: (text: string) => void;
  /** Rejects when the operator wants to stop. */
  readonly interrupted: Promise<never>;
}

export interface TrialOptions {
  readonly strategy: Strategy;
  readonly workers: number;
  readonly concurrency: number;
}

/** What one publisher of a bench sends; the trial says in which run and over which queues. */
export type LoadFlags = Partial<Omit<PlanFlags, 'run' | 'shared' | 'from'>>;

/** One load under one strategy, in a vhost of its own. */
export class Trial {
  readonly #names: Names = namesFor('fairq');
  readonly #address: BrokerAddress;
  readonly #run = 'bench';
  #processes: WorkerProcess[] = [];

  private constructor(
    private readonly deps: TrialDeps,
    readonly options: TrialOptions,
    vhost: string,
  ) {
    this.#address = { ...deps.address, vhost };
  }

  /** Makes the vhost, plays, measures, and removes whatever it made. */
  static async play(
    deps: TrialDeps,
    options: TrialOptions,
    script: (trial: Trial) => Promise<void>,
  ): Promise<TrialResult> {
    const vhost = `fairq-bench-${deps.newId()}`;
    const management = new Management(deps.address);
    const trial = new Trial(deps, options, vhost);
    await management.makeVhost(vhost);
    try {
      await Promise.race([script(trial), deps.interrupted]);
      return await trial.#measure();
    } finally {
      await Promise.all(trial.#processes.map((process) => process.kill()));
      await management.removeVhost(vhost);
      await management.close();
    }
  }

  async publish(load: LoadFlags): Promise<void> {
    const { strategy } = this.options;
    this.deps.onStep(`${strategy}: publishing ${describe(load)}`);
    const connection = await openConnection(this.#address, 'fairq bench publish');
    try {
      const plan = generatedPlan({
        distribution: 'uniform',
        seed: 1,
        task: 'noop',
        queueType: 'classic',
        ...load,
        run: this.#run,
        shared: strategy === 'fifo',
      });
      const { clock, newId } = this.deps;
      await new PublishRun({ connection, names: this.#names, clock, newId }, plan).run();
    } finally {
      await connection.close();
    }
  }

  /** Starts the workers, lets them begin together, and resolves when every queue is empty. */
  async workToTheEnd(): Promise<void> {
    const { strategy, workers, concurrency } = this.options;
    this.deps.onStep(
      `${strategy}: ${workers} ${workers === 1 ? 'worker' : 'workers'}, ${concurrency} ${concurrency === 1 ? 'slot' : 'slots'} each`,
    );
    this.#processes = Array.from({ length: workers }, (_, i) => {
      const flags = ['--strategy', strategy, '--concurrency', `${concurrency}`, '--name', `worker-${i + 1}`];
      flags.push('--exit-when', 'empty', '--wait-for-workers', `${workers}`);
      return new WorkerProcess(this.deps.self, this.#address, this.#names.prefix, flags);
    });
    await Promise.all(this.#processes.map(({ ended }) => ended));
  }

  async #measure(): Promise<TrialResult> {
    this.deps.onStep(`${this.options.strategy}: reading the events`);
    const measures = new RunMeasures();
    const started: Pick<TaskEvent, 'user' | 'started'>[] = [];
    const connection = await openConnection(this.#address, 'fairq bench report');
    try {
      await replayEvents(connection, this.#names, this.deps.newId(), {
        onCompletions: (events) => {
          for (const event of events) {
            measures.add(event);
            started.push({ user: event.user, started: event.started });
          }
        },
        onRunRecord: (record) => measures.addRecord(record),
      });
    } finally {
      await connection.close();
    }
    started.sort((a, b) => a.started - b.started);
    return {
      ...this.options,
      report: measures.report(this.#run),
      order: measures.completionOrder(),
      starts: started.map(({ user }) => user),
    };
  }
}

function describe(load: LoadFlags): string {
  const count = (load.count ?? load.total ?? 1).toLocaleString('en-US');
  if (load.user !== undefined) return `${count} tasks of user ${load.user}`;
  return `${count} tasks ${load.total === undefined ? 'for each' : 'over all'} of ${load.users} users`;
}
