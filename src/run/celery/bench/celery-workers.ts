import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, open, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type BrokerAddress, uriOf } from '../../../broker/connection/address.js';
import { sendSignal } from '../../../broker/node/processes.js';
import type { TaskEvent } from '../../../core/events/task-event.js';
import { APP, APP_NAME, eventOf, READY } from './celery-app.js';
import type { CeleryCommand } from './find-celery.js';

/** A worker that has run no task for so long, with tasks to run, has hung. */
const SILENT_FOR_MS = 60_000;
const LOOK_EVERY_MS = 50;
/** Kept of what a worker wrote, for the message if it fails. */
const OUTPUT_KEPT = 4_000;

export interface CeleryWorkersOptions {
  readonly command: CeleryCommand;
  readonly address: BrokerAddress;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly queues: readonly string[];
  readonly workers: number;
  /** Processes of each. */
  readonly concurrency: number;
}

interface RecordFile {
  read: number;
  /** A line that is not whole yet. */
  rest: string;
}

/**
 * Real Celery workers with an app of ours, and Celery's defaults: prefork, four tasks fetched for each process,
 * acknowledged before they run. What they have run is read from the files that the app writes.
 */
export class CeleryWorkers {
  /** Those whose output is open: theirs, or that of a child that they left behind. */
  readonly #children = new Set<ChildProcess>();
  readonly #files = new Map<string, RecordFile>();
  readonly #events: TaskEvent[] = [];
  readonly #ready: Promise<unknown>;
  /** Rejects when one of them ends by itself. */
  readonly #ended: Promise<never>;

  private constructor(
    private readonly folder: string,
    options: CeleryWorkersOptions,
  ) {
    const names = Array.from({ length: options.workers }, (_, i) => `worker-${i + 1}`);
    const started = names.map((name) => this.#start(name, options));
    this.#ready = Promise.all(started.map(({ ready }) => ready));
    this.#ended = Promise.race(started.map(({ ended }) => ended));
    this.#ended.catch(() => {}); // before anybody waits for it
  }

  static async start(options: CeleryWorkersOptions): Promise<CeleryWorkers> {
    const folder = await mkdtemp(join(tmpdir(), 'fairq-celery-'));
    await writeFile(join(folder, `${APP_NAME}.py`), APP);
    return new CeleryWorkers(folder, options);
  }

  /** Resolves when all of them consume their queues. */
  async ready(): Promise<void> {
    const cancel = new AbortController();
    const late = delay(SILENT_FOR_MS, undefined, { signal: cancel.signal }).then(() => {
      throw new Error('Celery has not been ready within a minute');
    });
    late.catch(() => {}); // where it was ready before
    try {
      await Promise.race([this.#ready, this.#ended, late]);
    } finally {
      cancel.abort();
    }
  }

  /** Resolves with what was run, in the order of completion, when so many tasks have been. */
  async ran(tasks: number): Promise<readonly TaskEvent[]> {
    let lastAt = performance.now();
    for (;;) {
      const before = this.#events.length;
      await Promise.race([this.#read(), this.#ended]);
      if (this.#events.length >= tasks) return this.#events.sort((a, b) => a.finished - b.finished);
      if (this.#events.length > before) lastAt = performance.now();
      if (performance.now() - lastAt > SILENT_FOR_MS) {
        throw new Error(`Celery has run ${this.#events.length} of ${tasks} tasks, and none for a minute`);
      }
      await Promise.race([delay(LOOK_EVERY_MS), this.#ended]);
    }
  }

  /** Ends all of them now, children included, and removes the app. */
  async kill(): Promise<void> {
    await Promise.all(
      [...this.#children].map((child) => {
        const closed = new Promise((resolve) => child.once('close', resolve));
        if (child.pid !== undefined) sendSignal(-child.pid, 'SIGKILL');
        return closed;
      }),
    );
    await rm(this.folder, { recursive: true, force: true });
  }

  #start(
    name: string,
    { command, address, env, queues, concurrency }: CeleryWorkersOptions,
  ): { ready: Promise<void>; ended: Promise<never> } {
    const [program = '', ...words] = command.words;
    const flags = ['-Q', queues.join(','), '-c', `${concurrency}`, '-n', `${name}@%h`];
    const [host] = address.hosts;
    const child = spawn(program, [...words, '-A', APP_NAME, 'worker', ...flags], {
      cwd: this.folder,
      // The address goes by environment: a command line can be read by everybody.
      env: { ...env, FAIRQ_BENCH_BROKER: uriOf({ ...address, hosts: host ? [host] : [] }) },
      // A group of its own: it forks, and all of it has to end.
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#children.add(child);
    let output = '';
    const ready = new Promise<void>((resolve) => {
      for (const stream of [child.stdout, child.stderr]) {
        stream?.on('data', (chunk: Buffer) => {
          output = (output + chunk.toString('utf8')).slice(-OUTPUT_KEPT);
          if (output.includes(READY)) resolve();
        });
      }
    });
    const ended = new Promise<never>((_, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => {
        this.#children.delete(child);
        reject(new Error(`Celery ended with ${signal ?? `exit code ${code}`}: ${output.trim()}`));
      });
    });
    ended.catch(() => {}); // the first one tells
    return { ready, ended };
  }

  /** What has been written since the last time. */
  async #read(): Promise<void> {
    const names = (await readdir(this.folder)).filter((name) => name.endsWith('.log'));
    for (const name of names) {
      const known = this.#files.get(name) ?? { read: 0, rest: '' };
      this.#files.set(name, known);
      const file = await open(join(this.folder, name));
      try {
        const { size } = await file.stat();
        const { buffer, bytesRead } = await file.read(Buffer.alloc(size - known.read), 0, null, known.read);
        known.read += bytesRead;
        const lines = (known.rest + buffer.toString('latin1', 0, bytesRead)).split('\n');
        known.rest = lines.pop() ?? '';
        for (const line of lines) {
          const event = eventOf(line, name.replace('.log', ''));
          if (event !== undefined) this.#events.push(event);
        }
      } finally {
        await file.close();
      }
    }
  }
}
