import { type Command, Option } from 'commander';
import type { QueueType } from '../../broker/queues/topology.js';
import type { GroupField } from '../../core/message/dead-letter-groups.js';
import { parseCount } from '../../core/values/quantities.js';
import type { Run } from '../shared/context.js';
import { parseGroupFields } from './group-fields.js';

const actions = () => import('./dead-action.js');

interface SelectionFlags {
  id?: string;
  user?: string;
  run?: string;
  reason?: string;
}

export interface ListFlags extends SelectionFlags {
  by?: readonly GroupField[];
  limit?: number;
}

export interface ChangeFlags extends SelectionFlags {
  all?: boolean;
  dryRun?: boolean;
  yes?: boolean;
  queueType: QueueType;
  ordered?: boolean;
}

export function registerDead(program: Command, run: Run): void {
  const dead = program
    .command('dead')
    .description('Tasks that failed for good: look at them, send them back, or throw them away.');
  withSelection(
    dead.command('list').description('The dead letters, the newest first, and why they are dead.'),
  )
    .option('--by <fields>', 'how many there are of each: some of user, reason, run, task', parseGroupFields)
    .option('--limit <n>', 'show so many', (text) => parseCount(text, '--limit'))
    .addHelpText(
      'after',
      `
Examples:
  fairq dead list --limit 20
  fairq dead list --by user,reason
  fairq dead list --user 'team-*' --reason timeout`,
    )
    .action(run(async () => (await actions()).list));
  dead
    .command('show')
    .description('Everything about one dead letter, its payload included.')
    .argument('<id>', 'of the task, as "dead list" says it, or as much of its start as no other has')
    .addHelpText('after', '\nExamples:\n  fairq dead show 01932a7c-8a3e-7c00-9f3a-2f6d1c0b7e55')
    .action((id: string) => run(async () => (await actions()).show)({ id }));
  withSelection(dead.command('redrive').description('Send tasks back into the queues of their users.'))
    .option('--all', 'all of them')
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('-y, --yes', 'do not ask')
    .addOption(
      new Option('--queue-type <type>', 'of user queues that have to be made again')
        .choices(['classic', 'quorum'])
        .default('classic'),
    )
    .option('--ordered', 'make them for workers that keep the order')
    .addHelpText(
      'after',
      `
Examples:
  fairq dead redrive --user A --dry-run
  fairq dead redrive --reason 'exit code 7' --yes`,
    )
    .action(run(async () => (await actions()).redrive));
  withSelection(dead.command('discard').description('Throw dead letters away, for good.'))
    .option('--all', 'all of them')
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('-y, --yes', 'do not ask')
    .addHelpText('after', '\nExamples:\n  fairq dead discard --run friday --dry-run')
    .action(run(async () => (await actions()).discard));
}

function withSelection(command: Command): Command {
  return command
    .option('--id <id>', 'the task with this id, or with the only one that starts so')
    .option('--user <glob>', 'of these users')
    .option('--run <glob>', 'of these runs')
    .option('--reason <text>', 'whose reason has this text in it');
}
