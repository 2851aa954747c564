import { createInterface } from 'node:readline/promises';
import { interruptedError, usageError } from '../../core/errors/errors.js';
import type { Context } from './context.js';

/**
 * Asks before something is deleted or sent; `--yes` answers. Where nobody can be asked, that is an error:
 * no answer is never a yes.
 *
 * @param plan what is about to happen, as a sentence
 * @param hint what to do where nobody can be asked
 * @returns false where the answer was no
 */
export async function confirmed(
  context: Context,
  plan: string,
  yes: boolean,
  hint = 'Say --yes to do it, or --dry-run to see it only.',
): Promise<boolean> {
  if (yes) return true;
  if (!context.mayAsk) {
    throw usageError('NOT_CONFIRMED', `${plan} Nothing was done: nobody can be asked here.`, {
      hint,
    });
  }
  const question = createInterface({ input: context.io.stdin, output: context.io.stderr });
  try {
    // While it asks, the terminal hands Ctrl-C on as a key.
    const interrupted = new Promise<never>((_, reject) => {
      question.once('SIGINT', () => reject(interruptedError('nothing was changed')));
    });
    const answer = await Promise.race([question.question(`${plan} Go on? [y/N] `), interrupted]);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    question.close();
  }
}

/** The same of a plan of several lines. They stand above the question, or the error, on stderr. `--yes` prints none. */
export async function confirmedLines(
  context: Context,
  lines: string,
  plan: string,
  yes: boolean,
  hint?: string,
): Promise<boolean> {
  if (!yes) context.io.err(`${lines}\n`);
  return confirmed(context, plan, yes, hint);
}
