import { usageError } from '../../core/errors/errors.js';
import { labelOf } from '../../core/reports/bench-report.js';
import type { Threshold, ThresholdResult } from '../../core/thresholds/threshold.js';
import { renderBenchTable, renderScenarios } from '../../render/bench/bench-table.js';
import { renderBench } from '../../render/bench/bench-text.js';
import { drawnUsers } from '../../render/html/drawn-users.js';
import { type BenchOutcome, runBench, SCENARIOS } from '../../run/bench/bench.js';
import { startOrder } from '../../run/bench/bench-measures.js';
import type { CaseResult } from '../../run/bench/claims.js';
import type { Scenario, ScenarioSettings } from '../../run/bench/scenario.js';
import type { Case, Strategy } from '../../run/bench/trial.js';
import { findCelery } from '../../run/celery/bench/find-celery.js';
import { aboutThis } from '../shared/about.js';
import { checked } from '../shared/checked-thresholds.js';
import type { CommandResult, Context } from '../shared/context.js';
import { checkHtmlFile, writeHtmlFile } from '../shared/html-file.js';
import type { BenchFlags } from './bench-command.js';
import { benchCost } from './cost-action.js';
import { benchMillionUsers } from './million-action.js';
import { onBenchBroker } from './private-broker.js';

/** The scenario that is all of them, one after the other. */
const ALL = 'all';

/** What many queues cost: no strategies, and a table of its own. */
const COST = 'cost';

const COST_SUMMARY =
  'What 10 to 10,000 queues cost the broker and the worker, classic and quorum: memory, processor, time. Some minutes; not part of all.';

/** Very many users: loads of its own, and a table of its own. */
const MILLION = 'million';

const MILLION_SUMMARY =
  '100,000 users, some of whom burst: a queue each, hashed groups, or shared queues with promotion? Publish and work rate against the plain client, memory, waits. Some minutes; not part of all.';

type LoadFlags = Pick<
  BenchFlags,
  'scenario' | 'workers' | 'concurrency' | 'countA' | 'countB' | 'total' | 'seed' | 'scale'
>;

const LOAD_SIZES = [
  ['countA', '--count-a'],
  ['countB', '--count-b'],
  ['total', '--total'],
] as const;

/** A scenario with the load that is played where nothing else is asked for. */
const AS_IT_IS: LoadFlags = { scenario: undefined, seed: 1, scale: 1 };

export async function bench(flags: BenchFlags, context: Context): Promise<CommandResult> {
  if (flags.list) return list();
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
    return benchCost(flags, context);
  }
  if (flags.queues !== undefined || flags.large) {
    throw usageError('NO_SUCH_LOAD', '--queues and --large go with cost alone', { hint: 'Leave them away.' });
  }
  if (flags.scenario === MILLION) return benchMillionUsers(flags, context);
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

async function list(): Promise<CommandResult> {
  const scenarios = [
    ...SCENARIOS.map((one) => ({ name: one.name, summary: one.summary(settingsFor(one, AS_IT_IS)) })),
    { name: COST, summary: COST_SUMMARY },
    { name: MILLION, summary: MILLION_SUMMARY },
  ];
  return {
    document: { schemaVersion: 1, kind: 'bench-list', scenarios },
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
    const parts = played.map(({ scenario, settings, results, checks }, i) => {
      const drawn = drawnUsers(results.map(({ report }) => report));
      return {
        title: scenario.name,
        lead: scenario.summary(settings),
        checks,
        thresholds: thresholds[i] ?? [],
        results: results.map((result) => ({
          label: labelOf(result),
          report: result.report,
          order: result.order,
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

function settingsFor({ name, defaults }: Scenario, flags: LoadFlags): ScenarioSettings {
  const { workers, concurrency, seed, scale } = flags;
  for (const [key, flag] of LOAD_SIZES) {
    if (flags[key] === undefined || defaults[key] !== undefined || flags.scenario === ALL) continue;
    throw usageError('NO_SUCH_LOAD', `${flag} means nothing to "${name}"`, {
      hint: 'Leave it away.',
    });
  }
  return {
    workers: workers ?? defaults.workers,
    concurrency: concurrency ?? defaults.concurrency,
    countA: flags.countA ?? defaults.countA ?? 0,
    countB: flags.countB ?? defaults.countB ?? 0,
    total: flags.total ?? defaults.total ?? 0,
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
