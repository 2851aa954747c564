import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { endsWithTests } from './ends-with-tests.js';
import { eventually } from './eventually.js';
import type { TestFolder } from './folder.js';

// Debian's package is Debian's Python's, and the first on the path may be another.
const python = ['/usr/bin/python3', 'python3'].find(
  (program) => spawnSync(program, ['-c', 'import celery']).status === 0,
);

/** Real Celery is here: its client and its workers. */
export const hasCelery = python !== undefined;
if (!hasCelery) console.error('NOT RUN: tests with real Celery (apt-get install python3-celery)');

/** An app as its users write one. */
const APP = `
import os, time
from celery import Celery
app = Celery('tasks', broker=os.environ['CELERY_BROKER'], backend='rpc://')

@app.task
def double(x, by=2): return x * by

@app.task
def written(*args): return [repr(args), float('nan')]

@app.task
def noop(*args, **kwargs): pass

@app.task
def gated(path):
    while not os.path.exists(path): time.sleep(0.05)

@app.task
def sleep(seconds): time.sleep(seconds)

@app.task(bind=True, max_retries=0)
def complain(self, text): raise ValueError(text)

@app.task(bind=True)
def about(self, *args, **kwargs):
    r = self.request
    return [r.id, r.root_id, r.correlation_id, r.argsrepr, r.kwargsrepr, r.retries, list(args), kwargs]
`;

/** A Celery app in the folder; its processes end with the test file. */
export function useCelery(folder: TestFolder): CeleryApp {
  const app = new CeleryApp(folder);
  beforeAll(() => writeFile(folder.file('tasks.py'), APP));
  afterAll(() => app.end());
  return app;
}

export class CeleryApp {
  readonly #started = new Set<ChildProcess>();

  /** Its address is known when the vhost is there. */
  broker = '';

  constructor(private readonly folder: TestFolder) {}

  /** A worker that is ready. */
  async worker(queues: string, ...flags: string[]): Promise<CeleryWorker> {
    const args = ['-m', 'celery', '-A', 'tasks', 'worker', '-Q', queues, '-c', '2', '-l', 'INFO', ...flags];
    const child = this.#spawn(args);
    const worker = new CeleryWorker(child);
    await worker.says(/ ready\./);
    return worker;
  }

  /** Runs lines of Python against the app, and gives what they print as JSON. */
  async run<T>(script: string): Promise<T> {
    const child = this.#spawn(['-c', `import json, time\nfrom tasks import *\n${script}`]);
    let stdout = '';
    let stderr = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      stdout += chunk.toString('utf8');
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr += chunk.toString('utf8');
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    if (code !== 0) throw new Error(`the Celery client ended with ${code}: ${stderr}`);
    return JSON.parse(stdout) as T;
  }

  /** Runs one of Celery's own programs to its end, such as `celery status`. */
  async program(...words: string[]): Promise<{ readonly code: number | null; readonly output: string }> {
    const child = this.#spawn(['-m', 'celery', '-A', 'tasks', ...words]);
    const heard = new CeleryWorker(child);
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    return { code, output: heard.output };
  }

  /** One that runs until it is stopped, such as `celery events --dump`. */
  start(...words: string[]): CeleryWorker {
    return new CeleryWorker(this.#spawn(['-m', 'celery', '-A', 'tasks', ...words]));
  }

  /** Ends what is left, children of a worker included. */
  async end(): Promise<void> {
    await Promise.all([...this.#started].map((child) => endGroup(child, 'SIGKILL')));
  }

  #spawn(args: readonly string[]): ChildProcess {
    const cwd = dirname(this.folder.file('tasks.py'));
    const child = endsWithTests(
      spawn(python ?? '', args, {
        cwd,
        // In a process group, with the children that a worker forks.
        detached: true,
        env: { ...process.env, CELERY_BROKER: this.broker, PYTHONUNBUFFERED: '1', C_FORCE_ROOT: '1' },
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    );
    this.#started.add(child);
    child.once('close', () => this.#started.delete(child));
    return child;
  }
}

/** A program of Celery's that runs. */
export class CeleryWorker {
  output = '';

  constructor(private readonly child: ChildProcess) {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.output += chunk.toString('utf8');
      });
    }
  }

  async says(pattern: RegExp, timeoutMs = 60_000): Promise<void> {
    await eventually(() => pattern.test(this.output), {
      timeoutMs,
      what: `Celery says ${pattern}; so far: ${this.output.slice(-2_000)}`,
    });
  }

  async stop(): Promise<void> {
    await endGroup(this.child, 'SIGTERM');
  }
}

async function endGroup(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('close', resolve));
  // A worker that is told to stop tells its children itself.
  process.kill(signal === 'SIGKILL' ? -child.pid : child.pid, signal);
  await ended;
}
