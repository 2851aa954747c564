import { setTimeout as delay } from 'node:timers/promises';
import type { BrokerAddress } from '../../broker/connection/address.js';
import { replayEvents } from '../../broker/streams/event-stream.js';
import type { TaskEvent } from '../../core/events/task-event.js';
import { RunMeasures } from '../../core/measures/run-measures.js';
import type { RunTimeline } from '../../core/measures/run-timeline.js';
import { BY_USER, type Grouping } from '../../core/queues/grouping.js';
import { A_QUEUE_EACH, type Units, unitsText } from '../../core/queues/units.js';
import { type CaseReport, labelOf } from '../../core/reports/bench-report.js';
import type { PublishReport } from '../../core/reports/publish-report.js';
import type { WorkerReport } from '../../core/reports/worker-report.js';
import type { Clock } from '../../core/values/clock.js';
import { CeleryWorkers } from '../celery/bench/celery-workers.js';
import type { CeleryCommand } from '../celery/bench/find-celery.js';
import type { Completions } from './completions.js';
import { FairqProcess, type Self } from './fairq-process.js';
import { Followed } from './followed.js';
import { describeLoad, type Load, publishFlags, type Schedule, tasksOf, usersOf } from './load.js';
import { sendSchedule } from './send-schedule.js';
import { type LimitValues, type Steered, steer } from './steering/steer.js';
import { TrialVhost } from './trial-vhost.js';

/** Who sends so much while workers run gives way to everybody else, or the processors would be what is measured. */
const FLOOD_PER_SECOND = 1_000;

/** How the tasks reach the workers. */
export type Strategy = 'fifo' | 'arrival' | 'fair' | 'priority' | 'celery';

/** Nothing has ended for so long beside what the longest task takes: what is still missing was lost. */
const SILENT_FOR_MS = 60_000;

/** What Celery's queues are called. */
const CELERY_PREFIX = 'usersequence_';

/** One way to play a scenario's load. */
export interface Case {
  readonly strategy: Strategy;
  /** Its name, where a strategy is played in more than one way. */
  readonly variant?: string;
  /** For its workers, beside what all have. */
  readonly workerFlags?: readonly string[];
  /** What shares a queue; every user has one if not given. */
  readonly grouping?: Grouping;
  /** What has a queue, where it is not each user. */
  readonly units?: Units;
  /** What an operator sets, where the scenario says for whom. */
  readonly limits?: LimitValues;
}

export const BY_STRATEGY: readonly Case[] = [
  { strategy: 'fifo' },
  { strategy: 'arrival' },
  { strategy: 'fair' },
];

export interface TrialResult extends CaseReport {
  readonly strategy: Strategy;
  /** The run in intervals, of these users one by one. */
  timelineOf(users: readonly string[]): RunTimeline;
  /** Completions in the order of the stream. */
  readonly events: readonly TaskEvent[];
  /** In the order in which they were started. */
  readonly workerReports: readonly WorkerReport[];
  /** In which tasks came to the workers. */
  readonly queues: number;
  /** What an operator changed meanwhile, in that order. */
  readonly steered: readonly Steered[];
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
  /** There where it is played. */
  readonly celery?: CeleryCommand | undefined;
}

export interface TrialOptions extends Case {
  readonly workers: number;
  readonly concurrency: number;
  readonly weightOf: ((user: string) => number) | undefined;
}

/** A worker that the trial has started. */
export interface BenchWorker {
  /** Asks it to leave: it finishes what runs and gives back the rest. */
  stop(): void;
  /** Ends it at once: what it has goes back to the broker by itself. */
  kill(): Promise<void>;
}

/** One load under one strategy, in a vhost of its own. */
export class Trial {
  readonly #vhost: TrialVhost;
  readonly #followed: Followed;
  readonly #run = 'bench';
  readonly #processes: FairqProcess<unknown>[] = [];
  readonly #workers: FairqProcess<WorkerReport>[] = [];
  readonly #users = new Set<string>();
  readonly #steered: Steered[] = [];
  #published = 0;
  #longestMs = 0;
  #celery: CeleryWorkers | undefined;
  /** Celery's workers write no events; theirs are read elsewhere. */
  #celeryEvents: readonly TaskEvent[] = [];

  private constructor(
    private readonly deps: TrialDeps,
    readonly options: TrialOptions,
    vhost: TrialVhost,
  ) {
    this.#vhost = vhost;
    this.#followed = new Followed(vhost);
  }

  /** Makes the vhost, plays, measures, and removes whatever it made. */
  static async play(
    deps: TrialDeps,
    options: TrialOptions,
    script: (trial: Trial) => Promise<void>,
  ): Promise<TrialResult> {
    const vhost = new TrialVhost(deps.address, `fairq-bench-${deps.newId()}`);
    const trial = new Trial(deps, options, vhost);
    await vhost.make();
    try {
      await Promise.race([script(trial), deps.interrupted]);
      return await trial.#measure();
    } finally {
      await trial.#followed.close();
      await Promise.all([...trial.#processes.map((process) => process.kill()), trial.#celery?.kill()]);
      await vhost.remove();
    }
  }

  /**
   * Publishes in a process of its own, so that who sends a little on time is not held up by who floods.
   * Resolves when all is confirmed.
   */
  async publish(load: Load): Promise<PublishReport> {
    this.deps.onStep(`${labelOf(this.options)}: publishing ${describeLoad(load)}`);
    for (const user of usersOf(load)) this.#users.add(user);
    this.#published += tasksOf(load);
    this.#longestMs = Math.max(this.#longestMs, load.duration?.most ?? 0);
    const publisher = this.#start<PublishReport>(publishArgs(this.#run, this.options, load));
    const floods = load.rate === undefined || load.rate >= FLOOD_PER_SECOND;
    if (floods && this.#workers.length > 0) publisher.giveWay();
    await publisher.ended;
    if (publisher.document === undefined) throw new Error('the publisher was ended');
    return publisher.document;
  }

  /** Publishes a schedule of many users' tasks from this process. Resolves when all is confirmed. */
  async publishSchedule(schedule: Schedule): Promise<void> {
    this.deps.onStep(`${labelOf(this.options)}: publishing ${times(schedule.length, 'task')}`);
    for (const { user, durationMs } of schedule) {
      this.#users.add(user);
      this.#longestMs = Math.max(this.#longestMs, durationMs);
    }
    this.#published += schedule.length;
    await sendSchedule(this.deps, this.#vhost, { run: this.#run, schedule, how: this.options });
  }

  /** Makes the queues of users that have sent nothing so far, and leaves them empty. */
  async makeQueues(users: readonly string[]): Promise<void> {
    this.deps.onStep(`${labelOf(this.options)}: making ${users.length.toLocaleString('en-US')} queues`);
    await this.#vhost.makeQueues(users);
  }

  /**
   * Starts workers that run until `workersEnd`.
   *
   * @param count the number of the scenario if not given; these wait for each other
   */
  startWorkers(count = this.options.workers): readonly BenchWorker[] {
    return this.#startWorkers(count, []);
  }

  #startWorkers(count: number, ending: readonly string[]): readonly BenchWorker[] {
    const { strategy, concurrency, workerFlags = [] } = this.options;
    this.deps.onStep(
      `${labelOf(this.options)}: ${times(count, 'worker')}, ${times(concurrency, 'slot')} each`,
    );
    const started = Array.from({ length: count }, (_, i) => {
      const name = `worker-${this.#workers.length + i + 1}`;
      const flags = ['--strategy', strategy, '--concurrency', `${concurrency}`, '--name', name];
      flags.push('--wait-for-workers', `${count}`, ...ending);
      return this.#start<WorkerReport>(['worker', ...flags, ...workerFlags]);
    });
    this.#workers.push(...started);
    return started;
  }

  /** Resolves when every worker so far has taken up every queue that there was, or has ended. */
  async workersReady(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.said(': ready, ')));
  }

  /** Resolves when so many tasks wait in the queues. */
  async queued(tasks: number): Promise<void> {
    await this.#vhost.queued(tasks);
  }

  /** Sets these limits for a user, and no others; resolves when every worker goes by them. */
  async steer(user: string, limits: LimitValues): Promise<void> {
    const { clock, newId, onStep } = this.deps;
    onStep(`${labelOf(this.options)}: steering ${user}`);
    const begunAt = clock.epochMicros();
    await this.#vhost.managed((management) =>
      this.#vhost.connected('policy', (connection) => {
        const epochMs = () => Math.floor(clock.epochMicros() / 1_000);
        const { names } = this.#vhost;
        return steer({ connection, management, names, newId, now: () => clock.now(), epochMs }, user, limits);
      }),
    );
    this.#steered.push({ user, limits, begunAt, inForceAt: clock.epochMicros() });
  }

  /** Resolves when so many tasks of these users have been run, with how many that are by then. */
  async ran(users: readonly string[], tasks: number): Promise<number> {
    return this.#following((completions) => completions.of(users, tasks));
  }

  /** Resolves when a task of the user has been run. */
  async begun(user: string): Promise<void> {
    await this.#following((completions) => completions.firstOf(user));
  }

  /**
   * Ends the workers when all that was published has been run, and resolves when they have ended. Call it when the
   * publishers have ended. No pause tells a worker that nothing more comes: a machine may be busy for longer.
   */
  async workersEnd(): Promise<void> {
    const published = this.#published;
    const isAll = await this.#following((completions) =>
      completions.reached(published, SILENT_FOR_MS + this.#longestMs),
    );
    if (!isAll) {
      this.deps.onStep(`${labelOf(this.options)}: nothing has ended for a minute; some tasks are missing`);
    }
    // A worker that has only just been started would not hear that it is to stop.
    await this.workersReady();
    for (const worker of this.#workers) worker.stop();
    await Promise.all(this.#workers.map(({ ended }) => ended));
  }

  /** Reads what the workers, which are there by now, complete; rejects when one of them fails. */
  async #following<R>(wait: (completions: Completions) => Promise<R>): Promise<R> {
    await this.workersReady();
    const failed = new Promise<never>((_, reject) => {
      for (const { ended } of this.#workers) ended.catch(reject);
    });
    return Promise.race([this.#followed.completions().then(wait), failed]);
  }

  /**
   * Starts the workers, lets them begin together, and resolves when every queue is empty. All that is to be run has
   * been published before.
   */
  async workToTheEnd(): Promise<void> {
    if (this.options.strategy === 'celery') return this.#celeryToTheEnd();
    this.#startWorkers(this.options.workers, ['--exit-when', 'empty']);
    await Promise.all(this.#workers.map(({ ended }) => ended));
  }

  /** Lets the load go on for so long; part of what a scenario is, not a wait for something. */
  async pass(ms: number): Promise<void> {
    await delay(ms);
  }

  /** They begin when they are there, each with the first of its queues, as Celery's do. */
  async #celeryToTheEnd(): Promise<void> {
    const { deps, options } = this;
    if (deps.celery === undefined) throw new Error('nobody has looked for Celery');
    const { workers, concurrency } = options;
    deps.onStep(
      `celery: ${times(workers, 'worker')} of Celery ${deps.celery.version}, ${times(concurrency, 'process', 'processes')} each`,
    );
    this.#celery = await CeleryWorkers.start({
      command: deps.celery,
      address: this.#vhost.address,
      env: deps.self.env,
      workers,
      concurrency,
      queues: [...this.#users].map((user) => CELERY_PREFIX + user),
    });
    await this.#celery.ready();
    this.#celeryEvents = await this.#celery.ran(this.#published);
  }

  #start<Document>(args: readonly string[]): FairqProcess<Document> {
    const started = new FairqProcess<Document>(
      withUnits(this.deps.self, this.options),
      this.#vhost.address,
      this.#vhost.names.prefix,
      args,
    );
    this.#processes.push(started);
    return started;
  }

  async #measure(): Promise<TrialResult> {
    const { strategy, variant, workers, concurrency, weightOf } = this.options;
    this.deps.onStep(`${labelOf(this.options)}: reading the events`);
    const measures = new RunMeasures(weightOf);
    const events: TaskEvent[] = [...this.#celeryEvents];
    for (const event of events) measures.add(event);
    await this.#vhost.connected('report', (connection) =>
      replayEvents(connection, this.#vhost.names, {
        onCompletions: (batch) => {
          for (const event of batch) {
            measures.add(event);
            events.push(event);
          }
        },
        onRunRecord: (record) => measures.addRecord(record),
        onGivenUp: (attempts) => {
          for (const attempt of attempts) measures.addGivenUp(attempt);
        },
      }),
    );
    return {
      queues: (await this.#vhost.taskQueues()).length,
      strategy,
      ...(variant !== undefined && { variant }),
      workers,
      concurrency,
      report: measures.report(this.#run),
      order: measures.completionOrder(),
      timelineOf: (users) => measures.timeline(users),
      events,
      steered: this.#steered,
      workerReports: this.#workers.flatMap(({ document }) => document ?? []),
    };
  }
}

/** An operator's own units are no part of a case. */
function withUnits(self: Self, { units = A_QUEUE_EACH }: Case): Self {
  return { ...self, env: { ...self.env, FAIRQ_UNITS: unitsText(units) } };
}

function publishArgs(run: string, { strategy, grouping = BY_USER }: Case, load: Load): string[] {
  const args = ['publish', '--run', run, ...strategyFlags(strategy, load), ...publishFlags(load)];
  return grouping === BY_USER ? args : [...args, '--group-by', grouping.text];
}

/** How a load is sent, where not into the queues of its users. */
function strategyFlags(strategy: Strategy, { priority = 0 }: Load): string[] {
  switch (strategy) {
    case 'fifo':
      return ['--strategy', 'fifo'];
    case 'priority':
      return ['--strategy', 'priority', '--priority', `${priority}`];
    case 'celery':
      return ['--celery', 'tasks.noop', '--queue-prefix', CELERY_PREFIX];
    default:
      return [];
  }
}

function times(count: number, what: string, many = `${what}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? what : many}`;
}
