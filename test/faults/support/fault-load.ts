import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { PublishReport } from '../../../src/core/reports/publish-report.js';
import type { RunReport } from '../../../src/core/reports/run-report.js';
import { eventually } from '../../support/eventually.js';
import { fairqJson, RunningFairq } from '../../support/fairq.js';
import { between, chanceOf } from './chance.js';
import type { FaultBroker } from './fault-broker.js';
import { nobodyLeft } from './processes.js';
import { addResult } from './results.js';
import { type LogMark, type Repeat, RunLog } from './run-log.js';

const HANDLER = fileURLToPath(new URL('./tasks.mjs', import.meta.url));
const RUN = 'fault';
const USERS = 20;
const WORKERS = 2;
const MAX_ATTEMPTS = 2;
/** What is in these is no work that is left. */
const KEPT = ['fairq.dead', 'fairq.events', 'fairq.results', 'fairq.starts'];
const PATIENCE_MS = 240_000;
/** Tasks that a publisher in the background sends before as many have run. */
const MOST_AHEAD = 2_000;
const LINES_AT_ONCE = 100;
const LOOK_EVERY_MS = 20;
/** Shorter than fairq's own: silence is noticed sooner. */
export const HEARTBEAT_SECONDS = 5;

type Env = Readonly<Record<string, string>>;

export interface FaultLoadOptions {
  readonly tasksPerUser?: number;
  /** How long a task takes on average. A worker has ten slots. */
  readonly taskMs?: number;
  /** For the workers alone, such as by which way they reach the broker. */
  readonly workerEnv?: Env;
  readonly workerFlags?: readonly string[];
  /** Of the users' queues: classic, if not given. */
  readonly queueType?: 'quorum' | undefined;
}

export interface EndOptions {
  /** Ended well; what it has sent again may be there twice. */
  readonly publisher?: RunningFairq;
  /** For a broker that strikes when it likes: the tasks that it may have had run again. */
  readonly mayRunAgain?: number;
  /** The user whose waiting tasks the fault itself has taken away. */
  readonly lossOf?: string;
}

export interface Outcome {
  readonly report: RunReport;
  /** Distinct tasks that were done or failed for the last time, by the word of the handler. */
  readonly tasks: number;
  readonly repeats: readonly Repeat[];
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
  readonly #log = new RunLog(this.#folder, MAX_ATTEMPTS);
  readonly #others: RunningFairq[] = [];
  readonly #strikes: LogMark[] = [];
  #mostInFlight = 0;
  #isClosed = false;
  #overAt: number | undefined;
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
    await broker.makeVhost(load.vhost);
    return load;
  }

  /** This load's vhost, by way of another address. */
  uriAt(address: string): string {
    const { username, password, hostname, port } = new URL(address);
    return `amqp://${username}:${password}@${hostname}:${port}/${this.vhost}?heartbeat=${HEARTBEAT_SECONDS}`;
  }

  async publish(): Promise<void> {
    await fairqJson(this.env, ...this.publishing());
  }

  /** It is never far ahead of the workers, however slow they are: it runs until most of its tasks have run. */
  publishInBackground(env: Env = {}): RunningFairq {
    const flags = ['--json', 'publish', '--from', '-', '--run', RUN, ...this.queueFlags];
    const publisher = new RunningFairq(flags, { ...this.env, ...env }, Readable.from(this.#lines()));
    this.#others.push(publisher);
    return publisher;
  }

  /** A line for each task, when so many before it have run. */
  async *#lines(): AsyncGenerator<string> {
    for (let sent = 0; sent < this.tasks && !this.#isClosed; sent += LINES_AT_ONCE) {
      while (sent - this.#log.distinctTasks() > MOST_AHEAD && !this.#isClosed) await delay(LOOK_EVERY_MS);
      const line = (_: unknown, i: number) => `{"user":"user-${((sent + i) % USERS) + 1}","task":"work"}\n`;
      yield Array.from({ length: LINES_AT_ONCE }, line).join('');
    }
  }

  /** Workers and a publisher in the background; resolves with that one when a random share has run. */
  async underWay(low?: number, high?: number): Promise<RunningFairq> {
    await this.startWorkers();
    const publisher = this.publishInBackground();
    await this.untilShare(low, high);
    return publisher;
  }

  /** The arguments that publish it. */
  publishing(): string[] {
    const count = String(this.tasks / USERS);
    const load = ['--users', String(USERS), '--count', count, '--task', 'work', '--run', RUN];
    return ['publish', ...load, ...this.queueFlags];
  }

  get queueFlags(): string[] {
    const { queueType } = this.options;
    return queueType === undefined ? [] : ['--queue-type', queueType];
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
        ...this.queueFlags,
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
        const run = this.#log.distinctTasks();
        return run >= count ? run : null;
      },
      { timeoutMs: PATIENCE_MS, what: `${what}; ${this.#lastWords()}` },
    );
  }

  /**
   * Call it right before what may have tasks run again: without it, none may. What each worker has run by
   * then and acknowledged is not to come again.
   */
  async strike(): Promise<void> {
    await this.lookInFlight();
    this.#strikes.push(this.#log.mark());
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

  /** The fault is over: from here on it recovers. */
  over(): void {
    this.#overAt = performance.now();
  }

  /** Call it when the fault is over, if you have not said so before: resolves when every worker has run a task again, or all have run. */
  async recovered(): Promise<void> {
    const from = this.#overAt ?? performance.now();
    const before = new Map(this.running.map((worker) => [worker, this.#log.sizeOf(worker.process.pid ?? 0)]));
    const goesOn = () => {
      for (const [worker, size] of before)
        if (this.#log.sizeOf(worker.process.pid ?? 0) <= size) return false;
      return true;
    };
    await eventually(() => goesOn() || this.#log.distinctTasks() >= this.tasks, {
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
    for (const worker of workers) expect((await worker.ended).code, worker.stderr).toBe(0);
    const report = await fairqJson<RunReport>(this.env, 'report', '--run', RUN);
    const repeats = this.#log.repeats();
    const tasks = this.#log.distinctTasks();
    const dead = (await this.broker.queues(this.vhost)).get('fairq.dead')?.ready ?? 0;
    addResult({
      fault: this.fault,
      versions: `RabbitMQ ${this.broker.version}, Node ${process.versions.node}`,
      tasks,
      repeats: repeats.length,
      secondsToRecover: this.#secondsToRecover,
    });
    return { report, tasks, repeats, dead };
  }

  /** The same, and holds what has come of it against what has to be so. */
  async endsWell(options: EndOptions = {}): Promise<Outcome> {
    const { lossOf } = options;
    const outcome = await this.ends();
    const { report, tasks, dead } = outcome;
    const missing = this.tasks - tasks;
    if (lossOf === undefined) expect(missing).toBe(0);
    expect(report).toMatchObject({ published: this.tasks, completed: tasks, missing });
    for (const { user, missing: lost } of report.users) if (user !== lossOf) expect(lost, user).toBe(0);
    const mostRepeats = this.holdRepeats(outcome, options);
    expect(report.failed).toBeGreaterThan(0);
    expect(dead).toBeGreaterThanOrEqual(report.failed);
    expect(dead).toBeLessThanOrEqual(report.failed + mostRepeats);
    for (const { dwellMs } of report.users) {
      for (const ms of Object.values(dwellMs ?? {})) expect(ms).toBeGreaterThanOrEqual(0);
    }
    return outcome;
  }

  /**
   * Holds that only what was in flight was run again.
   *
   * @returns the most repeats that there might have been
   */
  holdRepeats({ report, repeats }: Outcome, { publisher, mayRunAgain }: EndOptions = {}): number {
    const sentAgain = publisher === undefined ? 0 : sentAgainBy(publisher);
    const tasks = (mayRunAgain ?? this.#strikes.length * this.#mostInFlight) + sentAgain;
    // A failed attempt that comes twice is followed by two.
    const most = tasks * MAX_ATTEMPTS;
    for (const again of [repeats.length, report.duplicates]) expect(again).toBeLessThanOrEqual(most);
    if (mayRunAgain === undefined) {
      const stray = repeats.filter((repeat) => !this.#wasInFlight(repeat, this.#mostInFlight + sentAgain));
      expect(stray, 'tasks that were run again although they were not in flight').toEqual([]);
    }
    return most;
  }

  /** Run for the first time after a strike, or among the last before one: more than that no worker holds. */
  #wasInFlight({ firstRun: { log, line } }: Repeat, held: number): boolean {
    return this.#strikes.some((mark) => line >= (mark.get(log) ?? 0) - held);
  }

  async untilNothingIsLeft(): Promise<void> {
    let last = 'no queues';
    await eventually(
      async () => {
        const counts = await this.broker.queues(this.vhost);
        let left = 0;
        for (const [name, { ready, unacknowledged }] of counts) {
          if (KEPT.includes(name) || ready + unacknowledged === 0) continue;
          left += ready + unacknowledged;
          last = `${ready} ready and ${unacknowledged} unacknowledged in ${name}`;
        }
        return left === 0 && counts.size > USERS;
      },
      { timeoutMs: PATIENCE_MS, what: `the end of the load; ${this.#lastWords()}` },
    ).catch((error) => {
      throw new Error(`${last}; ${this.#lastWords()}`, { cause: error });
    });
  }

  /** Ends everything that it has started and leaves no process. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const one of [...this.workers, ...this.#others].filter(isRunning)) {
      one.signal('SIGKILL');
      await one.ended;
    }
    await nobodyLeft(this.#folder);
    rmSync(this.#folder, { recursive: true, force: true });
    await this.broker.api('DELETE', `/vhosts/${this.vhost}`);
  }

  #lastWords(): string {
    return this.workers
      .map(({ args, stderr }) => `\n${args.join(' ')} said:\n${stderr.slice(-3_000)}`)
      .join('');
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
