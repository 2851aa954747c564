import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { StandardOutput } from './standard-output.js';

/**
 * The only door to `process`: arguments, environment, the three streams, signals and the parent.
 * Everything else is handed an `Io`, so that a test can hand it another one.
 */
export interface Io {
  readonly argv: readonly string[];
  /** Whether they are UTF-8: of bytes that are none Node makes U+FFFD, so that two names become one. */
  readonly argvIsText: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: NodeJS.ReadableStream;
  readonly stderr: NodeJS.WriteStream;
  readonly stdoutIsTerminal: boolean;
  readonly stderrIsTerminal: boolean;
  readonly stdinIsTerminal: boolean;
  /** Columns of the terminal, or 80 where there is none, or none that knows its size. */
  readonly columns: number;
  /** Lines of the terminal, or 24. */
  readonly rows: number;
  readonly pid: number;
  readonly hostname: string;
  /** Of Node, such as v20.19.0. */
  readonly nodeVersion: string;
  /** What the process has used of the machine so far, under the names of `getrusage`; times in seconds. */
  usage(): Readonly<Record<string, number>>;
  /** How to start fairq again as a child: the node binary and the script. */
  readonly self: { readonly node: string; readonly script: string };
  /** Resolves when the text has been handed to the operating system, or nobody reads any more. */
  out(text: string): Promise<void>;
  /** Calls back once when nobody reads what `out` writes any more. */
  onReaderGone(listener: () => void): void;
  err(text: string): void;
  /** Calls back for SIGINT, SIGTERM and SIGHUP. */
  onStopSignal(listener: (signal: NodeJS.Signals) => void): void;
  /**
   * Takes the terminal for a screen of its own: `enter` is written now, and `leave` when it is released, or when
   * the process ends without that. Meanwhile keys come as they are typed.
   */
  takeTerminal(enter: string, leave: string, listener: TerminalListener): { release(): void };
  /** Calls back when the process that started this one with an IPC channel has gone. */
  onParentGone(listener: () => void): void;
  /** The same for any process that has started this one; it is looked for once a second. */
  onAnyParentGone(listener: () => void): void;
  /** From now on calls back for what nobody has caught, in the asynchronous context that it came from. */
  onUncaught(listener: (error: unknown) => void): void;
  /** From now on `process.exit` throws what this makes, for code that is not ours. */
  refuseExit(refusal: (code: unknown) => Error): void;
  /** Ends the process. For the program alone. */
  exit(code: number): never;
}

export interface TerminalListener {
  /** A key, or what an arrow or a function key sends. */
  onKey(key: string): void;
  onResize(): void;
  /** The terminal was closed. */
  onGone(): void;
}

const STDOUT = 1;

export function processIo(hostname: string): Io {
  const exit = process.exit.bind(process);
  const output = new StandardOutput(process.stdout, STDOUT, process.pid);
  // Taken now: it may be gone before a command has been loaded that asks for it.
  const parent = process.ppid;
  // Messages that nobody can read any more, or whose disk is full, are lost: no work is given up for them, and
  // there is nowhere to say it.
  process.stderr.on('error', () => {});
  return {
    argv: process.argv,
    get argvIsText() {
      return isText(process.argv);
    },
    env: process.env,
    stdin: process.stdin,
    stderr: process.stderr,
    stdoutIsTerminal: process.stdout.isTTY === true,
    stderrIsTerminal: process.stderr.isTTY === true,
    stdinIsTerminal: process.stdin.isTTY === true,
    get columns() {
      return process.stdout.columns || process.stderr.columns || 80;
    },
    get rows() {
      return process.stdout.rows || 24;
    },
    pid: process.pid,
    nodeVersion: process.version,
    hostname,
    usage,
    self: { node: process.execPath, script: fileURLToPath(new URL('../../bin/fairq.js', import.meta.url)) },
    out: (text) => output.write(text),
    onReaderGone: (listener) => output.onReaderGone(listener),
    err: (text) => {
      process.stderr.write(text);
    },
    onStopSignal: (listener) => {
      const signals: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
      for (const signal of signals) process.on(signal, listener);
    },
    takeTerminal,
    onParentGone: (listener) => {
      if (process.channel) process.once('disconnect', listener);
    },
    onAnyParentGone: (listener) => {
      const timer = setInterval(() => {
        if (process.ppid === parent) return;
        clearInterval(timer);
        listener();
      }, 1_000);
      timer.unref();
    },
    onUncaught: (listener) => {
      process.on('uncaughtException', listener);
      process.on('unhandledRejection', listener);
    },
    refuseExit: (refusal) => {
      process.exit = (code?: unknown): never => {
        throw refusal(code);
      };
    },
    exit: (code) => {
      output.close();
      return exit(code);
    },
  };
}

function usage(): Readonly<Record<string, number>> {
  const used = process.resourceUsage();
  return {
    utime: used.userCPUTime / 1e6,
    stime: used.systemCPUTime / 1e6,
    maxrss: used.maxRSS,
    ixrss: used.sharedMemorySize,
    idrss: used.unsharedDataSize,
    isrss: used.unsharedStackSize,
    minflt: used.minorPageFault,
    majflt: used.majorPageFault,
    nswap: used.swappedOut,
    inblock: used.fsRead,
    oublock: used.fsWrite,
    msgsnd: used.ipcSent,
    msgrcv: used.ipcReceived,
    nsignals: used.signalsCount,
    nvcsw: used.voluntaryContextSwitches,
    nivcsw: used.involuntaryContextSwitches,
  };
}

function isText(argv: readonly string[]): boolean {
  if (!argv.some((argument) => argument.includes('\ufffd'))) return true;
  try {
    return isUtf8(readFileSync('/proc/self/cmdline'));
  } catch {
    return false; // not Linux: who has no such character in a name loses nothing
  }
}

/** Keys that came together are told apart: an escape sequence is one. */
const ESCAPE = String.fromCharCode(27);
const KEYS = new RegExp(`${ESCAPE}(?:\\[[0-9;]*[A-Za-z~]|O[A-Z])?|[\\s\\S]`, 'gu');

function takeTerminal(enter: string, leave: string, listener: TerminalListener): { release(): void } {
  const { stdin, stdout } = process;
  let isReleased = false;
  const onData = (chunk: Buffer) => {
    for (const key of chunk.toString('utf8').match(KEYS) ?? []) if (!isReleased) listener.onKey(key);
  };
  const release = () => {
    if (isReleased) return;
    isReleased = true;
    process.off('exit', release);
    stdout.off('resize', listener.onResize);
    stdin.off('data', onData);
    stdin.off('end', listener.onGone);
    stdin.off('error', listener.onGone);
    if (stdin.isTTY) stdin.setRawMode(false);
    stdin.pause();
    stdout.write(leave);
  };
  stdout.write(enter);
  stdin.setRawMode(true);
  stdin.on('data', onData);
  stdin.on('end', listener.onGone);
  stdin.on('error', listener.onGone);
  stdin.resume();
  stdout.on('resize', listener.onResize);
  process.on('exit', release);
  return { release };
}
