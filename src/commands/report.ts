import type { Command } from 'commander';
import { usageError } from '../errors.js';
import type { CommandResult, Context, Run } from './context.js';
import { reconnecting } from './reconnecting.js';
import { checked, type ThresholdFlags, withThresholdOption } from './thresholds.js';
import { type WeightFlags, weightsFrom, withWeightOptions } from './weights.js';

interface ReportFlags extends WeightFlags, ThresholdFlags {
  run?: string;
  list?: boolean;
}

export function registerReport(program: Command, run: Run): void {
  withThresholdOption(
    withWeightOptions(
      program
        .command('report')
        .description('Who waited for whom: the order of completion, dwell and fairness of a run.'),
    ),
  )
    .option('--run <id>', 'the run (default: the latest)')
    .option('--list', 'name the runs')
    .addHelpText(
      'after',
      `
Examples:
  fairq report
  fairq report --list
  fairq report --run friday --json
  fairq report --run friday --weight A=3
  fairq report --check 'user(B).dwell.p95<2s' --check 'missing==0'`,
    )
    .action(run(report));
}

async function report(flags: ReportFlags, context: Context): Promise<CommandResult> {
  const { openConnection } = await import('../broker/connection.js');
  const { latestRun, listRuns, measureRun } = await import('../run/report/replay.js');
  const { idGenerator } = await import('./identity.js');
  const { rejectOnInterrupt } = await import('./interrupt.js');

  for (const { text, label } of flags.check ?? []) {
    if (label === undefined) continue;
    throw usageError('NO_SUCH_RESULT', `--check ${text}: a report has no "${label}"`, {
      hint: 'Leave it away: it names one of several results of a bench.',
    });
  }
  const weights = await weightsFrom(flags);
  const config = await context.config();
  const connection = await openConnection(
    config.address,
    'fairq report',
    reconnecting(context, config, { resumption: 'the events are read from the start' }),
  );
  const deps = { connection, names: config.names, newId: idGenerator(context) };
  const interrupted = rejectOnInterrupt(context.io, 'nothing was changed');
  const work = async (): Promise<CommandResult> => {
    if (flags.list === true) {
      const { renderRuns } = await import('../render/runs-text.js');
      const runs = await listRuns(deps);
      return { document: { schemaVersion: 1, kind: 'runs', runs }, text: (style) => renderRuns(runs, style) };
    }
    const { renderReport } = await import('../render/report-text.js');
    const run = flags.run ?? (await latestRun(deps));
    const measures = await measureRun(deps, run, (user) => weights.find(user).weight);
    const measured = measures.report(run);
    const thresholds = checked(flags.check ?? [], measured, context);
    const passed = thresholds.every((one) => one.passed);
    return {
      document: { schemaVersion: 1, kind: 'report', ...measured, thresholds, passed },
      text: (style) => renderReport(measured, measures.completionOrder(), style, thresholds),
      endsAs: passed ? undefined : 'check-failed',
    };
  };
  try {
    return await Promise.race([work(), interrupted]);
  } finally {
    await connection.close();
  }
}
