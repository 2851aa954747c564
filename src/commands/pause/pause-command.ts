import type { Command } from 'commander';
import {
  type ChangeFlags,
  type EndFlags,
  type NameFlags,
  withChangeOptions,
  withEnd,
  withName,
} from '../policy/policy-flags.js';
import type { Run } from '../shared/context.js';

export interface PauseFlags extends NameFlags, ChangeFlags, EndFlags {}
export interface ResumeFlags extends NameFlags, ChangeFlags {}

export function registerPause(program: Command, run: Run): void {
  withChangeOptions(withEnd(withName(program.command('pause'))))
    .description('Start no task of a user any more. Names what still runs; what waits stays in its queue.')
    .addHelpText(
      'after',
      `
Examples:
  fairq pause A --for 30m --reason 'their importer is broken'
  fairq pause 'team-*'
  fairq pause --tenant acme`,
    )
    .action((name: string | undefined, flags: Omit<PauseFlags, 'name'>) =>
      run(async () => (await import('./pause-action.js')).pause)({ ...flags, name }),
    );
}

export function registerResume(program: Command, run: Run): void {
  withChangeOptions(withName(program.command('resume')))
    .description('End a pause: tasks of the user start again, from the present on.')
    .addHelpText('after', '\nExamples:\n  fairq resume A')
    .action((name: string | undefined, flags: Omit<ResumeFlags, 'name'>) =>
      run(async () => (await import('./pause-action.js')).resume)({ ...flags, name }),
    );
}
