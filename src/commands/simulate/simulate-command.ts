import { type Command, Option } from 'commander';
import { usageError } from '../../core/errors/errors.js';
import type { Distribution } from '../../core/load/workload.js';
import { PROMOTE_AFTER } from '../../core/scheduling/tuning.js';
import {
  LONGEST_MOVE,
  LONGEST_REST,
  LONGEST_TASK,
  MOST_TASKS,
  MOST_USERS,
} from '../../core/simulation/bounds.js';
import {
  parseSimulatedStrategy,
  type SimulatedStrategy,
  STRATEGY_WORDS,
} from '../../core/simulation/strategy.js';
import {
  type DurationRange,
  parseCount,
  parseDurationRange,
  parseDurationUpTo,
  parseRate,
} from '../../core/values/quantities.js';
import { WORKER_DEFAULTS } from '../../core/values/worker-defaults.js';
import { type HtmlFlags, withHtmlOption } from '../flags/html-flags.js';
import type { Run } from '../shared/context.js';

export interface SimulateFlags extends HtmlFlags {
  scenario: string | undefined;
  user?: string;
  count?: number;
  users?: number;
  total?: number;
  distribution: Distribution;
  seed: number;
  duration?: DurationRange;
  rate?: number;
  from?: string;
  countA?: number;
  countB?: number;
  workers?: number;
  concurrency?: number;
  strategy: SimulatedStrategy[];
  promoteAfter: number;
  moveTime: number;
  demoteAfter: number;
}

export function registerSimulate(program: Command, run: Run): void {
  const command = program
    .command('simulate')
    .description(
      'Play a load under several strategies in virtual time, with the scheduler of the worker and without a broker.',
    )
    .argument('[scenario]', 'a load of "bench": seed, crowd or noisy')
    .option('--user <name>', 'one user that sends --count tasks')
    .option('--count <n>', 'tasks, of each user', (text) => parseCount(text, '--count', 1, MOST_TASKS))
    .option('--users <n>', 'that many users, user-1 to user-N', (text) =>
      parseCount(text, '--users', 1, MOST_USERS),
    )
    .option('--total <n>', 'tasks over all users, at random', (text) =>
      parseCount(text, '--total', 1, MOST_TASKS),
    )
    .addOption(
      new Option('--distribution <kind>', 'how --total falls on the users')
        .choices(['uniform', 'zipf'])
        .default('uniform'),
    )
    .option('--seed <n>', 'makes a random load another one', (text) => parseCount(text, '--seed', 0), 1)
    .option(
      '--duration <time>',
      'how long a task runs, such as 5ms or 18ms..22ms (default: 5ms, or what the file or the scenario says)',
      (text) =>
        parseDurationRange(text, '--duration', (time, what) => parseDurationUpTo(time, what, LONGEST_TASK)),
    )
    .option('--rate <n/s>', 'the tasks arrive evenly (default: all at once)', (text) =>
      parseRate(text, '--rate'),
    )
    .option(
      '--from <file|->',
      'tasks from a file: a JSON object a line as "publish --from" takes it, with "dueMs" and "durationMs", or CSV with these headings',
    )
    .option('--count-a <n>', "A's tasks, in seed and noisy", (text) =>
      parseCount(text, '--count-a', 1, MOST_TASKS),
    )
    .option('--count-b <n>', "B's tasks, in seed", (text) => parseCount(text, '--count-b', 1, MOST_TASKS))
    .option('--workers <n>', 'worker processes (default: 1, or those of the scenario)', (text) =>
      parseCount(text, '--workers', 1, 64),
    )
    .option(
      '-c, --concurrency <n>',
      `slots of each (default: ${WORKER_DEFAULTS.concurrency}, or those of the scenario)`,
      (text) => parseCount(text, '--concurrency', 1, 10_000),
    )
    .addOption(
      new Option('--strategy <a,b>', `of ${STRATEGY_WORDS} (may be repeated)`)
        .argParser(collectStrategies)
        .default(DEFAULT_STRATEGIES, DEFAULT_WORDS),
    )
    .option(
      '--promote-after <n>',
      'with shared:N: more prefetched tasks of one user than that promote it; who has sent more counts as heavy',
      (text) => parseCount(text, '--promote-after', 1, 10_000),
      PROMOTE_AFTER,
    )
    .addOption(
      new Option('--move-time <time>', 'with shared:N: what it takes a worker to move a task')
        .argParser((text) => parseDurationUpTo(text, '--move-time', LONGEST_MOVE))
        .default(0.05, '50us'),
    )
    .addOption(
      new Option('--demote-after <time>', 'with shared:N: how long an own queue is empty before it goes')
        .argParser((text) => parseDurationUpTo(text, '--demote-after', LONGEST_REST))
        .default(WORKER_DEFAULTS.demoteAfterMs, '60s'),
    );
  withHtmlOption(command)
    .addHelpText(
      'after',
      `
Examples:
  fairq simulate seed
  fairq simulate seed --workers 3 --strategy fifo,user
  fairq simulate --users 1000 --total 100000 --distribution zipf --html zipf.html
  fairq simulate --users 10000 --total 200000 --distribution zipf --rate 1800/s --strategy user,hash:64,shared:64
  fairq simulate --users 1000000 --total 10000000 --distribution zipf --workers 4 --json
  fairq simulate --from arrivals.csv --concurrency 50 --strategy shared:64 --promote-after 64`,
    )
    .action((scenario: string | undefined, flags: Omit<SimulateFlags, 'scenario'>) =>
      run(async () => (await import('./simulate-action.js')).simulate)({ ...flags, scenario }),
    );
}

const DEFAULT_WORDS = 'fifo,user,hash:64,shared:64,ideal';
const DEFAULT_STRATEGIES: readonly SimulatedStrategy[] = parseStrategies(DEFAULT_WORDS);

function parseStrategies(text: string): SimulatedStrategy[] {
  return text.split(',').map((part) => parseSimulatedStrategy(part, '--strategy'));
}

/** The first that is given takes the place of the default. */
function collectStrategies(text: string, before: readonly SimulatedStrategy[]): SimulatedStrategy[] {
  const all = [...(before === DEFAULT_STRATEGIES ? [] : before), ...parseStrategies(text)];
  const names = all.map((strategy) => strategy.text);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice === undefined) return all;
  throw usageError('STRATEGY_TWICE', `--strategy: "${twice}" is named twice`, {
    hint: 'Name each strategy once.',
  });
}
