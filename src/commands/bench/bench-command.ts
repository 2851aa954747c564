import type { Command } from 'commander';
import { usageError } from '../../core/errors/errors.js';
import { parseCount, parseFactor } from '../../core/values/quantities.js';
import type { Strategy } from '../../run/bench/trial.js';
import { type HtmlFlags, withHtmlOption } from '../flags/html-flags.js';
import { type ThresholdFlags, withThresholdOption } from '../flags/threshold-flags.js';
import type { Run } from '../shared/context.js';

export interface BenchFlags extends ThresholdFlags, HtmlFlags {
  scenario: string | undefined;
  list?: boolean;
  workers?: number;
  concurrency?: number;
  countA?: number;
  countB?: number;
  total?: number;
  strategy?: Strategy[];
  celeryCommand?: string;
  rounds?: number;
  seed: number;
  scale: number;
  queues?: number[];
  large?: boolean;
}

const STRATEGIES: readonly Strategy[] = ['fifo', 'arrival', 'fair', 'priority', 'celery'];

export function registerBench(program: Command, run: Run): void {
  withHtmlOption(withThresholdOption(program.command('bench')))
    .description('Measure strategies side by side on a throw-away broker (or on the one that is configured).')
    .argument('[scenario]', 'one of those that --list names, or all')
    .option('--list', 'name the scenarios')
    .option('--workers <n>', 'worker processes', (text) => parseCount(text, '--workers', 1, 64))
    .option('--concurrency <n>', 'slots of each', (text) => parseCount(text, '--concurrency', 1, 10_000))
    .option('--count-a <n>', "A's tasks, where there is an A", (text) => parseCount(text, '--count-a'))
    .option('--count-b <n>', "B's tasks, where there is a B", (text) => parseCount(text, '--count-b'))
    .option('--total <n>', 'tasks of all, where there are many users', (text) => parseCount(text, '--total'))
    .option('--rounds <n>', 'how often each strategy plays (a speed is judged from 3 on)', (text) =>
      parseCount(text, '--rounds', 1, 100),
    )
    .option(
      '--strategy <a,b>',
      `of ${STRATEGIES.join(', ')} (celery only where it is named)`,
      parseStrategies,
    )
    .option(
      '--celery-command <words>',
      'runs Celery, for the strategy celery (default: what is found; FAIRQ_CELERY)',
    )
    .option('--seed <n>', 'makes a random load repeat', (text) => parseCount(text, '--seed', 0), 1)
    .option(
      '--scale <x>',
      'multiplies every time of the load; with million: users and tasks',
      (text) => parseFactor(text, '--scale'),
      1,
    )
    .option('--queues <n,n>', 'with cost: so many', parseSizes)
    .option('--large', 'with cost: 50,000 queues as well')
    .addHelpText(
      'after',
      `
Examples:
  fairq bench --list
  fairq bench seed
  fairq bench seed --workers 3 --strategy fifo,fair
  fairq bench seed --strategy fifo,priority,fair
  fairq bench seed --strategy fifo,celery,fair
  fairq bench tail --scale 0.5 --seed 7
  fairq bench seed --check 'user(B).last<=1010' --check 'fifo: missing==0'
  fairq bench all --json
  fairq bench seed --html seed.html
  fairq bench cost --queues 100,1000
  fairq bench million --scale 0.1`,
    )
    .action((scenario: string | undefined, flags: Omit<BenchFlags, 'scenario'>) =>
      run(async () => (await import('./bench-action.js')).bench)({ ...flags, scenario }),
    );
}

function parseSizes(text: string): number[] {
  return text.split(',').map((part) => parseCount(part, '--queues', 1, 100_000));
}

function parseStrategies(text: string): Strategy[] {
  return text.split(',').map((part) => {
    const strategy = STRATEGIES.find((name) => name === part.trim());
    if (strategy === undefined) {
      throw usageError('NO_SUCH_STRATEGY', `--strategy: there is no strategy "${part}"`, {
        hint: `Name some of ${STRATEGIES.join(', ')}, with commas between.`,
      });
    }
    return strategy;
  });
}
