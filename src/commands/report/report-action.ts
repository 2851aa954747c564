import { openConnection } from '../../broker/connection/connection.js';
import { Management } from '../../broker/management/management.js';
import { usageError } from '../../core/errors/errors.js';
import { RunChoice } from '../../core/events/run-choice.js';
import { type Comparison, compareRuns } from '../../core/measures/comparison.js';
import { RunMeasures } from '../../core/measures/run-measures.js';
import type { Shares } from '../../core/measures/shares.js';
import { Policy } from '../../core/policy/policy.js';
import { NO_POLICY } from '../../core/policy/policy-document.js';
import { PolicyOverTime } from '../../core/policy/policy-over-time.js';
import type { RunReport } from '../../core/reports/run-report.js';
import type { Glob } from '../../core/values/glob.js';
import { fixed, isTimeOfDay } from '../../core/values/window-of-time.js';
import { idGenerator } from '../../process/identity.js';
import { drawnUsers } from '../../render/html/drawn-users.js';
import { renderRunComparison } from '../../render/report/comparison-text.js';
import { renderGroups } from '../../render/report/groups-text.js';
import { usersAsCsv } from '../../render/report/report-csv.js';
import { renderReport, titleOf } from '../../render/report/report-text.js';
import { renderRuns } from '../../render/report/runs-text.js';
import { renderTenants } from '../../render/report/tenants-text.js';
import { MOST_BARS, timelineColumns } from '../../render/report/timeline-text.js';
import { EventFileWriter } from '../../run/report/event-file.js';
import {
  type EventSource,
  fileSource,
  findOutstanding,
  listRuns,
  measureLatestRun,
  measureRuns,
  runNames,
  streamSource,
} from '../../run/report/replay.js';
import { groupingFrom } from '../flags/group-by.js';
import { type FoundTenants, tenantsFrom } from '../flags/tenant-flags.js';
import { weightsFrom } from '../flags/weight-flags.js';
import { aboutThis } from '../shared/about.js';
import { checked } from '../shared/checked-thresholds.js';
import type { CommandResult, Context } from '../shared/context.js';
import { checkHtmlFile, writeHtmlFile } from '../shared/html-file.js';
import { reconnecting } from '../shared/reconnecting.js';
import { atOnceOf, policyOf, tenantsAtOnceOf } from './caps-shown.js';
import type { ReportFlags } from './report-command.js';
import { changesDuring, sharesOf } from './shares-of.js';

const BY_RUN = {
  what: '--run',
  hint: '"fairq report --list" names the runs; in the event stream old ones are dropped after 7 days.',
};
export async function report(
  flags: ReportFlags & { files: string[] },
  context: Context,
): Promise<CommandResult> {
  check(flags, context);
  checkHtmlFile(flags);
  const by = { tenants: await tenantsFrom(flags) };
  const interrupted = context.interrupts.rejection('nothing was changed');
  if (flags.files.length > 0) {
    const source = await fileSource(flags.files);
    const from = { source, broker: source.heads[0]?.broker ?? null, history: new PolicyOverTime([]) };
    return Promise.race([reportOn(from, by, flags, context), interrupted]);
  }
  const config = await context.config();
  const connection = await openConnection(
    config.address,
    'fairq report',
    reconnecting(context, config, { resumption: 'the events are read from the start' }),
  );
  const management = new Management(config.address);
  const source = streamSource({
    connection,
    names: config.names,
    management,
    newId: idGenerator(context),
    onWarning: (text) => context.say(text),
  });
  try {
    const history = await policyOf(connection, config.names, context);
    const from = { source, broker: connection.brokerVersion, history };
    return await Promise.race([reportOn(from, by, flags, context), interrupted]);
  } finally {
    await management.close();
    await connection.close();
  }
}

interface ReportFrom {
  readonly source: EventSource;
  /** Its version; null where it is not known. */
  readonly broker: string | null;
  /** Which policy counted when; of a saved run nobody knows it. */
  readonly history: PolicyOverTime;
}

/** What files of flags say, which are read before anything else. */
interface ReportBy {
  readonly tenants: FoundTenants | undefined;
}

async function reportOn(
  { source, broker, history }: ReportFrom,
  { tenants: tenantsBy }: ReportBy,
  flags: ReportFlags,
  context: Context,
): Promise<CommandResult> {
  if (flags.list === true) {
    const runs = await listRuns(source);
    return { document: { schemaVersion: 1, kind: 'runs', runs }, text: (style) => renderRuns(runs, style) };
  }
  const grouping = flags.groupBy && (await groupingFrom(flags));
  const shares = sharesOf(await weightsFrom(flags), history, tenantsBy);
  const { run, measures } = await measured(source, broker, shares, flags, context);
  const whole = measures.report(run);
  const tenants = tenantsBy && measures.tenantsReport(tenantsBy.rule, shares.tenants!.weightOf);
  const thresholds = await checked(flags.check ?? [], { ...whole, tenants }, context);
  const passed = thresholds.every((one) => one.passed);
  const baseline =
    flags.baseline === undefined ? undefined : await compared(flags.baseline, whole, shares, flags, context);
  const policy = history.newest ?? new Policy(NO_POLICY);
  const policyChanges = changesDuring(whole, history);
  const shown = usersShown(whole, flags.user);
  const groups = grouping && measures.groupReport(grouping);
  const atOnce = atOnceOf(shown, policy, context);
  const endsAs = passed ? undefined : 'check-failed';
  const document = {
    schemaVersion: 1,
    kind: 'report',
    ...shown,
    policyChanges,
    usersHidden: whole.userCount - shown.users.length,
    thresholds,
    passed,
    ...(groups && { groups }),
    ...(tenants && { tenants }),
    ...(baseline && { baseline: baseline.report, comparison: baseline.comparison }),
  };
  const pageOf = async () => {
    const both = [
      { label: baseline === undefined ? '' : 'now', report: shown, measures },
      ...(baseline ? [{ label: 'before', report: baseline.report, measures: baseline.measures }] : []),
    ];
    const drawn = drawnUsers(both.map(({ report }) => report));
    const results = both.map(({ label, report, measures }) => ({
      label,
      report,
      order: measures.completionOrder(),
      ...(flags.user && { users: report.users.map(({ user }) => user) }),
      timeline: measures.timeline(drawn),
    }));
    const title = titleOf(shown);
    const comparison = baseline?.comparison;
    const part = { title, lead: '', results, checks: [], thresholds, comparison, tenants };
    return { title, parts: [part], about: aboutThis(context, broker), document };
  };
  await writeHtmlFile(flags, pageOf, context);
  if (flags.csv === true) {
    return { document, text: () => usersAsCsv(shown.users, context.io.stdoutIsTerminal), endsAs };
  }
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
        atOnce,
        policyChanges,
        groups: groups && renderGroups(groups, style),
        tenants: tenants && renderTenants(tenants, style, tenantsAtOnceOf(tenants, policy, context)),
        comparison: baseline && renderRunComparison(baseline.comparison, baseline.label, style),
      }),
    endsAs,
  };
}

async function measured(
  source: EventSource,
  broker: string | null,
  shares: Shares,
  flags: ReportFlags,
  context: Context,
): Promise<{ run: string; measures: RunMeasures }> {
  const newMeasures = measuresBy(shares, flags, context);
  const named = chosenRuns(flags, source);
  const latest = named === undefined ? await measureLatestRun(source, newMeasures) : undefined;
  const now = () => context.clock.epochMicros();
  const choice = new RunChoice(named ?? [latest!.run], BY_RUN);
  if (flags.save === undefined) {
    if (latest?.measures.outstanding().size === 0) {
      if (source.find !== undefined) latest.measures.found(new Map());
      return latest;
    }
    const first = await measureRuns(source, choice, newMeasures);
    return { run: first.choice.label, measures: await findOutstanding(source, first, newMeasures, now) };
  }
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

/** Over the part of the run that they say. */
function measuresBy(shares: Shares, flags: ReportFlags, context: Context): () => RunMeasures {
  const now = context.clock.epochMicros();
  const [since, until] = [flags.since, flags.until].map((moment) => moment && fixed(moment, now));
  return () => new RunMeasures(shares, { since, until });
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
  shares: Shares,
  flags: ReportFlags,
  context: Context,
): Promise<Baseline> {
  const { run, measures } = await measureLatestRun(
    await fileSource([file]),
    measuresBy(shares, flags, context),
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

function check({ check: thresholds = [], list, save, csv, tenantOf }: ReportFlags, context: Context): void {
  const ofTenants = thresholds.find(({ of }) => of.kind === 'tenant');
  if (ofTenants !== undefined && tenantOf === undefined) {
    throw usageError(
      'CHECK_WITHOUT_TENANTS',
      `--check ${ofTenants.text}: it is not said whom users belong to`,
      {
        hint: 'Give --tenant-of as well, such as --tenant-of prefix:/.',
      },
    );
  }
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
