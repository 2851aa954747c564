import { fileURLToPath } from 'node:url';

/**
 * The only door to `process`: arguments, environment, the three streams, signals and the parent.
 * Everything else is handed an `Io`, so that a test can hand it another one.
 */
export interface Io {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: NodeJS.ReadableStream;
  readonly stderr: NodeJS.WriteStream;
  readonly stdoutIsTerminal: boolean;
  readonly stderrIsTerminal: boolean;
  readonly stdinIsTerminal: boolean;
  /** Columns of the terminal, or 80 where there is none, or none that knows its size. */
  readonly columns: number;
  readonly pid: number;
  readonly hostname: string;
  /** Of Node, such as v20.19.0. */
  readonly nodeVersion: string;
  /** How to start fairq again as a child: the node binary and the script. */
  readonly self: { readonly node: string; readonly script: string };
  /** Resolves when the text has been handed to the operating system. */
  out(text: string): Promise<void>;
  err(text: string): void;
  /** Calls back for SIGINT, SIGTERM and SIGHUP. */
  onStopSignal(listener: (signal: NodeJS.Signals) => void): void;
  /** Calls back when the process that started this one with an IPC channel has gone. */
  onParentGone(listener: () => void): void;
  /** From now on calls back for what nobody has caught, in the asynchronous context that it came from. */
  onUncaught(listener: (error: unknown) => void): void;
  /** From now on `process.exit` throws what this makes, for code that is not ours. */
  refuseExit(refusal: (code: unknown) => Error): void;
  /** Ends the process. For cli.ts alone. */
  exit(code: number): never;
}

export function processIo(hostname: string): Io {
  const exit = process.exit.bind(process);
  // Without a listener a reader that has gone would end the process, whoever writes. What else goes wrong
  // with the output ends it as before.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
  return {
    argv: process.argv,
    env: process.env,
    stdin: process.stdin,
    stderr: process.stderr,
    stdoutIsTerminal: process.stdout.isTTY === true,
    stderrIsTerminal: process.stderr.isTTY === true,
    stdinIsTerminal: process.stdin.isTTY === true,
    columns: process.stdout.columns || process.stderr.columns || 80,
    pid: process.pid,
    nodeVersion: process.version,
    hostname,
    self: { node: process.execPath, script: fileURLToPath(new URL('../bin/fairq.js', import.meta.url)) },
    out: (text) =>
      new Promise((resolve, reject) => {
        process.stdout.write(text, (error) => {
          // A reader such as `head` that has seen enough closes the pipe: that is no failure.
          if (error && (error as NodeJS.ErrnoException).code !== 'EPIPE') reject(error);
          else resolve();
        });
      }),
    err: (text) => {
      process.stderr.write(text);
    },
    onStopSignal: (listener) => {
      const signals: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
      for (const signal of signals) process.on(signal, listener);
    },
    onParentGone: (listener) => {
      if (process.channel) process.once('disconnect', listener);
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
    exit: (code) => exit(code),
  };
}
