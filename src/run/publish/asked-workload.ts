import { usageError } from '../../core/errors/errors.js';
import {
  type Distribution,
  equalUsers,
  oneUser,
  randomUsers,
  type Workload,
} from '../../core/load/workload.js';
import type { Random } from '../../core/values/random.js';

export interface WorkloadFlags {
  readonly user?: string | undefined;
  readonly count?: number | undefined;
  readonly users?: number | undefined;
  readonly total?: number | undefined;
  readonly distribution: Distribution;
}

/** The load that a command line asks for: one user, the same for each of many, or a total at random. */
export function workloadFrom(flags: WorkloadFlags, random: Random): Workload {
  const { user, count, users, total } = flags;
  if (user !== undefined && users !== undefined) {
    throw usageError('USER_AND_USERS', '--user and --users exclude each other', {
      hint: 'Name one user with --user, or let --users N make N of them.',
    });
  }
  if (user !== undefined) {
    if (total !== undefined) {
      throw usageError('TOTAL_OF_ONE', '--total is for --users', {
        hint: 'Give one user its tasks with --count.',
      });
    }
    return oneUser(user, count ?? 1);
  }
  if (users === undefined) {
    throw usageError('NO_USER', 'whose tasks are these?', {
      hint: 'Give --user NAME --count N, or --users N --count M, or --users N --total T, or --from FILE; with --queue NAME no user is needed.',
    });
  }
  if (count !== undefined && total !== undefined) {
    throw usageError('COUNT_AND_TOTAL', '--count and --total exclude each other', {
      hint: '--count is for each user, --total for all of them together.',
    });
  }
  if (total !== undefined) return randomUsers(users, total, flags.distribution, random);
  return equalUsers(users, count ?? 1);
}
