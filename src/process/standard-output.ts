import { type ChildProcess, spawn } from 'node:child_process';
import { fstatSync, writeSync } from 'node:fs';
import { messageOf, refusedError } from '../core/errors/errors.js';

/**
 * Where a command's data goes: a terminal, a pipe or a file. It knows when nobody reads any more, and a file that
 * cannot take all of it is an error that names the reason.
 */
export class StandardOutput {
  readonly #kind: 'file' | 'pipe' | 'other';
  readonly #listeners: (() => void)[] = [];
  #lookout: ChildProcess | undefined;
  #isReaderGone = false;

  constructor(
    private readonly stream: NodeJS.WriteStream,
    private readonly fd: number,
    private readonly pid: number,
  ) {
    // With numbers instead of bigints, Node 20.20 takes links for folders afterwards: a handler module would have its
    // packages from other places than those it is to have them from, and some twice.
    const stat = fstatSync(fd, { bigint: true });
    this.#kind = stat.isFIFO() ? 'pipe' : stat.isSocket() || stream.isTTY === true ? 'other' : 'file';
    // Without a listener what goes wrong would end the process, whoever writes. Whoever does is told by `write`.
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (isGone(error)) this.#readerIsGone();
    });
  }

  /**
   * Resolves when the text has been handed to the operating system, or nobody reads any more: a reader such as
   * `head` that has seen enough closes the pipe, and that is no failure.
   *
   * @throws FairqError (refused) where the file or its disk takes no more
   */
  async write(text: string): Promise<void> {
    if (text === '' || this.#isReaderGone) return;
    try {
      if (this.#kind === 'file') this.#writeToFile(Buffer.from(text));
      else await this.#writeToStream(text);
    } catch (error) {
      if (isGone(error as NodeJS.ErrnoException)) {
        this.#readerIsGone();
        return;
      }
      throw refusedError('OUTPUT_REFUSED', `standard output takes no more: ${messageOf(error)}`, {
        hint: 'What was printed before is not whole. Make room where it goes, or send it elsewhere, and run the command again.',
        cause: error,
      });
    }
  }

  /**
   * Calls back once when nobody reads any more, also while nothing is written, where it is a pipe and there is GNU
   * `tail`; elsewhere it is noticed with the next write.
   */
  onReaderGone(listener: () => void): void {
    if (this.#isReaderGone) {
      listener();
      return;
    }
    this.#listeners.push(listener);
    if (this.#kind === 'pipe') this.#lookout ??= this.#lookOut();
  }

  /** Call it before the process ends: who reads hears of the end when nobody can write any more. */
  close(): void {
    this.#lookout?.kill('SIGKILL');
  }

  /**
   * Node cannot ask a pipe whether it has a reader without writing to it. GNU `tail`, which follows an empty file here
   * and has the same pipe as its output, ends by SIGPIPE as soon as it has none. It ends with this process as well.
   */
  #lookOut(): ChildProcess {
    const args = ['--follow', `--pid=${this.pid}`, '/dev/null'];
    const lookout = spawn('tail', args, { stdio: ['ignore', this.fd, 'ignore'] });
    lookout.on('error', () => {}); // there is none
    lookout.on('exit', (_, signal) => {
      if (signal === 'SIGPIPE') this.#readerIsGone();
    });
    lookout.unref();
    return lookout;
  }

  /** A write to a file may take a part of it only, where a disk has become full. */
  #writeToFile(bytes: Buffer): void {
    let written = 0;
    while (written < bytes.length) written += writeSync(this.fd, bytes, written);
  }

  #writeToStream(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.stream.write(text, (error) => (error ? reject(error) : resolve()));
    });
  }

  #readerIsGone(): void {
    if (this.#isReaderGone) return;
    this.#isReaderGone = true;
    this.close();
    for (const listener of this.#listeners) listener();
  }
}

/** A terminal that was closed fails with EIO. */
function isGone({ code }: NodeJS.ErrnoException): boolean {
  return code === 'EPIPE' || code === 'EIO';
}
