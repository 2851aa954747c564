import { showAddress } from '../../broker/connection/address.js';
import { openConnection } from '../../broker/connection/connection.js';
import { Management } from '../../broker/management/management.js';
import { idGenerator } from '../../process/identity.js';
import { renderDoctor } from '../../render/doctor-text.js';
import { examine } from '../../run/doctor/doctor.js';
import type { CommandResult, Context } from '../shared/context.js';
import { showProgress } from '../shared/progress.js';
export async function doctor(_: object, context: Context): Promise<CommandResult> {
  const { address, names } = await context.config();
  const management = new Management(address);
  const progress = await showProgress(context, () => 'looking, and listening to the workers');
  try {
    const findings = await examine({
      connect: (listener) => openConnection(address, 'fairq doctor', listener),
      vhost: address.vhost,
      connectTo: (vhost) => openConnection({ ...address, vhost }, 'fairq doctor'),
      management,
      names,
      newId: idGenerator(context),
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
