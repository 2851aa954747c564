import { showAddress } from '../../broker/connection/address.js';
import { openConnection } from '../../broker/connection/connection.js';
import { Management } from '../../broker/management/management.js';
import { onBroker } from '../../broker/on-broker.js';
import { currentPolicy } from '../../broker/policy/policy-stream.js';
import { FairqError } from '../../core/errors/errors.js';
import type { BacklogPlan } from '../../core/policy/backlog/backlog-policies.js';
import type { PolicyDocument } from '../../core/policy/policy-document.js';
import { idGenerator } from '../../process/identity.js';
import { renderDoctor } from '../../render/doctor-text.js';
import { examine } from '../../run/doctor/doctor.js';
import { findGrants } from '../../run/doctor/grant-checks.js';
import { type Repaired, repair, repairPlan } from '../../run/doctor/repair.js';
import { carryOutNewest } from '../../run/policy/backlog-ends.js';
import { type BacklogChanges, BacklogLimits } from '../../run/policy/backlog-limits.js';
import { confirmedLines } from '../shared/confirm.js';
import type { CommandResult, Context } from '../shared/context.js';
import { showProgress } from '../shared/progress.js';

const SEE_IT_ONLY = 'Say --yes to do it; without --repair doctor says what is wrong.';

export interface DoctorFlags {
  readonly repair?: true;
  readonly yes?: true;
}

export async function doctor(flags: DoctorFlags, context: Context): Promise<CommandResult> {
  const repaired = flags.repair === true ? await repairAll(flags, context) : undefined;
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
        ...(repaired !== undefined && { repaired: repaired.grants, rabbitPolicies: repaired.policies }),
      },
      text: (style) => [...renderRepaired(repaired), renderDoctor(findings, style)].join('\n'),
      endsAs: problems > 0 ? 'check-failed' : undefined,
    };
  } finally {
    progress.stop();
    await management.close();
  }
}

function renderRepaired(repaired: AllRepaired | undefined): string[] {
  if (repaired === undefined) return [];
  const { grants, policies } = repaired;
  const lines = [
    ...grants.map(({ queue, text }) => `"${queue}" ${text}`),
    ...policies.set.map((name) => `RabbitMQ's policy "${name}" set`),
    ...policies.removed.map((name) => `RabbitMQ's policy "${name}" removed`),
  ];
  return [...(lines.length === 0 ? ['Nothing was repaired.'] : lines), ''];
}

interface AllRepaired {
  readonly grants: readonly Repaired[];
  /** Names of RabbitMQ's own. */
  readonly policies: BacklogChanges;
}

const NO_PLAN: BacklogPlan = { needed: 0, put: [], remove: [] };
const NOTHING: AllRepaired = { grants: [], policies: { set: [], removed: [] } };

/** Nothing where there is nothing to repair, or the answer is no. */
async function repairAll({ yes }: DoctorFlags, context: Context): Promise<AllRepaired> {
  const config = await context.config();
  const { names } = config;
  return onBroker(config, 'fairq doctor --repair', {}, async ({ connection, management }) => {
    const document = await currentPolicy(connection, names);
    const nowMs = context.clock.epochMicros() / 1_000;
    const found = await findGrants(connection, names, document, await management.queueNames(), nowMs);
    const limits = new BacklogLimits({ policies: management.policies, names, nowMs: () => nowMs });
    const backlog = await backlogPlanFor(limits, management, document, context);
    const plan = repairPlan(found, backlog);
    if (plan.length === 0) return NOTHING;
    const all = plan.length === 1 ? 'This would be done.' : `These ${plan.length} steps would be taken.`;
    const isConfirmed = await confirmedLines(context, plan.join('\n'), all, yes === true, SEE_IT_ONLY);
    if (!isConfirmed) return NOTHING;
    const grants = await repair({ connection, names, management }, found);
    const isRight = backlog.put.length + backlog.remove.length === 0;
    return {
      grants,
      policies: isRight ? NOTHING.policies : await carryOutNewest({ connection, names }, limits),
    };
  });
}

/**
 * What is to be done for backlog limits; nothing where this user may not do it, and that is said, or where the policy is
 * gone: somebody may know it.
 */
async function backlogPlanFor(
  limits: BacklogLimits,
  { policies }: Management,
  document: PolicyDocument,
  context: Context,
): Promise<BacklogPlan> {
  if (document.revision === 0) return NO_PLAN;
  try {
    const plan = await limits.plan(document);
    if (plan.put.length + plan.remove.length > 0) await policies.checkRight();
    return plan;
  } catch (error) {
    if (!(error instanceof FairqError && error.kind === 'refused')) throw error;
    context.warn(`backlog limits are not put right: ${error.message}. ${error.hint}`);
    return NO_PLAN;
  }
}
