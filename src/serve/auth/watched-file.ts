import type { BigIntStats } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { messageOf } from '../../core/errors/errors.js';
import type { Clock } from '../../core/values/clock.js';
import { decodeUtf8 } from '../../core/values/utf8.js';

/** How often the file is looked at while it is asked for, milliseconds. */
const LOOK_EVERY_MS = 1_000;
const MOST_BYTES = 16 * 1024 ** 2;

/** What is made of a file's text. It throws where the text is not what it should be. */
export type Parse<T> = (text: string, mode: number) => T;

/** A file that is read again when it has changed. A file that is broken or gone changes nothing: what was read counts. */
export class WatchedFile<T> {
  #lookedAt: number;
  #looking: Promise<void> | undefined;
  #trouble: string | undefined;

  private constructor(
    private readonly path: string,
    private readonly parse: Parse<T>,
    private readonly deps: { readonly clock: Clock; warn(text: string): void },
    private read: { readonly value: T; readonly mark: string },
  ) {
    this.#lookedAt = deps.clock.now();
  }

  /** @throws Error where the file cannot be read, or is not what it should be */
  static async open<T>(
    path: string,
    parse: Parse<T>,
    deps: { readonly clock: Clock; warn(text: string): void },
  ): Promise<WatchedFile<T>> {
    return new WatchedFile(path, parse, deps, await readNow(path, parse));
  }

  async current(): Promise<T> {
    const now = this.deps.clock.now();
    if (this.#looking === undefined && now - this.#lookedAt >= LOOK_EVERY_MS) {
      this.#lookedAt = now;
      this.#looking = this.#look().finally(() => {
        this.#looking = undefined;
      });
    }
    await this.#looking;
    return this.read.value;
  }

  async #look(): Promise<void> {
    try {
      const stats = await stat(this.path, { bigint: true });
      // One that was broken is looked at once more: it may have been read while it was written.
      if (markOf(stats) === this.read.mark && this.#trouble === undefined) return;
      this.read = await readNow(this.path, this.parse);
      this.#trouble = undefined;
    } catch (error) {
      const trouble = messageOf(error);
      if (trouble === this.#trouble) return;
      this.#trouble = trouble;
      this.deps.warn(`${this.path}: ${trouble}; what was read before still counts`);
    }
  }
}

async function readNow<T>(path: string, parse: Parse<T>): Promise<{ value: T; mark: string }> {
  const stats = await stat(path, { bigint: true });
  if (!stats.isFile()) throw new Error('it is not a file');
  if (stats.size > MOST_BYTES) throw new Error('it is larger than 16 MiB');
  const text = decodeUtf8(await readFile(path));
  return { value: parse(text, Number(stats.mode)), mark: markOf(stats) };
}

/** A file that is written anew in the same moment has another inode, size or time of change. */
function markOf({ ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
}
