import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { endsWithTests } from './ends-with-tests.js';
import { eventually } from './eventually.js';

const BIN = fileURLToPath(new URL('../../bin/fairq.js', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const running = new Set<RunningFairq>();

/** Ends what a test has started and not ended, a failed one maybe, and tells what that was. */
export async function endLeftRunning(): Promise<string[]> {
  const left = [...running];
  for (const one of left) one.signal('SIGKILL');
  await Promise.all(left.map(({ ended }) => ended));
  return left.map(({ args, stderr }) => `fairq ${args.join(' ')}; it said: ${stderr.slice(-300)}`);
}

export interface How {
  /** A line of shell before it, such as `ulimit -n 64`. */
  readonly after?: string;
}

/** A fairq that runs: the real program in a process of its own, the leader of a process group. */
export class RunningFairq {
  stdout = '';
  stderr = '';
  readonly ended: Promise<Ended>;
  readonly process: ChildProcess;

  constructor(
    readonly args: readonly string[],
    env: Readonly<Record<string, string>>,
    input?: string | Readable,
    { after = ':' }: How = {},
  ) {
    const { FAIRQ_URI: _uri, FAIRQ_MANAGEMENT_URI: _management, ...inherited } = process.env;
    const words = after === ':' ? [] : ['sh', '-c', `${after}; exec "$@"`, 'sh'];
    const [program = '', ...rest] = [...words, process.execPath, BIN, ...args];
    this.process = endsWithTests(
      spawn(program, rest, {
        detached: true,
        env: { ...inherited, ...env },
        stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      }),
    );
    running.add(this);
    const { stdin } = this.process;
    if (typeof input === 'string') stdin?.end(input);
    else if (stdin !== null) input?.pipe(stdin);
    this.process.stdout?.on('data', (chunk: Buffer) => {
      this.stdout += chunk.toString('utf8');
    });
    this.process.stderr?.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString('utf8');
    });
    this.ended = new Promise((resolve) => {
      this.process.once('close', (code) => {
        running.delete(this);
        resolve({ code, stdout: this.stdout, stderr: this.stderr });
      });
    });
  }

  signal(signal: NodeJS.Signals): void {
    this.process.kill(signal);
  }

  async says(pattern: RegExp, timeoutMs = 30_000): Promise<void> {
    await eventually(async () => pattern.test(this.stderr), {
      timeoutMs,
      what: `fairq says ${pattern}; so far: ${this.stderr}`,
    });
  }
}

export function fairq(env: Readonly<Record<string, string>>, ...args: string[]): Promise<Ended> {
  return new RunningFairq(args, env).ended;
}

/** Runs a command that has to succeed, and parses its one JSON document. */
export function fairqJson<T = Record<string, unknown>>(
  env: Readonly<Record<string, string>>,
  ...args: string[]
): Promise<T> {
  return documentOf<T>(0, env, args);
}

/** Runs a command that has to end partly done, such as a worker that leaves dead letters, and parses its document. */
export function fairqPartly<T = Record<string, unknown>>(
  env: Readonly<Record<string, string>>,
  ...args: string[]
): Promise<T> {
  return documentOf<T>(3, env, args);
}

async function documentOf<T>(
  expected: number,
  env: Readonly<Record<string, string>>,
  args: readonly string[],
): Promise<T> {
  const { code, stdout, stderr } = await fairq(env, '--json', ...args);
  if (code !== expected) throw new Error(`fairq ${args.join(' ')} ended with ${code}: ${stderr}`);
  return JSON.parse(stdout) as T;
}

/** What a command printed that gives one JSON document a line. */
export function jsonLines<T>(stdout: string): T[] {
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as T);
}
