import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** Runs an application of one file in a process of its own, and parses the document that it prints. */
export async function runScript<T>(
  file: string,
  script: string,
  env: Readonly<Record<string, string>>,
): Promise<T> {
  await writeFile(file, script);
  const { stdout } = await promisify(execFile)(process.execPath, [file], { env: { ...process.env, ...env } });
  return JSON.parse(stdout) as T;
}
