import { type FileHandle, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { notWritten } from '../../core/errors/file-errors.js';
import { type TaskToSave, taskLine } from '../publish/task-line.js';

/**
 * A file of tasks that `publish --from` takes back. What is added counts from `keep` on, when it is on the disk; until
 * then `forget` takes it out again. So the file always ends with a whole line, of a task that counts.
 */
export class SavedTasks {
  #count = 0;
  #added = 0;
  /** Bytes of what counts. */
  #size = 0;

  private constructor(
    private readonly handle: FileHandle,
    readonly path: string,
  ) {}

  /** Never over a file that is there. */
  static async create(path: string): Promise<SavedTasks> {
    try {
      const handle = await open(path, 'ax', 0o600);
      await syncFolder(path);
      return new SavedTasks(handle, path);
    } catch (error) {
      const hint = 'Name a file after --save that is not there yet; nothing was changed.';
      throw notWritten('FILE_NOT_MADE', `--save ${path}`, error, hint);
    }
  }

  get count(): number {
    return this.#count;
  }

  async add(tasks: readonly TaskToSave[]): Promise<void> {
    // Unlike `write` it goes on until all is written, or fails.
    await this.handle.appendFile(tasks.map((task) => `${taskLine(task)}\n`).join(''));
    this.#added += tasks.length;
  }

  async keep(): Promise<void> {
    await this.handle.datasync();
    const { size } = await this.handle.stat();
    this.#size = size;
    this.#count += this.#added;
    this.#added = 0;
  }

  async forget(): Promise<void> {
    this.#added = 0;
    await this.handle.truncate(this.#size);
  }

  /** Leaves no file behind that holds no task. */
  async close(): Promise<void> {
    await this.handle.close();
    if (this.#count === 0) await rm(this.path, { force: true });
  }
}

/** A file that was just made outlives a crash of the machine only when its folder is on the disk, too. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } catch (error) {
    // Some file systems, such as those of a network, have nothing to do here, and say so.
    if (!['EINVAL', 'ENOTSUP', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    await folder.close();
  }
}
