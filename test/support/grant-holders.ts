import { type ChildProcess, fork } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { BrokerAddress } from '../../src/broker/connection/address.js';
import { endsWithTests } from './ends-with-tests.js';
import { eventually } from './eventually.js';
import { startsIn } from './noted-tasks.js';
import { stopProcess } from './stop-process.js';

const PROGRAM = fileURLToPath(new URL('./grant-holder.mjs', import.meta.url));
const WAIT_MS = 60_000;

export interface HoldersOptions {
  readonly address: BrokerAddress;
  readonly prefix: string;
  readonly queue: string;
  readonly log: string;
  readonly slots: number;
  /** They make and fill the queue where it is not there. */
  readonly fills?: boolean;
}

/** Processes that hold grants, as workers do; what each begins and ends is in one file. */
export class GrantHolders {
  readonly processes: ChildProcess[] = [];
  #cap: number;

  constructor(
    private readonly options: HoldersOptions,
    cap: number,
  ) {
    this.#cap = cap;
  }

  async start(): Promise<ChildProcess> {
    const { address, prefix, queue, log, slots, fills } = this.options;
    const argv = [
      JSON.stringify(address),
      prefix,
      queue,
      log,
      String(this.#cap),
      String(slots),
      fills ? 'fills' : '',
    ];
    const holder = endsWithTests(fork(PROGRAM, argv, { stdio: 'inherit', detached: true }));
    this.processes.push(holder);
    await said(holder, 'ready');
    return holder;
  }

  /** Its tasks count as ended from the moment that it is killed. */
  async kill(holder: ChildProcess): Promise<void> {
    this.processes.splice(this.processes.indexOf(holder), 1);
    const gone = new Promise((resolve) => {
      holder.once('exit', resolve);
    });
    await stopProcess(holder);
    appendFileSync(this.options.log, `x ${holder.pid}\n`);
    holder.kill('SIGKILL');
    await gone;
  }

  async cap(cap: number): Promise<void> {
    this.#cap = cap;
    const told = this.processes.map((holder) => said(holder, 'cap'));
    for (const holder of this.processes) holder.send({ cap });
    await Promise.all(told);
  }

  async stop(): Promise<void> {
    const stopped = this.processes.map((holder) => said(holder, 'stopped'));
    for (const holder of this.processes.splice(0)) holder.send({ stop: true });
    await Promise.all(stopped);
  }

  /** Ends what a failed test has left. */
  end(): void {
    for (const holder of this.processes.splice(0)) holder.kill('SIGKILL');
  }

  get starts(): number {
    return startsIn(this.options.log);
  }

  async untilStarts(count: number): Promise<void> {
    await eventually(() => this.starts >= count, {
      timeoutMs: WAIT_MS,
      what: () => `${count} tasks have begun; there are ${this.starts}`,
    });
  }
}

function said(holder: ChildProcess, what: string): Promise<void> {
  return new Promise((resolve, reject) => {
    holder.on('message', (message: object) => {
      if (what in message) resolve();
    });
    // What it said at its very end may be read after its exit is known, and before the line is closed.
    holder.once('exit', (code) => {
      const fail = () => reject(new Error(`the holder ended with ${code} before it said "${what}"`));
      if (holder.connected) holder.once('disconnect', fail);
      else fail();
    });
  });
}
