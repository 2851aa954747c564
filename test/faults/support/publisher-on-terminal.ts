import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { endsWithTests } from '../../support/ends-with-tests.js';

const BIN = fileURLToPath(new URL('../../../bin/fairq.js', import.meta.url));

/** A publisher on a terminal: there it says, while it goes on, how many tasks are confirmed. */
export class PublisherOnTerminal {
  readonly #script: ChildProcess;
  readonly #ended: Promise<unknown>;
  #shown = '';

  constructor(args: readonly string[], env: Readonly<Record<string, string>>) {
    const { CI: _ci, ...inherited } = process.env;
    // A terminal without a size is shown no progress.
    const command = ['stty cols 120 rows 30;', 'exec', process.execPath, BIN, ...args].join(' ');
    // Its terminal goes with it, and a publisher ends with its terminal.
    this.#script = endsWithTests(
      spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
        detached: true,
        env: { ...inherited, TERM: 'xterm', ...env },
        stdio: ['ignore', 'pipe', 'inherit'],
      }),
    );
    this.#ended = once(this.#script, 'close');
    this.#script.stdout?.on('data', (chunk: Buffer) => {
      this.#shown += chunk.toString('utf8');
    });
  }

  /** What it last said is confirmed. */
  get confirmed(): number {
    const said = [...this.#shown.matchAll(/([\d,]+) of [\d,]+ confirmed/g)].at(-1)?.[1];
    return Number((said ?? '0').replaceAll(',', ''));
  }

  /** How often it has said so. */
  get timesSaid(): number {
    return [...this.#shown.matchAll(/ confirmed/g)].length;
  }

  /** SIGKILL for fairq itself; resolves when the terminal has shown its last word. */
  async kill(): Promise<void> {
    const { pid } = this.#script;
    for (const child of readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')) {
      if (Number(child) > 0) process.kill(Number(child), 'SIGKILL');
    }
    await this.#ended;
  }
}
