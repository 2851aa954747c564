import { showAddress } from '../../broker/connection/address.js';
import { openConnection } from '../../broker/connection/connection.js';
import { Management } from '../../broker/management/management.js';
import { onBroker } from '../../broker/on-broker.js';
import { currentPolicy } from '../../broker/policy/policy-stream.js';
import { idGenerator } from '../../process/identity.js';
import { renderDoctor } from '../../render/doctor-text.js';
import { examine } from '../../run/doctor/doctor.js';
import { findGrants } from '../../run/doctor/grant-checks.js';
import { type Repaired, repair, repairPlan } from '../../run/doctor/repair.js';
import { confirmed } from '../shared/confirm.js';
import type { CommandResult, Context } from '../shared/context.js';
import { showProgress } from '../shared/progress.js';

const SEE_IT_ONLY = 'Say --yes to do it; without --repair doctor says what is wrong.';

export interface DoctorFlags {
  readonly repair?: true;
  readonly yes?: true;
}

export async function doctor(flags: DoctorFlags, context: Context): Promise<CommandResult> {
  const repaired = flags.repair === true ? await repairGrants(flags, context) : undefined;
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
      document: {
        schemaVersion: 1,
        kind: 'doctor',
        problems,
        warnings,
        findings,
        ...(repaired !== undefined && { repaired }),
      },
      text: (style) => [...renderRepaired(repaired), renderDoctor(findings, style)].join('\n'),
      endsAs: problems > 0 ? 'check-failed' : undefined,
    };
  } finally {
    progress.stop();
    await management.close();
  }
}

function renderRepaired(repaired: readonly Repaired[] | undefined): string[] {
  if (repaired === undefined) return [];
  if (repaired.length === 0) return ['Nothing was repaired.', ''];
  return [...repaired.map(({ queue, text }) => `"${queue}" ${text}`), ''];
}

/** Empty where there is nothing to repair, or the answer is no. */
async function repairGrants({ yes }: DoctorFlags, context: Context): Promise<readonly Repaired[]> {
  const config = await context.config();
  const { names } = config;
  return onBroker(config, 'fairq doctor --repair', {}, async ({ connection, management }) => {
    const document = await currentPolicy(connection, names);
    const nowMs = context.clock.epochMicros() / 1_000;
    const found = await findGrants(connection, names, document, await management.queueNames(), nowMs);
    const plan = repairPlan(found);
    if (plan.length === 0 || !(await confirmed(context, plan.join('\n'), yes === true, SEE_IT_ONLY)))
      return [];
    return repair({ connection, names, management }, found);
  });
}
