import { Option } from 'commander';
import { usageError } from '../../core/errors/errors.js';
import {
  BY_USER,
  byHash,
  byMap,
  byPrefix,
  checkedGroups,
  type Grouping,
} from '../../core/queues/grouping.js';
import { readTable } from './table-file.js';

/** What `--group-by` asks for; the members of a map are in the file. */
export type GroupBy =
  | { readonly kind: 'user' }
  | { readonly kind: 'prefix' | 'hash'; readonly count: number }
  | { readonly kind: 'map'; readonly file: string };

const LONGEST_PREFIX = 16;
const MOST_HASHES = 65_536;

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
  const document = await readTable(where, file, 'GROUPS_NOT_READ', 'gold = ["A", "B"]');
  return checkedGroups(document, where);
}

export function parseGroupBy(text: string): GroupBy {
  if (text === 'user') return { kind: 'user' };
  const [, kind, rest = ''] = /^(prefix|hash|map):(.+)$/s.exec(text) ?? [];
  if (kind === 'map') return { kind, file: rest };
  if (kind === 'prefix' || kind === 'hash') {
    const most = kind === 'prefix' ? LONGEST_PREFIX : MOST_HASHES;
    const count = /^\d{1,6}$/.test(rest) ? Number(rest) : 0;
    if (count >= 1 && count <= most) return { kind, count };
    throw usageError(
      'BAD_GROUP_BY',
      `--group-by ${text}: ${kind}: takes a whole number from 1 to ${most.toLocaleString('en-US')}`,
      { hint: kind === 'prefix' ? 'Write prefix:2.' : 'Write hash:64.' },
    );
  }
  throw usageError('BAD_GROUP_BY', `--group-by: "${text}" is no way to group users`, {
    hint: 'Write user, prefix:N, hash:N or map:FILE.',
  });
}
