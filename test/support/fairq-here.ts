import { hostname } from 'node:os';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { main } from '../../dist/cli/main.js';
import type { Io } from '../../src/process/io.js';

export const BIN = fileURLToPath(new URL('../../bin/fairq.js', import.meta.url));

/** Workers are named after their process, and each has its own name. */
let lastPid = 10_000_000 + process.pid * 1_000;

/** What a program may take for itself. */
export type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

/** What a command that runs in this process has instead of one of its own. */
export class IoHere {
  stdout = '';
  stderr = '';
  readonly #stopListeners: ((signal: NodeJS.Signals) => void)[] = [];

  constructor(
    private readonly args: readonly string[],
    private readonly env: Readonly<Record<string, string | undefined>>,
    private readonly input: string | Readable = '',
  ) {}

  run(): Promise<number> {
    return main(this.#io());
  }

  signal(signal: StopSignal): void {
    for (const listener of this.#stopListeners) listener(signal);
  }

  #io(): Io {
    const err = (text: string) => {
      this.stderr += text;
    };
    const self = { node: process.execPath, script: BIN };
    return {
      argv: [self.node, self.script, ...this.args],
      argvIsText: true,
      env: this.env,
      stdin:
        typeof this.input === 'string' ? Readable.from(this.input === '' ? [] : [this.input]) : this.input,
      // What is drawn there is for terminals alone.
      stderr: process.stderr,
      stdoutIsTerminal: false,
      stderrIsTerminal: false,
      stdinIsTerminal: false,
      columns: 80,
      rows: 24,
      pid: ++lastPid,
      hostname: hostname(),
      nodeVersion: process.version,
      usage: () => ({ utime: 0, stime: 0 }),
      self,
      out: async (text) => {
        this.stdout += text;
      },
      onReaderGone: () => {},
      err,
      onStopSignal: (listener) => {
        this.#stopListeners.push(listener);
      },
      takeTerminal: () => needsProcess('a terminal'),
      onParentGone: () => {},
      onAnyParentGone: () => {},
      onUncaught: () => needsProcess('a module of handlers'),
      refuseExit: () => needsProcess('a module of handlers'),
      exit: () => needsProcess('an end of its process'),
    };
  }
}

function needsProcess(what: string): never {
  throw new Error(`A command with ${what} needs a process of its own: see fairq.ts.`);
}
