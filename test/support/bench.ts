import { expect } from 'vitest';
import { fairq } from './fairq.js';

export interface BenchDocument {
  broker: { version: string };
  results: {
    strategy: string;
    variant?: string;
    missing: number;
    duplicates: number;
    completed: number;
    starts?: string[];
    users: { user: string; lastCompletionPosition: number }[];
  }[];
  figures: { name: string; unit: string; values: Record<string, number | null> }[];
  checks: { name: string; value: number; limit: number; passed: boolean }[];
  passed: boolean;
}

/** A bench that measures may miss a limit on a busy machine: 99 is an answer too. */
export async function bench(
  env: Readonly<Record<string, string>>,
  ...args: string[]
): Promise<BenchDocument> {
  const { code, stdout, stderr } = await fairq(env, '--json', 'bench', ...args);
  expect([0, 99], stderr).toContain(code);
  const document: BenchDocument = JSON.parse(stdout);
  expect(document.passed).toBe(code === 0);
  return document;
}
