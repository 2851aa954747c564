import { link, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isRunning } from './processes.js';
import { throwUnlessMissing } from './unread-state.js';

/**
 * One keeper for each folder. The lock is held by being alive, so it needs no release and none is ever
 * stuck: it is the file `lock.N` with the highest N, and it counts as long as the process whose identity
 * is in it runs. To take over from one that has gone is to create `lock.N+1`, which succeeds for one
 * process only; a file appears together with its content, for it is linked, not written.
 *
 * Files of lower numbers are deleted only by the holder of a higher one. So a latecomer that still found
 * the number free that somebody has had and lost sees the higher one when it looks again, and gives way.
 */
export async function claimLock(folder: string, me: string): Promise<{ readonly heldBy: string } | null> {
  const draft = join(folder, `lock.draft.${me.replaceAll(' ', '-')}`);
  try {
    await writeFile(draft, me);
    for (;;) {
      const latest = await latestLock(folder);
      if (latest !== null && isRunning(latest.holder)) return { heldBy: latest.holder };
      const number = (latest?.number ?? 0) + 1;
      if (!(await create(draft, lockFile(folder, number)))) continue;
      const locks = await lockNumbers(folder);
      if (Math.max(...locks) === number) {
        for (const lower of locks) if (lower < number) await rm(lockFile(folder, lower), { force: true });
        return null;
      }
      await rm(lockFile(folder, number), { force: true });
    }
  } finally {
    await rm(draft, { force: true });
  }
}

/** The identity of the keeper that runs, or null. */
export async function lockHolder(folder: string): Promise<string | null> {
  const latest = await latestLock(folder);
  return latest !== null && isRunning(latest.holder) ? latest.holder : null;
}

async function latestLock(folder: string): Promise<{ number: number; holder: string } | null> {
  for (;;) {
    const numbers = await lockNumbers(folder);
    if (numbers.length === 0) return null;
    const number = Math.max(...numbers);
    try {
      return { number, holder: await readFile(lockFile(folder, number), 'utf8') };
    } catch (error) {
      // Given up, or overtaken and deleted, since the folder was listed. One that may not be read stays so.
      throwUnlessMissing(lockFile(folder, number), error);
    }
  }
}

async function lockNumbers(folder: string): Promise<number[]> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    throwUnlessMissing(folder, error);
    return [];
  }
  return names.flatMap((name) => {
    const match = /^lock\.(\d+)$/.exec(name);
    return match === null ? [] : [Number(match[1])];
  });
}

async function create(draft: string, file: string): Promise<boolean> {
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

function lockFile(folder: string, number: number): string {
  return join(folder, `lock.${number}`);
}
