import { usageError } from '../errors/errors.js';

/** So many are named where a start fits several. */
const NAMED = 5;

/**
 * The one of these that is meant: the one with this name, or else the only one whose name starts so. Undefined where
 * there is none; throws where there are several.
 *
 * @param what they are, as in `--run` or `a dead letter's id`
 */
export function meant(text: string, names: Iterable<string>, what: string): string | undefined {
  const found = new Set<string>();
  for (const name of names) {
    if (name === text) return name;
    if (text !== '' && name.startsWith(text)) found.add(name);
  }
  if (found.size <= 1) return [...found][0];
  const some = [...found].slice(0, NAMED).map((name) => JSON.stringify(name));
  const more = found.size > NAMED ? ` and ${found.size - NAMED} more` : '';
  throw usageError(
    'AMBIGUOUS_START',
    `${what} ${JSON.stringify(text)}: ${found.size} start so: ${some.join(', ')}${more}`,
    { hint: 'Give more of it, or all of it.' },
  );
}
