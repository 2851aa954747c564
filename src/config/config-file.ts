import { parse } from 'smol-toml';
import { z } from 'zod';
import { messageOf, usageError } from '../core/errors/errors.js';
import { decodeUtf8 } from '../core/values/utf8.js';
import { SETTINGS, type SettingName } from './settings.js';

const value = z.union([z.string(), z.boolean().transform(String)]).optional();
const schema = z.strictObject(Object.fromEntries(Object.values(SETTINGS).map(({ key }) => [key, value])));

/** Reads the TOML file: the settings by the names of their flags, and nothing else. */
export function parseConfigFile(source: Uint8Array, path: string): Partial<Record<SettingName, string>> {
  let document: unknown;
  try {
    document = parse(decodeUtf8(source));
  } catch (error) {
    throw usageError('CONFIG_NOT_TOML', `${path}: ${messageOf(error)}`, {
      hint: 'Correct the file.',
      cause: error,
    });
  }
  const result = schema.safeParse(document);
  if (!result.success) {
    const issue = result.error.issues[0];
    throw usageError(
      'CONFIG_INVALID',
      `${path}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'is not valid'}`.trim(),
      {
        hint: `It may set: ${Object.values(SETTINGS)
          .map(({ key }) => key)
          .join(', ')}.`,
      },
    );
  }
  const names = Object.keys(SETTINGS) as SettingName[];
  const settings: Partial<Record<SettingName, string>> = {};
  for (const name of names) {
    const found = result.data[SETTINGS[name].key];
    if (found !== undefined) settings[name] = found;
  }
  return settings;
}
