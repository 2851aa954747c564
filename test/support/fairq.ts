import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { messageOf } from '../../src/core/errors/errors.js';
import { endsWithTests } from './ends-with-tests.js';
import { eventually } from './eventually.js';
import { BIN, IoHere, type StopSignal } from './fairq-here.js';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const running = new Set<Running>();

/** Ends what a test has started and not ended, a failed one maybe, and tells what that was. */
export async function endLeftRunning(): Promise<string[]> {
  const left = [...running];
  for (const one of left) one.giveUp();
  await Promise.all(left.map(({ ended }) => ended));
  return left.map(({ args, stderr }) => `fairq ${args.join(' ')}; it said: ${stderr.slice(-300)}`);
}

/** A fairq that runs. */
export abstract class Running {
  abstract readonly stdout: string;
  abstract readonly stderr: string;
  abstract readonly ended: Promise<Ended>;

  constructor(readonly args: readonly string[]) {
    running.add(this);
  }

  abstract signal(signal: StopSignal): void;

  /** Ends it somehow. */
  abstract giveUp(): void;

  async says(pattern: RegExp, timeoutMs = 60_000): Promise<void> {
    let hasEnded = false;
    this.ended.then(() => {
      hasEnded = true;
    });
    const what = `fairq ${this.args.join(' ')} says ${pattern}`;
    await eventually(() => pattern.test(this.stderr) || hasEnded, { timeoutMs, what }).catch((error) => {
      throw new Error(`${messageOf(error)} So far it said: ${this.stderr}`);
    });
    if (!pattern.test(this.stderr)) throw new Error(`It has ended before ${what}; it said: ${this.stderr}`);
  }
}

export interface How {
  /** A line of shell before it, such as `ulimit -n 64`. */
  readonly after?: string;
}

/** The real program in a process of its own, the leader of a process group. */
export class RunningFairq extends Running {
  stdout = '';
  stderr = '';
  readonly ended: Promise<Ended>;
  readonly process: ChildProcess;

  constructor(
    args: readonly string[],
    env: Readonly<Record<string, string>>,
    input?: string | Readable,
    { after = ':' }: How = {},
  ) {
    super(args);
    const words = after === ':' ? [] : ['sh', '-c', `${after}; exec "$@"`, 'sh'];
    const [program = '', ...rest] = [...words, process.execPath, BIN, ...args];
    this.process = endsWithTests(
      spawn(program, rest, {
        detached: true,
        env: withInherited(env),
        stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      }),
    );
    const { stdin } = this.process;
    // It may end before it has read all.
    stdin?.on('error', () => {});
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

  giveUp(): void {
    this.signal('SIGKILL');
  }
}

/**
 * The program's `main` in this process, which takes a part of what a process of its own does. It is given the signals that a
 * program may take for itself. For all that a process is needed for there is RunningFairq: a kill, a cut-off, a
 * terminal, a module of handlers, a task that blocks.
 */
export class FairqHere extends Running {
  readonly ended: Promise<Ended>;
  readonly #io: IoHere;

  constructor(args: readonly string[], env: Readonly<Record<string, string>>, input?: string | Readable) {
    super(args);
    this.#io = new IoHere(args, withInherited(env), input);
    this.ended = this.#io.run().then((code) => {
      running.delete(this);
      return { code, stdout: this.stdout, stderr: this.stderr };
    });
  }

  get stdout(): string {
    return this.#io.stdout;
  }

  get stderr(): string {
    return this.#io.stderr;
  }

  signal(signal: StopSignal): void {
    this.#io.signal(signal);
  }

  giveUp(): void {
    for (let times = 0; times < 3; times++) this.signal('SIGTERM');
  }
}

function withInherited(env: Readonly<Record<string, string>>): Record<string, string | undefined> {
  const { FAIRQ_URI: _uri, FAIRQ_MANAGEMENT_URI: _management, ...inherited } = process.env;
  return { ...inherited, ...env };
}

/** In this process, but for a command with a module of handlers, which may do anything to its process. */
export function startFairq(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): FairqHere | RunningFairq {
  return args.includes('--handler') ? new RunningFairq(args, env) : new FairqHere(args, env);
}

/** Runs a command to its end. */
export function fairq(env: Readonly<Record<string, string>>, ...args: string[]): Promise<Ended> {
  return startFairq(args, env).ended;
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
