import type { WatchedFile } from '../watched-file.js';
import type { FindKey, KeySet } from './key-set.js';
import type { Keys } from './keys.js';

/** Keys of a file, which is read again when it has changed. */
export class FileKeys implements Keys {
  constructor(private readonly file: WatchedFile<KeySet>) {}

  readonly find: FindKey = async (header, token) => (await this.file.current()).find(header, token);

  close(): void {}
}
