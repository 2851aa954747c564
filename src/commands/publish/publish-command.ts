import { type Command, Option } from 'commander';
import type { QueueType } from '../../broker/queues/topology.js';
import type { Distribution } from '../../core/load/workload.js';
import {
  type DurationRange,
  parseBytes,
  parseCount,
  parseDurationRange,
  parseRate,
  parseTimer,
} from '../../core/values/quantities.js';
import type { CeleryFlags } from '../celery/publish-to-celery.js';
import { type GroupByFlags, groupByOption } from '../flags/group-by.js';
import type { Run } from '../shared/context.js';

export interface PublishFlags extends GroupByFlags, CeleryFlags {
  user?: string;
  count?: number;
  users?: number;
  total?: number;
  distribution: Distribution;
  seed: number;
  task?: string;
  duration?: DurationRange;
  size?: number;
  payload?: string;
  from?: string;
  stream?: boolean;
  ids?: string;
  rate?: number;
  queue?: string;
  run?: string;
  queueType: QueueType;
  ordered?: boolean;
  strategy: 'fair' | 'fifo' | 'priority';
  priority?: number;
  wait?: boolean;
  timeout?: number;
}

export function registerPublish(program: Command, run: Run): void {
  program
    .command('publish')
    .description(
      'Send tasks, each into the queue of its user, or into one that is named; with confirms, so that none is lost on the way.',
    )
    .option('--user <name>', 'whose tasks these are: any text')
    .option(
      '--queue <name>',
      'into this queue instead of those of the users; made where missing. "worker --also" serves it',
    )
    .option('--count <n>', 'tasks, of each user', (text) => parseCount(text, '--count'))
    .option('--users <n>', 'that many users, user-1 to user-N', (text) =>
      parseCount(text, '--users', 1, 1_000_000),
    )
    .option('--total <n>', 'tasks over all users, at random', (text) => parseCount(text, '--total'))
    .addOption(
      new Option('--distribution <kind>', 'how --total falls on the users')
        .choices(['uniform', 'zipf'])
        .default('uniform'),
    )
    .option('--seed <n>', 'makes a random load repeat', (text) => parseCount(text, '--seed', 0), 1)
    .option(
      '--task <name>',
      'the handler that is to run them (default: noop, or sleep with --duration); reports:render goes to the queue "reports"',
    )
    .option('--duration <time>', 'for the tasks sleep and cpu, such as 5ms or 18ms..22ms', (text) =>
      parseDurationRange(text, '--duration'),
    )
    .option('--size <bytes>', 'size of the payload, such as 128 or 4k', (text) => parseBytes(text, '--size'))
    .option('--payload <text|@file>', 'the payload itself, or a file that holds it')
    .option('--from <file|->', 'tasks from a file, one JSON object a line: {"user","queue","task","payload"}')
    .option('--stream', 'with --from FILE: send while it is read, as from standard input, unchecked before')
    .option('--ids <file|->', 'write a JSON object a line for each task, with its id, when it is confirmed')
    .option('--rate <n/s>', 'evenly paced, whether or not the system keeps up', (text) =>
      parseRate(text, '--rate'),
    )
    .option('--run <id>', 'the run that these tasks belong to (default: a new one)')
    .addOption(groupByOption('what shares a queue (default: user, a queue each)'))
    .addOption(
      new Option('--queue-type <type>', 'of the user queues that this makes')
        .choices(['classic', 'quorum'])
        .default('classic'),
    )
    .option('--ordered', 'make user queues that one worker at a time consumes: for "worker --ordered"')
    .addOption(
      new Option(
        '--strategy <name>',
        'fair: a queue for each user; to compare with: fifo, one shared queue, and priority, one that goes by --priority',
      )
        .choices(['fair', 'fifo', 'priority'])
        .default('fair'),
    )
    .option(
      '--priority <n>',
      'with --strategy priority: from 0 to 10, the highest first (default: 0)',
      (text) => parseCount(text, '--priority', 0, 10),
    )
    .option('--wait', 'print what becomes of each task, a JSON object a line, until all have ended')
    .option('--timeout <time>', 'with --wait: for so long at most, once all are sent', (text) =>
      parseTimer(text, '--timeout'),
    )
    .option(
      '--celery <task>',
      "tasks for Celery's workers: the name, such as tasks.double; with --queue-prefix",
    )
    .option('--args <json>', 'with --celery: positional arguments, an array')
    .option('--kwargs <json>', 'with --celery: keyword arguments, an object')
    .option(
      '--queue-prefix <text>',
      "with --celery: what stands before the user in the names of users' queues",
    )
    .addHelpText(
      'after',
      `
Examples:
  fairq publish --user A --count 30000
  fairq publish --users 50 --count 1000 --task sleep --duration 5ms
  fairq publish --users 1000 --total 100000 --distribution zipf --rate 2000/s
  fairq publish --user A --task double --payload 21 --wait --timeout 30s
  fairq publish --from tasks.ndjson --ids ids.ndjson
  fairq publish --from - --ids -
  fairq publish --queue reports --task render --count 100
  fairq publish --user A --task reports:render
  fairq publish --users 10000 --count 10 --group-by hash:64
  fairq publish --user A --celery tasks.double --args '[21]' --queue-prefix usersequence_`,
    )
    .action(run(async () => (await import('./publish-action.js')).publish));
}
