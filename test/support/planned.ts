import { expect } from 'vitest';
import type { Source } from '../../src/core/plan/facts.js';
import type { DesignPlan } from '../../src/core/plan/plan.js';
import { fairq } from './fairq.js';

/** A load of `fairq plan` with a million users. */
export const MILLION = ['--users', '1M', '--active', '10k', '--heavy', '50', '--tasks', '5M/day'];

/** What `fairq plan --json` prints. */
export interface PlanDocument {
  readonly kind: string;
  readonly load: object;
  readonly designs: readonly DesignPlan[];
  readonly sources: readonly Source[];
  readonly formulas: Readonly<Record<string, string>>;
  readonly recommendation: object;
}

export async function planned(
  env: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<PlanDocument> {
  const { code, stdout, stderr } = await fairq(env, '--json', 'plan', ...args);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as PlanDocument;
}
