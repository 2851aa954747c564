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
} from '../../core/queues/grouping.js';
import { readTable } from './table-file.js';

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
