import type { Command } from 'commander';
import type { CommandResult, Context, Run } from '../shared/context.js';

export function registerDoctor(program: Command, run: Run): void {
  program
    .command('doctor')
    .description('Look for what is wrong, or soon will be, and say what to do about it.')
    .addHelpText(
      'after',
      `
Ends with exit code 99 where there is a problem; warnings alone are 0.

Examples:
  fairq doctor
  fairq doctor --json`,
    )
    .action(run(doctor));
}

async function doctor(_: object, context: Context): Promise<CommandResult> {
  const { showAddress } = await import('../../broker/connection/address.js');
  const { openConnection } = await import('../../broker/connection/connection.js');
  const { Management } = await import('../../broker/management/management.js');
  const { examine } = await import('../../run/doctor/doctor.js');
  const { renderDoctor } = await import('../../render/doctor-text.js');
  const { idGenerator } = await import('../shared/identity.js');
  const { showProgress } = await import('../shared/progress.js');
  const { address, names } = await context.config();
  const management = new Management(address);
  const progress = await showProgress(context, () => 'looking, and listening to the workers');
  try {
    const findings = await examine({
      connect: (listener) => openConnection(address, 'fairq doctor', listener),
      vhost: address.vhost,
      connectTo: (vhost) => openConnection({ ...address, vhost }, 'fairq doctor'),
      ...{ management, names, newId: idGenerator(context) },
      clock: context.clock,
      where: showAddress(address),
    });
    const problems = findings.filter(({ level }) => level === 'problem').length;
    const warnings = findings.filter(({ level }) => level === 'warning').length;
    return {
      document: { schemaVersion: 1, kind: 'doctor', problems, warnings, findings },
      text: (style) => renderDoctor(findings, style),
      endsAs: problems > 0 ? 'check-failed' : undefined,
    };
  } finally {
    progress.stop();
    await management.close();
  }
}
