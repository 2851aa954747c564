import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const RESULTS = fileURLToPath(new URL('../../.fairq/storm/', import.meta.url));

/** A module of handlers that write down each task that they run. @param log a folder @returns the file */
export function handlerIn(log: string): string {
  const file = join(log, 'handler.mjs');
  writeFileSync(
    file,
    `import { openSync, writeSync } from 'node:fs';
     const log = openSync(${JSON.stringify(log)} + '/' + process.pid + '.log', 'a');
     export function work(_, { id }) { writeSync(log, id + '\\n'); }`,
  );
  return file;
}

/** The ids of tasks that were run, once for each time. */
export function ranIn(log: string): string[] {
  const files = readdirSync(log).filter((name) => name.endsWith('.log'));
  return files.flatMap((name) => readFileSync(join(log, name), 'utf8').split('\n').slice(0, -1));
}

/** What came of a storm, for who reads it later. */
export function keepResult(name: string, result: object): void {
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(join(RESULTS, `${name}.json`), JSON.stringify(result));
  console.log(JSON.stringify(result));
}
