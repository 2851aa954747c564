import { appendFileSync, writeFileSync } from 'node:fs';
import { eventually } from './eventually.js';
import { type Ended, fairqJson, RunningFairq } from './fairq.js';
import { isOf, linesSoFar, mostAtOnce, NOTED_TASKS, notesIn, startsIn } from './noted-tasks.js';
import { stopProcess } from './stop-process.js';

const WAIT_MS = 120_000;

/** Workers whose handlers write down when each task begins and ends; all in one file. */
export class NotingWorkers {
  readonly workers: RunningFairq[] = [];
  #count = 0;

  constructor(
    private readonly env: Readonly<Record<string, string>>,
    readonly log: string,
  ) {
    writeFileSync(log, '');
  }

  start(slots: number, ...flags: string[]): Promise<RunningFairq> {
    return this.startWith({}, slots, ...flags);
  }

  /** @param env in which this one differs, such as by which way it reaches the broker */
  async startWith(
    env: Readonly<Record<string, string>>,
    slots: number,
    ...flags: string[]
  ): Promise<RunningFairq> {
    const name = `w${++this.#count}`;
    const own = ['--handler', NOTED_TASKS, '--name', name, '-c', String(slots), ...flags];
    const worker = new RunningFairq(['--json', 'worker', ...own], { ...this.env, ...env, NOTES: this.log });
    this.workers.push(worker);
    await worker.says(/: ready, /);
    return worker;
  }

  async startAll(count: number, slots: number, ...flags: string[]): Promise<void> {
    await Promise.all(Array.from({ length: count }, () => this.start(slots, ...flags)));
  }

  publish(user: string, count: number, ms: number, task = 'work', ...flags: string[]): Promise<unknown> {
    const load = ['--user', user, '--count', String(count), '--task', task];
    return fairqJson(this.env, 'publish', ...load, '--payload', JSON.stringify({ ms }), ...flags);
  }

  /** What runs there counts as ended from the moment of the kill. */
  async kill(worker: RunningFairq): Promise<void> {
    this.workers.splice(this.workers.indexOf(worker), 1);
    await stopProcess(worker.process);
    appendFileSync(this.log, `x ${worker.process.pid}\n`);
    worker.signal('SIGKILL');
    await worker.ended;
  }

  async stop(): Promise<Ended[]> {
    const workers = this.workers.splice(0);
    for (const worker of workers) worker.signal('SIGTERM');
    return Promise.all(workers.map(({ ended }) => ended));
  }

  end(): void {
    for (const worker of this.workers.splice(0)) worker.giveUp();
  }

  /** So many lines have been written. */
  get lines(): number {
    return linesSoFar(this.log);
  }

  starts(user?: string): number {
    return startsIn(this.log, user);
  }

  most(user?: string, from = 0): number {
    return mostAtOnce(this.log, from, user);
  }

  async untilStarts(count: number, user?: string): Promise<void> {
    await this.until(() => this.starts(user) >= count, `${count} tasks of ${user} have begun`);
  }

  /** Distinct tasks of a user that have run to their end. */
  async untilDone(count: number, user?: string): Promise<void> {
    const done = () => {
      const ended = notesIn(this.log).filter((note) => note.what === 'e' && isOf(note, user));
      return new Set(ended.map(({ id }) => id)).size;
    };
    await this.until(() => done() >= count, `${count} tasks of ${user} are done`);
  }

  async until(isSo: () => boolean, what: string): Promise<void> {
    await eventually(isSo, {
      timeoutMs: WAIT_MS,
      what: () =>
        `${what}; ${this.starts()} have begun; the workers say ${this.workers.map(({ stderr }) => stderr.slice(-600)).join('\n')}`,
    });
  }
}
