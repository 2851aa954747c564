import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';

export interface TestFolder {
  /** The path of a file in it. */
  file(name: string): string;
}

/** A folder for the files of a test file, which goes with them. */
export function useFolder(): TestFolder {
  let path: string;
  beforeAll(async () => {
    path = await mkdtemp(join(tmpdir(), 'fairq-test-'));
  });
  afterAll(() => rm(path, { recursive: true, force: true }));
  return { file: (name) => join(path, name) };
}
