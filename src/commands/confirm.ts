import { createInterface } from 'node:readline/promises';
import { interruptedError, usageError } from '../errors.js';
import type { Context } from './context.js';

/**
 * Asks before something is deleted or sent; `--yes` answers. Where nobody can be asked, that is an error:
 * no answer is never a yes.
 *
 * @param plan what is about to happen, as a sentence
 */
export async function confirmed(context: Context, plan: string, yes: boolean): Promise<void> {
  if (yes) return;
  if (!context.mayAsk) {
    throw usageError('NOT_CONFIRMED', `${plan} Nothing was done: nobody can be asked here.`, {
      hint: 'Say --yes to do it, or --dry-run to see it only.',
    });
  }
  const question = createInterface({ input: context.io.stdin, output: context.io.stderr });
  try {
    const answer = await question.question(`${plan} Go on? [y/N] `);
    if (!/^y(es)?$/i.test(answer.trim())) throw interruptedError('nothing was changed');
  } finally {
    question.close();
  }
}
