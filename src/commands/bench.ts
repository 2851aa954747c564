import type { Command } from 'commander';
import { parseCount } from '../core/quantities.js';
import { usageError } from '../errors.js';
import type { Strategy } from '../run/bench/trial.js';
import type { CommandResult, Context, Run } from './context.js';

interface BenchFlags {
  workers?: number;
  concurrency?: number;
  countA?: number;
  countB?: number;
  strategy?: Strategy[];
  rounds?: number;
}

const STRATEGIES: readonly Strategy[] = ['fifo', 'arrival', 'fair'];

export function registerBench(program: Command, run: Run): void {
  program
    .command('bench')
    .description('Measure strategies side by side on a throw-away broker (or on the one that is configured).')
    .argument('<scenario>', 'seed: A sends 30,000 tasks, then B 500; loop: three workers, three users')
    .option('--workers <n>', 'worker processes', (text) => parseCount(text, '--workers', 1, 64))
    .option('--concurrency <n>', 'slots of each', (text) => parseCount(text, '--concurrency', 1, 10_000))
    .option('--count-a <n>', "A's tasks, for seed", (text) => parseCount(text, '--count-a'))
    .option('--count-b <n>', "B's tasks, for seed", (text) => parseCount(text, '--count-b'))
    .option('--rounds <n>', 'how often each strategy plays; the fastest is shown', (text) =>
      parseCount(text, '--rounds', 1, 100),
    )
    .option('--strategy <a,b>', `of ${STRATEGIES.join(', ')}`, parseStrategies)
    .addHelpText(
      'after',
      `
Examples:
  fairq bench seed
  fairq bench seed --workers 3 --strategy fifo,fair
  fairq bench loop --json`,
    )
    .action((scenario: string, flags: BenchFlags) => run(bench)({ ...flags, scenario }));
}

async function bench(flags: BenchFlags & { scenario: string }, context: Context): Promise<CommandResult> {
  const { SCENARIOS, runBench } = await import('../run/bench/bench.js');
  const { withBenchBroker } = await import('../run/bench/broker.js');
  const { idGenerator } = await import('./identity.js');
  const { rejectOnInterrupt } = await import('./interrupt.js');
  const { showProgress } = await import('./progress.js');
  const { renderBench } = await import('../render/bench-text.js');

  const scenario = SCENARIOS.find(({ name }) => name === flags.scenario);
  if (scenario === undefined) {
    throw usageError('NO_SUCH_SCENARIO', `there is no scenario "${flags.scenario}"`, {
      hint: `There are: ${SCENARIOS.map(({ name, summary }) => `${name} (${summary})`).join('; ')}.`,
    });
  }
  const { workers, concurrency, countA, countB } = flags;
  const settings = {
    workers: workers ?? scenario.defaults.workers,
    concurrency: concurrency ?? scenario.defaults.concurrency,
    countA: countA ?? scenario.defaults.countA,
    countB: countB ?? scenario.defaults.countB,
  };
  const config = await context.config();
  const { io, clock } = context;
  const interrupted = rejectOnInterrupt(io, 'the bench left nothing behind');
  interrupted.catch(() => {}); // it may come before anybody waits for it
  let step = 'starting a throw-away broker';
  const progress = await showProgress(context, () => `bench ${scenario.name} · ${step}`);
  try {
    const { version, outcome } = await withBenchBroker(
      config.addressConfigured ? config.address : undefined,
      interrupted,
      (address) =>
        runBench(
          {
            address,
            clock,
            newId: idGenerator(context),
            self: { ...io.self, env: io.env },
            interrupted,
            onStep: (text) => {
              step = text;
              if (!context.liveProgress) context.say(`bench ${scenario.name}: ${text}`);
            },
          },
          {
            scenario,
            settings,
            strategies: flags.strategy ?? scenario.strategies,
            rounds: flags.rounds ?? scenario.rounds,
          },
        ),
    );
    progress.stop();
    const { results, checks, passed } = outcome;
    const withStarts = scenario.showsStarts;
    return {
      document: {
        schemaVersion: 1,
        kind: 'bench',
        scenario: scenario.name,
        broker: { version },
        results: results.map(({ report, strategy, workers, concurrency, starts, rounds }) => ({
          strategy,
          workers,
          concurrency,
          rounds: rounds.length,
          ...report,
          ...(withStarts && { starts }),
        })),
        checks,
        passed,
      },
      text: (style) =>
        renderBench(
          results.map(({ starts, rounds: _, ...result }) => (withStarts ? { ...result, starts } : result)),
          checks,
          style,
        ),
      endsAs: passed ? undefined : 'check-failed',
    };
  } finally {
    progress.stop();
  }
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
