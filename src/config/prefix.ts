import { usageError } from '../core/errors/errors.js';
import { BadPrefix, type Names, namesFor } from '../core/queues/names.js';

/** The names under `--prefix`. */
export function namesUnder(prefix: string): Names {
  try {
    return namesFor(prefix);
  } catch (error) {
    if (!(error instanceof BadPrefix)) throw error;
    const { message, instead } = error;
    throw instead === undefined
      ? usageError('BAD_PREFIX', message, { hint: 'Use 1 to 60 letters, digits, and . _ : - in --prefix.' })
      : usageError('PREFIX_COLLIDES', message, { hint: `Choose another --prefix, such as "${instead}".` });
  }
}
