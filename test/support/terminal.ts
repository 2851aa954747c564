import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { endsWithTests, groupEndsWithTests } from './ends-with-tests.js';
import { eventually } from './eventually.js';

const BIN = fileURLToPath(new URL('../../bin/fairq.js', import.meta.url));
const HOME = '\u001b[H';

/** fairq on a terminal that is really one: keys go in, what it draws comes out. */
export class FairqOnTerminal {
  readonly #script: ChildProcess;
  readonly #closed: Promise<unknown>;
  shown = '';

  constructor(args: readonly string[], env: Readonly<Record<string, string>>) {
    const { CI: _ci, FAIRQ_URI: _uri, ...inherited } = process.env;
    // The shell leads a process group, of which it tells, for fairq is in it. Afterwards the terminal says whether it is as it was.
    const command = `echo GROUP $$; stty cols 100 rows 24; ${process.execPath} ${BIN} ${args.join(' ')}; echo "ENDED $?"; stty -a`;
    this.#script = endsWithTests(
      spawn('script', ['--quiet', '--command', command, '/dev/null'], {
        detached: true,
        env: { ...inherited, TERM: 'xterm', ...env },
        stdio: ['pipe', 'pipe', 'inherit'],
      }),
    );
    this.#closed = once(this.#script, 'close');
    this.#script.stdout?.once('data', (chunk: Buffer) => {
      const group = Number(/GROUP (\d+)/.exec(chunk.toString('utf8'))?.[1]);
      const guard = groupEndsWithTests(group);
      this.#script.once('close', () => guard.forget(group));
    });
    this.#script.stdout?.on('data', (chunk: Buffer) => {
      this.shown += chunk.toString('utf8');
    });
  }

  /** What is on the screen: the last that was drawn from its upper left corner on. */
  get screen(): string[] {
    const drawn = this.shown.slice(this.shown.lastIndexOf(HOME) + HOME.length);
    const codes = new RegExp(`${String.fromCharCode(27)}\\[[0-9;?]*[A-Za-z]`, 'g');
    return drawn.replace(codes, '').split(/\r*\n/);
  }

  type(keys: string): void {
    this.#script.stdin?.write(keys);
  }

  /** As if somebody had drawn its window larger or smaller. */
  resize(columns: number, rows: number): void {
    const terminal = readlinkSync(`/proc/${this.pid}/fd/1`);
    spawnSync('stty', ['-F', terminal, 'cols', String(columns), 'rows', String(rows)]);
  }

  async shows(pattern: RegExp): Promise<void> {
    await eventually(async () => this.screen.some((line) => pattern.test(line)), {
      timeoutMs: 60_000,
      what: () => `the screen shows ${pattern}; it shows: ${this.screen.join('\n')}`,
    });
  }

  /** Of fairq itself. */
  get pid(): number {
    const children = (pid: number) =>
      readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number).filter(Boolean);
    const below = (pid: number): number[] => children(pid).flatMap((child) => [child, ...below(child)]);
    const found = below(this.#script.pid!).find((pid) =>
      readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith(process.execPath),
    );
    if (found === undefined) throw new Error('fairq does not run');
    return found;
  }

  /** Hangs up. */
  close(): void {
    this.#script.kill('SIGKILL');
  }

  /** Resolves with all that it has shown, when everything on it has ended. */
  async ended(): Promise<string> {
    await this.#closed;
    return this.shown;
  }
}
