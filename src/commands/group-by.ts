import { readFileSync } from 'node:fs';
import { Option } from 'commander';
import {
  BY_USER,
  byHash,
  byMap,
  byPrefix,
  checkedGroups,
  type GroupBy,
  type Grouping,
  parseGroupBy,
} from '../core/grouping.js';
import { messageOf, usageError } from '../errors.js';

export interface GroupByFlags {
  groupBy?: GroupBy;
}

/** The flag that says what shares a queue. */
export function groupByOption(help: string): Option {
  return new Option('--group-by <what>', `${help}: user, prefix:N, hash:N or map:FILE`).argParser(
    parseGroupBy,
  );
}

/** Every user alone where nothing is said. */
export async function groupingFrom({ groupBy }: GroupByFlags): Promise<Grouping> {
  switch (groupBy?.kind) {
    case undefined:
    case 'user':
      return BY_USER;
    case 'prefix':
      return byPrefix(groupBy.count);
    case 'hash':
      return byHash(groupBy.count);
    case 'map':
      return byMap(groupBy.file, await readGroups(groupBy.file));
  }
}

async function readGroups(file: string): Promise<Map<string, string[]>> {
  const where = `--group-by map:${file}`;
  // Not for every command that only has the flag.
  const { parse } = await import('smol-toml');
  let document: unknown;
  try {
    const text = readFileSync(file, 'utf8');
    document = file.endsWith('.json') ? JSON.parse(text) : parse(text);
  } catch (error) {
    throw usageError('GROUPS_NOT_READ', `${where}: ${messageOf(error)}`, {
      hint: 'Name a readable file with a line for each group, such as: gold = ["A", "B"] (or a JSON object, in a file named *.json).',
      cause: error,
    });
  }
  return checkedGroups(document, where);
}
