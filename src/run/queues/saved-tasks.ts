import { type FileHandle, open } from 'node:fs/promises';
import { messageOf, usageError } from '../../errors.js';
import type { PlannedTask } from '../publish/publish-run.js';
import { taskLine } from '../publish/task-file.js';

/** A file of tasks that `publish --from` takes back. What is written is on the disk before the next is asked for. */
export class SavedTasks {
  #count = 0;

  private constructor(
    private readonly handle: FileHandle,
    readonly path: string,
  ) {}

  /** Never over a file that is there. */
  static async create(path: string): Promise<SavedTasks> {
    try {
      return new SavedTasks(await open(path, 'wx', 0o600), path);
    } catch (error) {
      throw usageError('FILE_NOT_MADE', `${path} cannot be made: ${messageOf(error)}`, {
        hint: 'Name a file after --save that is not there yet; nothing was changed.',
        cause: error,
      });
    }
  }

  get count(): number {
    return this.#count;
  }

  async add(tasks: readonly PlannedTask[]): Promise<void> {
    await this.handle.write(`${tasks.map(taskLine).join('\n')}\n`);
    await this.handle.datasync();
    this.#count += tasks.length;
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}
