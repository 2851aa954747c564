import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A row of the table at the end of `npm run test:faults`. */
export interface FaultResult {
  readonly fault: string;
  readonly versions: string;
  readonly tasks: number;
  /** Attempts that were run a second time. */
  readonly repeats: number;
  /** From the end of the fault until every worker had run a task, or all were done; null where that says nothing. */
  readonly secondsToRecover: number | null;
  /** Of a user with a cap: the most tasks that ran at once, and the cap. */
  readonly atOnce?: { readonly most: number; readonly cap: number };
  /** Its permits at the end. */
  readonly permits?: number;
}

const FOLDER = fileURLToPath(new URL('../../../.fairq/faults/', import.meta.url));

/** A file each, for tests run side by side. */
export function addResult(result: FaultResult): void {
  mkdirSync(FOLDER, { recursive: true });
  const name = result.fault.replaceAll(/[^a-z0-9]+/gi, '-');
  writeFileSync(`${FOLDER}${name}.json`, `${JSON.stringify(result)}\n`);
}
