import type { Command } from 'commander';
import { usageError } from '../../core/errors/errors.js';
import { labelOf } from '../../core/reports/bench-report.js';
import type { Threshold, ThresholdResult } from '../../core/thresholds/threshold.js';
import { parseCount, parseFactor } from '../../core/values/quantities.js';
import type { BenchOutcome } from '../../run/bench/bench.js';
import type { CaseResult } from '../../run/bench/claims.js';
import type { Scenario, ScenarioSettings } from '../../run/bench/scenario.js';
import type { Case, Strategy } from '../../run/bench/trial.js';
import { checked, type ThresholdFlags, withThresholdOption } from '../flags/threshold-flags.js';
import type { CommandResult, Context, Run } from '../shared/context.js';
import { checkHtmlFile, type HtmlFlags, withHtmlOption, writeHtmlFile } from '../shared/html-file.js';
import { onBenchBroker } from './private-broker.js';

interface BenchFlags extends ThresholdFlags, HtmlFlags {
  scenario: string | undefined;
  list?: boolean;
  workers?: number;
  concurrency?: number;
  countA?: number;
  countB?: number;
  strategy?: Strategy[];
  celeryCommand?: string;
  rounds?: number;
  seed: number;
  scale: number;
  queues?: number[];
  large?: boolean;
}

const STRATEGIES: readonly Strategy[] = ['fifo', 'arrival', 'fair', 'priority', 'celery'];
/** The scenario that is all of them, one after the other. */
const ALL = 'all';
/** What many queues cost: no strategies, and a table of its own. */
const COST = 'cost';
const COST_SUMMARY =
  'What 10 to 10,000 queues cost the broker and the worker, classic and quorum: memory, processor, time. Some minutes; not part of all.';

export function registerBench(program: Command, run: Run): void {
  withHtmlOption(withThresholdOption(program.command('bench')))
    .description('Measure strategies side by side on a throw-away broker (or on the one that is configured).')
    .argument('[scenario]', 'one of those that --list names, cost, or all')
    .option('--list', 'name the scenarios')
    .option('--workers <n>', 'worker processes', (text) => parseCount(text, '--workers', 1, 64))
    .option('--concurrency <n>', 'slots of each', (text) => parseCount(text, '--concurrency', 1, 10_000))
    .option('--count-a <n>', "A's tasks, where there is an A", (text) => parseCount(text, '--count-a'))
    .option('--count-b <n>', "B's tasks, where there is a B", (text) => parseCount(text, '--count-b'))
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
    .option('--scale <x>', 'multiplies every time of the load', (text) => parseFactor(text, '--scale'), 1)
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
  fairq bench cost --queues 100,1000`,
    )
    .action((scenario: string | undefined, flags: Omit<BenchFlags, 'scenario'>) =>
      run(bench)({ ...flags, scenario }),
    );
}

async function bench(flags: BenchFlags, context: Context): Promise<CommandResult> {
  const { SCENARIOS } = await import('../../run/bench/bench.js');
  if (flags.list) return list([...SCENARIOS, { name: COST, summary: COST_SUMMARY }]);
  if (flags.scenario === COST) {
    if (flags.html !== undefined || flags.check !== undefined) {
      throw usageError(
        'NOT_WITH_COST',
        '--html and --check do not go with cost: it plays no load to report on',
        {
          hint: 'Leave them away; --json has its figures.',
        },
      );
    }
    const { benchCost } = await import('./cost-command.js');
    return benchCost(flags, context);
  }
  if (flags.queues !== undefined || flags.large) {
    throw usageError('NO_SUCH_LOAD', '--queues and --large go with cost alone', { hint: 'Leave them away.' });
  }
  if (flags.scenario === ALL) return benchScenarios(ALL, SCENARIOS, flags, context);
  const scenario = SCENARIOS.find(({ name }) => name === flags.scenario);
  if (scenario === undefined) {
    const wrong =
      flags.scenario === undefined ? 'which scenario?' : `there is no scenario "${flags.scenario}"`;
    throw usageError('NO_SUCH_SCENARIO', wrong, {
      hint: `Give one of ${SCENARIOS.map(({ name }) => name).join(', ')}, or all; fairq bench --list says what each is about.`,
    });
  }
  return benchScenarios(scenario.name, [scenario], flags, context);
}

async function list(scenarios: readonly Pick<Scenario, 'name' | 'summary'>[]): Promise<CommandResult> {
  const { renderScenarios } = await import('../../render/bench/bench-table.js');
  return {
    document: {
      schemaVersion: 1,
      kind: 'bench-list',
      scenarios: scenarios.map(({ name, summary }) => ({ name, summary })),
    },
    text: (style) => renderScenarios(scenarios, style),
  };
}

async function benchScenarios(
  name: string,
  scenarios: readonly Scenario[],
  flags: BenchFlags,
  context: Context,
): Promise<CommandResult> {
  checkHtmlFile(flags);
  const { runBench } = await import('../../run/bench/bench.js');
  const requests = scenarios.map((scenario) => ({
    scenario,
    settings: settingsFor(scenario, flags),
    cases: casesFor(scenario, flags.strategy),
    rounds: flags.rounds ?? scenario.rounds ?? 1,
  }));
  checkLabels(
    flags.check ?? [],
    requests.flatMap(({ cases }) => cases),
  );
  const celery = await celeryFor(
    requests.flatMap(({ cases }) => cases),
    flags,
    context,
  );
  const { version, outcome } = await onBenchBroker(context, name, async ({ show, ...deps }, address) => {
    const played: PlayedScenario[] = [];
    for (const [i, request] of requests.entries()) {
      const which = requests.length === 1 ? '' : ` (${i + 1} of ${requests.length})`;
      const onStep = (text: string) => show(`${request.scenario.name}${which}: ${text}`);
      played.push({ ...request, ...(await runBench({ ...deps, address, onStep, celery }, request)) });
    }
    return played;
  });
  return resultOf(name, version, flags, outcome, context);
}

/** Celery, where it is played. */
async function celeryFor(cases: readonly Case[], { celeryCommand }: BenchFlags, context: Context) {
  if (!cases.some(({ strategy }) => strategy === 'celery')) {
    if (celeryCommand === undefined) return undefined;
    throw usageError('WITHOUT_CELERY', '--celery-command goes with the strategy celery alone', {
      hint: 'Name it: --strategy fifo,celery,fair.',
    });
  }
  const { findCelery } = await import('../../run/celery/bench/find-celery.js');
  const { env } = context.io;
  return findCelery(celeryCommand ?? (env.FAIRQ_CELERY || undefined), env);
}

interface PlayedScenario extends BenchOutcome {
  readonly scenario: Scenario;
  readonly settings: ScenarioSettings;
}

async function resultOf(
  name: string,
  version: string,
  flags: BenchFlags,
  played: readonly PlayedScenario[],
  context: Context,
): Promise<CommandResult> {
  const { seed, scale, check = [] } = flags;
  const { renderBench } = await import('../../render/bench/bench-text.js');
  const { renderBenchTable } = await import('../../render/bench/bench-table.js');
  const { startOrder } = await import('../../run/bench/bench-measures.js');
  const thresholds = await Promise.all(played.map(({ results }) => thresholdsOf(check, results, context)));
  const withStarts = played.map(({ scenario, results, figures, checks, passed }, i) => ({
    scenario: scenario.name,
    hasMoral: scenario.hasMoral ?? false,
    results: results.map((result) => ({
      ...result,
      ...(scenario.showsStarts && { starts: startOrder(result) }),
    })),
    figures,
    checks,
    thresholds: thresholds[i] ?? [],
    passed,
  }));
  const documents = withStarts.map(({ hasMoral: _, results, ...rest }) => ({
    ...rest,
    results: results.map(({ strategy, variant, workers, concurrency, rounds, report, starts }) => ({
      strategy,
      ...(variant !== undefined && { variant }),
      workers,
      concurrency,
      rounds: rounds.length,
      ...report,
      ...(starts !== undefined && { starts }),
    })),
  }));
  const passed =
    played.every((one) => one.passed) &&
    withStarts.every(({ thresholds }) => thresholds.every((one) => one.passed));
  const head = { schemaVersion: 1, kind: 'bench', scenario: name, broker: { version }, seed, scale };
  const [only] = withStarts;
  const document =
    name === ALL ? { ...head, scenarios: documents, passed } : { ...head, ...documents[0], passed };
  const pageOf = async () => {
    const { aboutThis } = await import('../shared/about.js');
    const { drawnUsers } = await import('../../render/html/drawn-users.js');
    const parts = played.map(({ scenario, results, checks }, i) => {
      const drawn = drawnUsers(results.map(({ report }) => report));
      return {
        ...{ title: scenario.name, lead: scenario.summary, checks, thresholds: thresholds[i] ?? [] },
        results: results.map((result) => ({
          ...{ label: labelOf(result), report: result.report, order: result.order },
          timeline: result.timelineOf(drawn),
        })),
      };
    });
    return { title: `fairq bench ${name}`, parts, about: aboutThis(context, version), document };
  };
  await writeHtmlFile(flags, pageOf, context);
  return {
    document,
    text: (style) =>
      name === ALL || only === undefined
        ? renderBenchTable(withStarts, style)
        : renderBench(only.results, only.checks, style, only),
    endsAs: passed ? undefined : 'check-failed',
  };
}

/** A threshold without a label is for the results that are fair. */
async function thresholdsOf(
  thresholds: readonly Threshold[],
  results: readonly CaseResult[],
  context: Context,
): Promise<ThresholdResult[]> {
  const evaluated: ThresholdResult[] = [];
  for (const result of results) {
    const label = labelOf(result);
    const own = thresholds.filter((threshold) =>
      threshold.label === undefined ? result.strategy === 'fair' : threshold.label === label,
    );
    const reports = result.rounds.map(({ report }) => report);
    evaluated.push(...(await checked(own, result.report, context, { label, reports })));
  }
  return evaluated;
}

/** A threshold that is about nothing would seem to be kept. */
function checkLabels(thresholds: readonly Threshold[], cases: readonly Case[]): void {
  const labels = [...new Set(cases.map(labelOf))];
  for (const { text, label } of thresholds) {
    const isAboutOne =
      label === undefined ? cases.some(({ strategy }) => strategy === 'fair') : labels.includes(label);
    if (isAboutOne) continue;
    const what = label === undefined ? 'nothing fair is played' : `nothing is played as "${label}"`;
    throw usageError('NO_SUCH_RESULT', `--check ${text}: ${what}`, {
      hint: `Put one of ${labels.join(', ')} and a colon before it.`,
    });
  }
}

function settingsFor({ name, defaults }: Scenario, flags: BenchFlags): ScenarioSettings {
  const { workers, concurrency, seed, scale } = flags;
  for (const key of ['countA', 'countB'] as const) {
    if (flags[key] === undefined || defaults[key] !== undefined || flags.scenario === ALL) continue;
    throw usageError('NO_SUCH_LOAD', `--count-${key.at(-1)?.toLowerCase()} means nothing to "${name}"`, {
      hint: 'Leave it away.',
    });
  }
  return {
    workers: workers ?? defaults.workers,
    concurrency: concurrency ?? defaults.concurrency,
    countA: flags.countA ?? defaults.countA ?? 0,
    countB: flags.countB ?? defaults.countB ?? 0,
    seed,
    scale,
  };
}

/** Those that are always played, or all whose strategy is named. */
function casesFor(
  { name, cases, optionalCases = [] }: Scenario,
  strategies: readonly Strategy[] | undefined,
): readonly Case[] {
  if (strategies === undefined) return cases;
  const all = [...cases, ...optionalCases];
  // Side by side in the order that was asked for.
  const chosen = [...new Set(strategies)].flatMap((name) => all.filter(({ strategy }) => strategy === name));
  if (chosen.length > 0) return chosen;
  throw usageError('NO_SUCH_STRATEGY', `"${name}" is not played with ${strategies.join(' or ')}`, {
    hint: `Name some of ${[...new Set(all.map(({ strategy }) => strategy))].join(', ')}.`,
  });
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
