import { readFileSync } from 'node:fs';
import { messageOf, usageError } from '../../core/errors/errors.js';
import { decodeUtf8 } from '../../core/values/utf8.js';

/**
 * What a file of a flag holds: JSON where it is named `*.json`, TOML else.
 *
 * @param flag    the flag with the file's name, as it was given
 * @param example a line of such a file
 * @throws FairqError (usage, with `code`) where it cannot be read
 */
export async function readTable(flag: string, file: string, code: string, example: string): Promise<unknown> {
  // Not for every command that only has the flag.
  const { parse } = await import('smol-toml');
  try {
    const text = decodeUtf8(readFileSync(file));
    return file.endsWith('.json') ? JSON.parse(text) : parse(text);
  } catch (error) {
    throw usageError(code, `${flag}: ${messageOf(error)}`, {
      hint: `Name a readable file with lines such as: ${example} (or a JSON object, in a file named *.json).`,
      cause: error,
    });
  }
}
