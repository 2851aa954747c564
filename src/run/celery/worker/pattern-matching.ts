import { runInNewContext } from 'node:vm';

/** A regular expression may take for ever, and anybody may send one. */
const WITHIN_MS = 1_000;

/** Whether an expression matches the beginning of a text; one that is none, or that takes too long, matches nothing. */
export function matchesExpression(expression: string, text: string): boolean {
  try {
    const pattern = new RegExp(`^(?:${expression})`, 's');
    return runInNewContext('pattern.test(text)', { pattern, text }, { timeout: WITHIN_MS }) === true;
  } catch {
    return false;
  }
}
