import { type Command, Option } from 'commander';
import type { PlanQueueType } from '../../core/plan/facts.js';
import { VERSIONS_BEFORE } from '../../core/plan/measured-before.js';
import { parseAmount, parseAmountRate, parseMemory } from '../../core/values/amounts.js';
import { parseCount } from '../../core/values/quantities.js';
import type { Run } from '../shared/context.js';
import { parseMilliseconds } from './milliseconds.js';

export interface PlanFlags {
  users: number;
  tasks: number;
  active?: number;
  heavy: number;
  burst: number;
  taskMs: number;
  slots: number;
  shared: number;
  queueType: PlanQueueType;
  rabbitmq?: string;
  memory: number;
  measure?: boolean;
  queues?: number;
}

const MOST_SHARED = 65_536;
const MOST_MEASURED = 10_000;

export function registerPlan(program: Command, run: Run): void {
  program
    .command('plan')
    .description(
      'What a queue for each user, groups that share queues, and shared queues with promotion take and give.',
    )
    .requiredOption('--users <n>', 'all users that there are: 250, 10k, 1M', (text) =>
      parseAmount(text, '--users'),
    )
    .requiredOption('--tasks <rate>', 'tasks of all users: 200/s, 3/min, 5M/day', (text) =>
      parseAmountRate(text, '--tasks'),
    )
    .option(
      '--active <n>',
      'of them, those that have a queue where idle queues are pruned (default: all)',
      (text) => parseAmount(text, '--active'),
    )
    .option(
      '--heavy <n>',
      'of these, those that send bursts',
      (text) => parseAmount(text, '--heavy', 0, 1e6),
      1,
    )
    .option(
      '--burst <n>',
      'tasks that a heavy user sends at once',
      (text) => parseAmount(text, '--burst'),
      30_000,
    )
    .option(
      '--task-ms <n>',
      'milliseconds that a task takes',
      (text) => parseMilliseconds(text, '--task-ms'),
      100,
    )
    .option(
      '--slots <n>',
      'slots of all workers together',
      (text) => parseAmount(text, '--slots', 1, 1e6),
      10,
    )
    .option(
      '--shared <n>',
      'queues that users share: by hash, and with promotion',
      (text) => parseCount(text, '--shared', 1, MOST_SHARED),
      64,
    )
    .addOption(
      new Option('--queue-type <type>', 'of the queues').choices(['classic', 'quorum']).default('classic'),
    )
    .addOption(
      new Option('--rabbitmq <version>', 'figures of this version alone (default: of all)').choices(
        VERSIONS_BEFORE,
      ),
    )
    .addOption(
      new Option('--memory <size>', 'what the broker may use for queues, such as 512M or 4GiB')
        .argParser((text) => parseMemory(text, '--memory'))
        .default(1024 ** 3, '1GiB'),
    )
    .option(
      '--measure',
      'measure the broker on the spot: a throw-away one, or the one that is configured (1 to 6 min)',
    )
    .option('--queues <n>', 'with --measure: so many (default: 1000, or all that are active)', (text) =>
      parseCount(text, '--queues', 1, MOST_MEASURED),
    )
    .addHelpText(
      'after',
      `
Examples:
  fairq plan --users 1M --active 10k --heavy 50 --tasks 5M/day
  fairq plan --users 2000 --tasks 200/s --task-ms 20 --slots 16 --queue-type quorum
  fairq plan --users 1M --active 10k --tasks 3k/min --measure --json`,
    )
    .action(run(async () => (await import('./plan-action.js')).plan));
}
