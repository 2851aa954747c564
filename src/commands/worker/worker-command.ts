import { type Command, Option } from 'commander';
import { parseBackoff } from '../../core/message/retry-policy.js';
import { parseCount, parseDuration, parseTimer } from '../../core/values/quantities.js';
import { WORKER_DEFAULTS } from '../../core/values/worker-defaults.js';
import { groupByOption } from '../flags/group-by.js';
import { withTenantOptions } from '../flags/tenant-flags.js';
import { withWeightOptions } from '../flags/weight-flags.js';
import type { Run } from '../shared/context.js';

import { collect, parseMaxCrashes, parsePrefetch, parseResultSize, parseResultTtl } from './worker-flags.js';

export function registerWorker(program: Command, run: Run): void {
  withTenantOptions(
    withWeightOptions(
      program
        .command('worker')
        .description(
          'Run the tasks of every user queue, fair between the users; new users are found at once.',
        ),
    ),
    'fair between tenants first, and then between the users of each',
  )
    .addOption(
      new Option('--charge <what>', 'what a turn costs: a task each, or the time that the tasks run')
        .choices(['count', 'time'])
        .default('count'),
    )
    .option(
      '-c, --concurrency <n>',
      'tasks at a time',
      (text) => parseCount(text, '--concurrency', 1, 10_000),
      WORKER_DEFAULTS.concurrency,
    )
    .option('--prefetch <n|auto>', 'unacknowledged tasks of one user at a time', parsePrefetch, 'auto')
    .option(
      '--queues <glob>',
      'serve these queues (by name; may be repeated) instead of all user queues',
      collect,
    )
    .option('--exclude <glob>', 'but not these (may be repeated)', collect)
    .option(
      '--also <queue,queue>',
      'serve these queues beside, each in turn with the users as one more (may be repeated); made where missing',
      (text: string, sofar: string[] = []) => [...sofar, ...text.split(',').map((name) => name.trim())],
    )
    .addOption(
      groupByOption(
        'serve the queues of this grouping alone, so that others can have their own workers (default: all)',
      ),
    )
    .option('--handler <file>', 'a module that exports a function for each task name')
    .option('--exec <command>', 'a program for each task: payload on stdin, exit code 0 is done')
    .addOption(
      new Option('--exit-when <what>', 'empty: no task is left; idle: nothing came for --idle-for').choices([
        'empty',
        'idle',
      ]),
    )
    .addOption(
      new Option('--idle-for <time>', 'for --exit-when idle')
        .argParser((text) => parseDuration(text, '--idle-for'))
        .default(WORKER_DEFAULTS.idleForMs, '10s'),
    )
    .option('--exit-with-parent', 'stop when the program has gone that started this worker')
    .option('--count <n>', 'stop after so many tasks', (text) => parseCount(text, '--count'))
    .option(
      '--task-timeout <time>',
      'a task that runs longer is told to stop and counts as failed (default: none)',
      (text) => parseTimer(text, '--task-timeout'),
    )
    .addOption(
      new Option('--kill-after <time>', 'from SIGTERM to SIGKILL for a program of --exec that is to end')
        .argParser((text) => parseTimer(text, '--kill-after'))
        .default(5_000, '5s'),
    )
    .option(
      '--max-attempts <n>',
      'starts of a task that fails, before it is a dead letter',
      (text) => parseCount(text, '--max-attempts', 1, 1_000),
      WORKER_DEFAULTS.maxAttempts,
    )
    .option(
      '--max-crashes <n>',
      'workers that a task may take down with it, before it is a dead letter; 3 or more, 0 for no limit',
      parseMaxCrashes,
      WORKER_DEFAULTS.maxCrashes,
    )
    .addOption(
      new Option('--backoff <times>', 'waits between them; the last repeats, and with … they go on growing')
        .argParser((text) => parseBackoff(text, '--backoff'))
        .default(parseBackoff(WORKER_DEFAULTS.backoff, '--backoff'), WORKER_DEFAULTS.backoff),
    )
    .option('--ordered', "keep each user's order: one task at a time, and a failed one before the next")
    .addOption(
      new Option('--queue-type <type>', 'of queues that a worker has to make: quorum in a cluster')
        .choices(['classic', 'quorum'])
        .default('classic'),
    )
    .addOption(
      new Option('--discover-every <time>', 'look for queues that nobody announced')
        .argParser((text) => parseTimer(text, '--discover-every'))
        .default(WORKER_DEFAULTS.discoverEveryMs, '30s'),
    )
    .addOption(
      new Option(
        '--demote-after <time>',
        'where light users share queues: take one of a user away that was empty so long',
      )
        .argParser((text) => parseTimer(text, '--demote-after'))
        .default(WORKER_DEFAULTS.demoteAfterMs, '60s'),
    )
    .addOption(
      new Option('--result-ttl <time>', 'for how long what a task returned is shown; 0s: keep nothing')
        .argParser((text) => parseResultTtl(text))
        .default(WORKER_DEFAULTS.resultTtlMs, '200s'),
    )
    .addOption(
      new Option('--result-size <bytes>', 'what is larger is not kept, such as 64k; 1m at most')
        .argParser((text) => parseResultSize(text))
        .default(WORKER_DEFAULTS.resultBytes, '64k'),
    )
    .option('--metrics-port <port>', 'serve Prometheus metrics there, at /metrics (0: any)', (text) =>
      parseCount(text, '--metrics-port', 0, 65_535),
    )
    .option('--metrics-host <address>', 'for others than this machine, such as 0.0.0.0', '127.0.0.1')
    .option(
      '--celery',
      'run the messages of Celery clients, and answer them; with --queues or --queue-prefix',
    )
    .option('--task-events', "with --celery: tell Celery's monitors of the worker and of each task")
    .option('--queue-prefix <text>', 'serve the queues whose names begin so; the user follows')
    .option('--log-json', 'what is said on stderr: a JSON object a line')
    .option('--name <name>', 'shown in reports (default: host and process)')
    .addOption(
      new Option(
        '--strategy <name>',
        'fair, or one to compare with: arrival (in order of arrival), fifo (the shared queue), priority (the one that goes by priority)',
      )
        .choices(['fair', 'arrival', 'fifo', 'priority'])
        .default('fair'),
    )
    .option(
      '--wait-for-workers <n>',
      'start together with others, when so many are ready',
      (text) => parseCount(text, '--wait-for-workers', 1, 10_000),
      1,
    )
    .addHelpText(
      'after',
      `
A worker that ends by --exit-when or --count ends with 3 where it has left dead letters; one that is stopped, with 0.

Examples:
  fairq worker
  fairq worker --concurrency 50 --handler ./tasks.js
  fairq worker --weight A=3 --weight 'team-*=2' --charge time
  fairq worker --also reports,mails --weight reports=2
  fairq worker --max-attempts 5 --backoff 1s,5s,30s
  fairq worker --exec './resize.sh' --exit-when empty
  fairq worker --metrics-port 9464
  fairq worker --celery --queue-prefix usersequence_ --handler ./tasks.js
  fairq worker --celery --queue-prefix usersequence_ --task-events`,
    )
    .action(run(async () => (await import('./worker-action.js')).work));
}
