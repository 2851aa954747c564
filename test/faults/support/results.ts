import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
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
}

const FOLDER = fileURLToPath(new URL('../../../.fairq/', import.meta.url));
const FILE = `${FOLDER}faults.json`;

/** Files run one after another, so nobody else writes it meanwhile. */
export function addResult(result: FaultResult): void {
  mkdirSync(FOLDER, { recursive: true });
  const others = results().filter(({ fault }) => fault !== result.fault);
  writeFileSync(FILE, `${JSON.stringify([...others, result], null, 2)}\n`);
}

function results(): FaultResult[] {
  try {
    return JSON.parse(readFileSync(FILE, 'utf8')) as FaultResult[];
  } catch {
    return [];
  }
}
