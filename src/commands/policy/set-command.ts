import type { Command } from 'commander';
import type { Run } from '../shared/context.js';
import {
  type ChangeFlags,
  type EndFlags,
  type LimitFlags,
  type NameFlags,
  withChangeOptions,
  withEnd,
  withLimitOptions,
  withName,
} from './policy-flags.js';

export interface SetFlags extends NameFlags, ChangeFlags, EndFlags, LimitFlags {}

export interface UnsetFlags extends NameFlags, ChangeFlags {
  weight?: boolean;
  cap?: boolean;
  rate?: boolean;
  paused?: boolean;
  backlog?: boolean;
}

export function registerSet(policy: Command, run: Run): void {
  withChangeOptions(withEnd(withLimitOptions(withName(policy.command('set')))))
    .description('Set something for a user, a glob of users, or a tenant. What is set beside it stays.')
    .addHelpText(
      'after',
      `
Examples:
  fairq policy set A --weight 0.1 --reason 'floods since 3 a.m.'
  fairq policy set 'team-*' --cap 5 --rate 100/s --for 2h
  fairq policy set --tenant acme --weight 2`,
    )
    .action((name: string | undefined, flags: Omit<SetFlags, 'name'>) =>
      run(async () => (await import('./set-action.js')).set)({ ...flags, name }),
    );
}

export function registerUnset(policy: Command, run: Run): void {
  withChangeOptions(withName(policy.command('unset')))
    .description('Take back what a rule sets: all of it, or only what is named.')
    .option('--weight', 'the weight')
    .option('--cap', 'the cap')
    .option('--rate', 'the rate')
    .option('--paused', 'the pause')
    .option('--backlog', 'the backlog limit')
    .addHelpText('after', '\nExamples:\n  fairq policy unset A\n  fairq policy unset A --cap --rate')
    .action((name: string | undefined, flags: Omit<UnsetFlags, 'name'>) =>
      run(async () => (await import('./set-action.js')).unset)({ ...flags, name }),
    );
}
