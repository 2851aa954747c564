import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { PublishReport } from '../../../src/core/publish-report.js';
import type { RunReport } from '../../../src/core/report.js';
import { eventually } from '../../support/eventually.js';
import { fairqJson, RunningFairq } from '../../support/fairq.js';
import { between, chanceOf } from './chance.js';
import type { FaultBroker } from './fault-broker.js';
import { nobodyLeft } from './processes.js';
import { addResult } from './results.js';
import { RunLog } from './run-log.js';

const HANDLER = fileURLToPath(new URL('./tasks.mjs', import.meta.url));
const RUN = 'fault';
const USERS = 20;
const WORKERS = 2;
const MAX_ATTEMPTS = 2;
const PATIENCE_MS = 240_000;

type Env = Readonly<Record<string, string>>;

export interface FaultLoadOptions {
  readonly tasksPerUser?: number;
  /** How long a task takes on average. A worker has ten slots. */
  readonly taskMs?: number;
  /** For the workers alone, such as by which way they reach the broker. */
  readonly workerEnv?: Env;
  readonly workerFlags?: readonly string[];
}

export interface EndOptions {
  /** Strikes after which what was in flight may be run again; 0: nothing may. */
  readonly strikes: number;
  /** Ended well; what it has sent again may be there twice. */
  readonly publisher?: RunningFairq;
  /** The user whose waiting tasks the fault itself has taken away. */
  readonly lossOf?: string;
}

export interface Outcome {
  readonly report: RunReport;
  /** Distinct tasks that were run to an end, by the word of the handler. */
  readonly tasks: number;
  /** Attempts that were run to an end a second time. */
  readonly repeats: number;
  /** Dead letters on the broker. */
  readonly dead: number;
}

/**
 * One load for one fault: 1,000 tasks for each of 20 users or more, two workers, in a vhost of its own. A
 * test strikes it when a share of the tasks has run, and asks at the end whether all is well.
 */
export class FaultLoad {
  readonly env: Env;
  readonly vhost: string;
  readonly tasks: number;
  readonly random;
  readonly workers: RunningFairq[] = [];
  readonly #folder = mkdtempSync(join(tmpdir(), 'fairq-fault-log-'));
  readonly #log = new RunLog(this.#folder);
  readonly #others: RunningFairq[] = [];
  #mostInFlight = 0;
  #secondsToRecover: number | null = null;

  private constructor(
    readonly broker: FaultBroker,
    readonly fault: string,
    private readonly options: FaultLoadOptions,
  ) {
    this.vhost = fault.replaceAll(/[^a-z0-9]+/gi, '-');
    this.random = chanceOf(fault);
    this.tasks = (options.tasksPerUser ?? 1_000) * USERS;
    this.env = {
      FAIRQ_URI: this.uriAt(broker.uri),
      FAIRQ_MANAGEMENT_URI: broker.managementUri,
      FAULT_LOG: this.#folder,
      FAULT_TASK_MS: String(options.taskMs ?? 5),
    };
  }

  static async in(broker: FaultBroker, fault: string, options: FaultLoadOptions = {}): Promise<FaultLoad> {
    const load = new FaultLoad(broker, fault, options);
    await broker.api('PUT', `/vhosts/${load.vhost}`, {});
    const everything = { configure: '.*', write: '.*', read: '.*' };
    await broker.api('PUT', `/permissions/${load.vhost}/guest`, everything);
    return load;
  }

  /** This load's vhost, by way of another address. */
  uriAt(address: string): string {
    const { username, password, hostname, port } = new URL(address);
    return `amqp://${username}:${password}@${hostname}:${port}/${this.vhost}`;
  }

  async publish(): Promise<void> {
    await fairqJson(this.env, ...this.publishing());
  }

  /** At half of what the workers can do, so that the workers are never far behind. */
  publishInBackground(env: Env = {}): RunningFairq {
    const perSecond = Math.round((WORKERS * 10 * 1_000) / (this.options.taskMs ?? 5) / 2);
    const publisher = this.run(
      { ...this.env, ...env },
      '--json',
      ...this.publishing(),
      '--rate',
      `${perSecond}/s`,
    );
    return publisher;
  }

  /** The arguments that publish it. */
  publishing(): string[] {
    const count = String(this.tasks / USERS);
    return ['publish', '--users', String(USERS), '--count', count, '--task', 'work', '--run', RUN];
  }

  /** Anything of fairq; it is ended with the load. */
  run(env: Env, ...args: string[]): RunningFairq {
    const running = new RunningFairq(args, env);
    this.#others.push(running);
    return running;
  }

  async startWorkers(): Promise<void> {
    for (let i = 0; i < WORKERS; i++) this.startWorker();
    await Promise.all(this.workers.map((worker) => worker.says(/: ready, /, PATIENCE_MS)));
  }

  startWorker(env: Env = {}): RunningFairq {
    const { workerEnv = {}, workerFlags = [] } = this.options;
    const retries = ['--max-attempts', String(MAX_ATTEMPTS), '--backoff', '100ms'];
    const worker = new RunningFairq(
      [
        '--json',
        'worker',
        '--handler',
        HANDLER,
        '--name',
        `w${this.workers.length + 1}`,
        ...retries,
        ...workerFlags,
      ],
      { ...this.env, ...workerEnv, ...env },
    );
    this.workers.push(worker);
    return worker;
  }

  /** Workers that have not ended. */
  get running(): RunningFairq[] {
    return this.workers.filter(isRunning);
  }

  /** Resolves with how many tasks have run when that is a random share between the two. */
  async untilShare(low = 0.15, high = 0.5): Promise<number> {
    const share = between(this.random, low, high);
    console.log(`${this.fault}: strikes at ${(share * 100).toFixed(1)} %`);
    return this.untilRun(Math.floor(share * this.tasks));
  }

  /** A whole number by this fault's chance. */
  between(low: number, high: number): number {
    return Math.floor(between(this.random, low, high));
  }

  /** Resolves when it is so; meanwhile it keeps an eye on what is in flight. */
  async until(isSo: () => Promise<boolean>, timeoutMs = PATIENCE_MS): Promise<void> {
    const look = async () => {
      await this.lookInFlight();
      return isSo();
    };
    await eventually(look, { timeoutMs, what: `it to be so; ${this.#lastWords()}` });
  }

  /** Resolves when so many distinct tasks have run. */
  async untilRun(count: number): Promise<number> {
    const what = `${count} tasks to have run`;
    return eventually(
      async () => {
        await this.lookInFlight();
        const { distinctTasks } = this.#log.runs();
        return distinctTasks >= count ? distinctTasks : null;
      },
      { timeoutMs: PATIENCE_MS, what: `${what}; ${this.#lastWords()}` },
    );
  }

  /** How many of them are with workers now; the most is what a strike may have run again. */
  async lookInFlight(): Promise<void> {
    try {
      let inFlight = 0;
      for (const { unacknowledged } of (await this.broker.queues(this.vhost)).values())
        inFlight += unacknowledged;
      this.#mostInFlight = Math.max(this.#mostInFlight, inFlight);
    } catch {
      // The broker may be away: that is what is tested.
    }
  }

  /** Call it when the fault is over: resolves when every worker has run a task again, or all have run. */
  async recovered(): Promise<void> {
    const from = performance.now();
    const before = new Map(this.running.map((worker) => [worker, this.#log.sizeOf(worker.process.pid ?? 0)]));
    const goesOn = () => {
      for (const [worker, size] of before)
        if (this.#log.sizeOf(worker.process.pid ?? 0) <= size) return false;
      return true;
    };
    await eventually(() => goesOn() || this.#log.runs().distinctTasks >= this.tasks, {
      timeoutMs: PATIENCE_MS,
      what: `every worker to run tasks again; ${this.#lastWords()}`,
    });
    this.#secondsToRecover = (performance.now() - from) / 1_000;
  }

  /** Waits until nothing is left to do, ends the workers and asks what has come of it. */
  async ends(): Promise<Outcome> {
    await this.untilNothingIsLeft();
    const workers = this.running;
    for (const worker of workers) worker.signal('SIGTERM');
    for (const worker of workers) expect((await worker.ended).code, worker.stderr).toBe(130);
    const report = await fairqJson<RunReport>(this.env, 'report', '--run', RUN);
    const { repeats, distinctTasks: tasks } = this.#log.runs();
    const dead = (await this.broker.queues(this.vhost)).get('fairq.dead')?.ready ?? 0;
    addResult({
      fault: this.fault,
      versions: `RabbitMQ ${this.broker.version}, Node ${process.versions.node}`,
      tasks,
      repeats,
      secondsToRecover: this.#secondsToRecover,
    });
    return { report, tasks, repeats, dead };
  }

  /** The same, and holds what has come of it against what has to be so. */
  async endsWell({ strikes, publisher, lossOf }: EndOptions): Promise<Outcome> {
    const outcome = await this.ends();
    const { report, tasks, repeats, dead } = outcome;
    const missing = this.tasks - tasks;
    if (lossOf === undefined) expect(missing).toBe(0);
    expect(report).toMatchObject({ published: this.tasks, completed: tasks, missing });
    for (const { user, missing: lost } of report.users) if (user !== lossOf) expect(lost, user).toBe(0);
    const mayRepeat =
      this.mayRepeat(strikes) + (publisher === undefined ? 0 : sentAgainBy(publisher)) * MAX_ATTEMPTS;
    for (const again of [repeats, report.duplicates]) expect(again).toBeLessThanOrEqual(mayRepeat);
    expect(dead).toBeGreaterThanOrEqual(report.failed);
    expect(dead).toBeLessThanOrEqual(report.failed + mayRepeat);
    for (const { dwellMs } of report.users) {
      for (const ms of Object.values(dwellMs ?? {})) expect(ms).toBeGreaterThanOrEqual(0);
    }
    return outcome;
  }

  /** What was in flight, in the worst case. A failed attempt that comes twice is followed by two. */
  mayRepeat(strikes: number): number {
    return strikes * this.#mostInFlight * MAX_ATTEMPTS;
  }

  async untilNothingIsLeft(): Promise<void> {
    let last = '';
    await eventually(
      async () => {
        const counts = await this.broker.queues(this.vhost);
        let left = 0;
        for (const [name, { ready, unacknowledged }] of counts) {
          if (name !== 'fairq.dead' && name !== 'fairq.events') left += ready + unacknowledged;
        }
        last = `${left} left in ${counts.size} queues`;
        return left === 0 && counts.size > USERS;
      },
      { timeoutMs: PATIENCE_MS, what: `the end of the load; ${this.#lastWords()}` },
    ).catch((error) => {
      throw new Error(`${last}; ${this.#lastWords()}`, { cause: error });
    });
  }

  /** Ends everything that it has started and leaves no process. */
  async close(): Promise<void> {
    for (const one of [...this.workers, ...this.#others].filter(isRunning)) {
      one.signal('SIGKILL');
      await one.ended;
    }
    await nobodyLeft(this.#folder);
    rmSync(this.#folder, { recursive: true, force: true });
    await this.broker.api('DELETE', `/vhosts/${this.vhost}`);
  }

  #lastWords(): string {
    return this.workers.map(({ stderr }) => stderr.slice(-300)).join(' | ');
  }
}

function sentAgainBy({ stdout }: RunningFairq): number {
  return (JSON.parse(stdout) as PublishReport).sentAgain;
}

export function isRunning({ process: { exitCode, signalCode } }: RunningFairq): boolean {
  return exitCode === null && signalCode === null;
}

/** SIGKILL, and its end. */
export async function kill(running: RunningFairq): Promise<void> {
  running.signal('SIGKILL');
  await running.ended;
}
