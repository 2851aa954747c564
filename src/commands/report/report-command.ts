import type { Command } from 'commander';
import { type Glob, glob } from '../../core/values/glob.js';
import { type Moment, parseMoment } from '../../core/values/window-of-time.js';
import { type GroupByFlags, groupByOption } from '../flags/group-by.js';
import { type HtmlFlags, withHtmlOption } from '../flags/html-flags.js';
import { type TenantFlags, withTenantOptions } from '../flags/tenant-flags.js';
import { type ThresholdFlags, withThresholdOption } from '../flags/threshold-flags.js';
import { type WeightFlags, withWeightOptions } from '../flags/weight-flags.js';
import type { Run } from '../shared/context.js';

export interface ReportFlags extends GroupByFlags, WeightFlags, TenantFlags, ThresholdFlags, HtmlFlags {
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
      withTenantOptions(
        withWeightOptions(
          program
            .command('report')
            .description('Who waited for whom: the order of completion, dwell and fairness of a run.')
            .argument('[files...]', 'saved runs (--save), in the place of the broker'),
        ),
        'also between tenants, and between the users of each',
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
  fairq report --tenant-of prefix:/ --check 'tenant(acme).lag<=2' --check 'tenant(acme).running<=5'
  fairq report --since 15m
  fairq report --run 'web-*' --since 2h --until 1h
  fairq report --html friday.html`,
    )
    .action((files: string[], flags: ReportFlags) =>
      run(async () => (await import('./report-action.js')).report)({ ...flags, files }),
    );
}
