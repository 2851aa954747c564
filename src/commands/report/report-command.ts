import type { Command } from 'commander';
import { usageError } from '../../core/errors/errors.js';
import type { Comparison } from '../../core/measures/comparison.js';
import type { RunMeasures } from '../../core/measures/run-measures.js';
import type { RunReport } from '../../core/reports/run-report.js';
import { type Glob, glob } from '../../core/values/glob.js';
import { fixed, isTimeOfDay, type Moment, parseMoment } from '../../core/values/window-of-time.js';
import type { EventFileWriter } from '../../run/report/event-file.js';
import type { EventSource } from '../../run/report/replay.js';
import { type GroupByFlags, groupByOption, groupingFrom } from '../flags/group-by.js';
import { checked, type ThresholdFlags, withThresholdOption } from '../flags/threshold-flags.js';
import { type WeightFlags, weightsFrom, withWeightOptions } from '../flags/weight-flags.js';
import type { CommandResult, Context, Run } from '../shared/context.js';
import { checkHtmlFile, type HtmlFlags, withHtmlOption, writeHtmlFile } from '../shared/html-file.js';
import { reconnecting } from '../shared/reconnecting.js';

interface ReportFlags extends GroupByFlags, WeightFlags, ThresholdFlags, HtmlFlags {
  run?: readonly string[];
  list?: boolean;
  user?: Glob;
  since?: Moment;
  until?: Moment;
  csv?: boolean;
  save?: string;
  baseline?: string;
}

export function registerReport(program: Command, run: Run): void {
  withHtmlOption(
    withThresholdOption(
      withWeightOptions(
        program
          .command('report')
          .description('Who waited for whom: the order of completion, dwell and fairness of a run.')
          .argument('[files...]', 'saved runs (--save), in the place of the broker'),
      ),
    ),
  )
    .option(
      '--run <id>',
      'the run, or a start that no other has, or a pattern such as web-*; repeat it for several (default: the latest)',
      (text: string, before: readonly string[] = []) => [...before, text],
    )
    .option('--list', 'name the runs')
    .option('--user <glob>', 'show only users that match; what is measured is the whole run', glob)
    .addOption(groupByOption('also between groups of users who share queues, and inside of each'))
    .option(
      '--since <moment>',
      'only tasks that started from then on: +30s after the first, 15m before now, or a date; of all runs, where it is a time of day and no run is named',
      (text) => parseMoment(text, '--since'),
    )
    .option('--until <moment>', 'only tasks that started before', (text) => parseMoment(text, '--until'))
    .option('--baseline <file>', 'a saved run to compare with: what got better, what got worse')
    .option('--csv', 'a line for each user, for other programs')
    .option('--save <file>', 'write the events of the run to a file (.gz: compressed), to look at it again')
    .addHelpText(
      'after',
      `
Examples:
  fairq report
  fairq report --list
  fairq report --run friday --json
  fairq report --run friday --weight A=3
  fairq report --check 'user(B).dwell.p95<2s' --check 'missing==0'
  fairq report --run friday --save friday.ndjson.gz
  fairq report friday.ndjson.gz --since +10s --user 'team-*'
  fairq report --baseline friday.ndjson.gz
  fairq report --group-by hash:64
  fairq report --since 15m
  fairq report --run 'web-*' --since 2h --until 1h
  fairq report --html friday.html`,
    )
    .action((files: string[], flags: ReportFlags) => run(report)({ ...flags, files }));
}

async function report(flags: ReportFlags & { files: string[] }, context: Context): Promise<CommandResult> {
  check(flags, context);
  checkHtmlFile(flags);
  const { fileSource, streamSource } = await import('../../run/report/replay.js');
  const interrupted = context.interrupts.rejection('nothing was changed');
  if (flags.files.length > 0) {
    const source = await fileSource(flags.files);
    return Promise.race([reportOn(source, source.heads[0]?.broker ?? null, flags, context), interrupted]);
  }
  const { openConnection } = await import('../../broker/connection/connection.js');
  const { Management } = await import('../../broker/management/management.js');
  const { idGenerator } = await import('../shared/identity.js');
  const config = await context.config();
  const connection = await openConnection(
    config.address,
    'fairq report',
    reconnecting(context, config, { resumption: 'the events are read from the start' }),
  );
  const management = new Management(config.address);
  const source = streamSource({
    ...{ connection, names: config.names, management, newId: idGenerator(context) },
    onRefused: ({ message }) => context.say(`where tasks wait could not be looked up: ${message}`),
  });
  try {
    return await Promise.race([reportOn(source, connection.brokerVersion, flags, context), interrupted]);
  } finally {
    await management.close();
    await connection.close();
  }
}

/** @param broker its version; null where it is not known */
async function reportOn(
  source: EventSource,
  broker: string | null,
  flags: ReportFlags,
  context: Context,
): Promise<CommandResult> {
  const { listRuns } = await import('../../run/report/replay.js');
  if (flags.list === true) {
    const { renderRuns } = await import('../../render/report/runs-text.js');
    const runs = await listRuns(source);
    return { document: { schemaVersion: 1, kind: 'runs', runs }, text: (style) => renderRuns(runs, style) };
  }
  const grouping = flags.groupBy && (await groupingFrom(flags));
  const { run, measures } = await measured(source, broker, flags, context);
  const whole = measures.report(run);
  const thresholds = await checked(flags.check ?? [], whole, context);
  const passed = thresholds.every((one) => one.passed);
  const baseline =
    flags.baseline === undefined ? undefined : await compared(flags.baseline, whole, flags, context);
  const shown = usersShown(whole, flags.user);
  const groups = grouping && measures.groupReport(grouping);
  const endsAs = passed ? undefined : 'check-failed';
  const document = {
    ...{ schemaVersion: 1, kind: 'report', ...shown, usersHidden: whole.userCount - shown.users.length },
    ...{ thresholds, passed },
    ...(groups && { groups }),
    ...(baseline && { baseline: baseline.report, comparison: baseline.comparison }),
  };
  const pageOf = async () => {
    const { titleOf } = await import('../../render/report/report-text.js');
    const { aboutThis } = await import('../shared/about.js');
    const { drawnUsers } = await import('../../render/html/drawn-users.js');
    const both = [
      { label: baseline === undefined ? '' : 'now', report: shown, measures },
      ...(baseline ? [{ label: 'before', report: baseline.report, measures: baseline.measures }] : []),
    ];
    const drawn = drawnUsers(both.map(({ report }) => report));
    const results = both.map(({ label, report, measures }) => ({
      ...{ label, report, order: measures.completionOrder() },
      ...(flags.user && { users: report.users.map(({ user }) => user) }),
      timeline: measures.timeline(drawn),
    }));
    const title = titleOf(shown);
    const part = { title, lead: '', results, checks: [], thresholds, comparison: baseline?.comparison };
    return { title, parts: [part], about: aboutThis(context, broker), document };
  };
  await writeHtmlFile(flags, pageOf, context);
  if (flags.csv === true) {
    const { usersAsCsv } = await import('../../render/report/report-csv.js');
    return { document, text: () => usersAsCsv(shown.users, context.io.stdoutIsTerminal), endsAs };
  }
  const { renderReport } = await import('../../render/report/report-text.js');
  const { MOST_BARS, timelineColumns } = await import('../../render/report/timeline-text.js');
  const { renderGroups } = await import('../../render/report/groups-text.js');
  const { renderRunComparison } = await import('../../render/report/comparison-text.js');
  return {
    document,
    text: (style) =>
      renderReport(shown, measures.completionOrder(), style, {
        usersHidden: document.usersHidden,
        timeline: measures.timeline(
          shown.users.slice(0, MOST_BARS + 1).map(({ user }) => user),
          timelineColumns(style),
        ),
        thresholds,
        groups: groups && renderGroups(groups, style),
        comparison: baseline && renderRunComparison(baseline.comparison, baseline.label, style),
      }),
    endsAs,
  };
}

async function measured(
  source: EventSource,
  broker: string | null,
  flags: ReportFlags,
  context: Context,
): Promise<{ run: string; measures: RunMeasures }> {
  const { findOutstanding, measureLatestRun, measureRuns, runNames } = await import(
    '../../run/report/replay.js'
  );
  const { RunChoice } = await import('../../core/events/run-choice.js');
  const newMeasures = await measuresBy(flags, context);
  const named = chosenRuns(flags, source);
  const latest = named === undefined ? await measureLatestRun(source, newMeasures) : undefined;
  const now = () => context.clock.epochMicros();
  const choice = new RunChoice(named ?? [latest!.run]);
  if (flags.save === undefined) {
    if (latest?.measures.outstanding().size === 0) {
      if (source.find !== undefined) latest.measures.found(new Map());
      return latest;
    }
    const first = await measureRuns(source, choice, newMeasures);
    return { run: first.choice.label, measures: await findOutstanding(source, first, newMeasures, now) };
  }
  const { EventFileWriter } = await import('../../run/report/event-file.js');
  const saved = new Date(context.clock.epochMicros() / 1_000).toISOString();
  // The file says first of all which run it is of.
  const runs = (await runNames(source)).filter((run) => choice.has(run));
  const run = choice.whole() === undefined && runs.length === 1 ? runs[0]! : null;
  const copy: EventFileWriter = EventFileWriter.create(flags.save, { run, saved, broker });
  context.io.onStopSignal(() => copy.discard());
  try {
    const first = await measureRuns(source, choice, newMeasures, copy);
    const measures = await findOutstanding(source, first, newMeasures, now, copy);
    copy.finish();
    context.say(`saved: ${flags.save}`);
    return { run: first.choice.label, measures };
  } catch (error) {
    copy.discard();
    throw error;
  }
}

/** Undefined for the latest run. */
function chosenRuns(
  { run, since, until }: ReportFlags,
  { onlyRun }: EventSource,
): readonly string[] | undefined {
  if (run !== undefined) return run;
  if (onlyRun !== undefined) return [onlyRun];
  return [since, until].some((moment) => moment !== undefined && isTimeOfDay(moment)) ? ['*'] : undefined;
}

/** By the shares that the flags say, over the part of the run that they say. */
async function measuresBy(flags: ReportFlags, context: Context): Promise<() => RunMeasures> {
  const { RunMeasures } = await import('../../core/measures/run-measures.js');
  const weights = await weightsFrom(flags);
  const now = context.clock.epochMicros();
  const [since, until] = [flags.since, flags.until].map((moment) => moment && fixed(moment, now));
  return () => new RunMeasures((user) => weights.find(user).weight, { since, until });
}

interface Baseline {
  readonly label: string;
  readonly report: RunReport;
  readonly measures: RunMeasures;
  readonly comparison: Comparison;
}

async function compared(
  file: string,
  now: RunReport,
  flags: ReportFlags,
  context: Context,
): Promise<Baseline> {
  const { fileSource, measureLatestRun } = await import('../../run/report/replay.js');
  const { compareRuns } = await import('../../core/measures/comparison.js');
  const { run, measures } = await measureLatestRun(
    await fileSource([file]),
    await measuresBy(flags, context),
  );
  const report = measures.report(run);
  return { label: run === now.run ? file : run, report, measures, comparison: compareRuns(report, now) };
}

function usersShown(report: RunReport, users: Glob | undefined): RunReport {
  if (users === undefined) return report;
  const shown = report.users.filter(({ user }) => users.matches(user));
  if (shown.length > 0) return { ...report, users: shown };
  throw usageError(
    'NO_SUCH_USER',
    `--user ${users.pattern}: no user of run ${JSON.stringify(report.run)} matches`,
    {
      hint: 'Give a name, or a pattern with * and ?; without --user all are shown.',
    },
  );
}

function check({ check: thresholds = [], list, save, csv }: ReportFlags, context: Context): void {
  for (const { text, label } of thresholds) {
    if (label === undefined) continue;
    throw usageError('NO_SUCH_RESULT', `--check ${text}: a report has no "${label}"`, {
      hint: 'Leave it away: it names one of several results of a bench.',
    });
  }
  if (list === true && save !== undefined) {
    throw usageError('LIST_SAVES_NOTHING', '--list and --save exclude each other', {
      hint: 'Name the run to save with --run.',
    });
  }
  if (csv === true && context.json) {
    throw usageError('CSV_AND_JSON', '--csv and --json exclude each other', { hint: 'Give one of them.' });
  }
}
