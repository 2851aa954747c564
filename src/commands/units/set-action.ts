import { onBroker } from '../../broker/on-broker.js';
import { unitsOf } from '../../config/config.js';
import { type Units, unitsText } from '../../core/queues/units.js';
import { changeUnits } from '../../run/units/change-units.js';
import { promoteAll } from '../../run/units/promote.js';
import { unitsNow } from '../../run/units/units-now.js';
import { stepText, unitsPlan } from '../../run/units/units-plan.js';
import { confirmedLines } from '../shared/confirm.js';
import type { CommandResult, Context } from '../shared/context.js';
import type { SetUnitsFlags } from './set-command.js';

export async function set(flags: SetUnitsFlags, context: Context): Promise<CommandResult> {
  const asked: Units = unitsOf(flags.what, 'units set');
  const config = await context.config();
  const { names } = config;
  return onBroker(config, 'fairq units', {}, async ({ connection, management }) => {
    const before = await unitsNow(management, names);
    const steps = unitsPlan(before, asked, names);
    const texts = steps.map((step) => stepText(step, before, names));
    const result = (isChanged: boolean, after: string, text: string): CommandResult => ({
      document: {
        schemaVersion: 1,
        kind: 'units-set',
        asked: unitsText(asked),
        dryRun: flags.dryRun === true,
        before: before.units,
        after,
        isChanged,
        steps: texts,
      },
      text: () => text,
    });
    if (steps.length === 0) {
      return result(false, before.units, `It is so already: ${before.units}. Nothing was changed.`);
    }
    const plan = texts.map((text) => `- ${text}`).join('\n');
    if (flags.dryRun === true) return result(false, before.units, plan);
    if (steps.some(({ kind }) => kind === 'policy' || kind === 'remove-policy')) {
      await management.policies.checkRight();
    }
    const sentence = planSentence(steps.length, asked);
    if (!(await confirmedLines(context, plan, sentence, flags.yes === true))) {
      return result(false, before.units, 'Nothing was changed.');
    }
    await changeUnits(
      { connection, management, names, type: flags.queueType, now: context.clock.now },
      steps,
    );
    const after = (await unitsNow(management, names)).units;
    const epochMs = context.clock.epochMicros() / 1_000;
    const promoted = after === 'user' ? 0 : await promoteAll({ connection, management, names }, epochMs);
    const more =
      promoted === 0
        ? ''
        : `\nUsers with a policy of more than a weight that have a queue of their own now: ${promoted}.`;
    return result(true, after, `${plan}\nDone: ${after}.${more}`);
  });
}

/** What the steps above it come to. */
function planSentence(steps: number, asked: Units): string {
  const all = steps === 1 ? 'This step' : `These ${steps} steps`;
  return `${all} would set up ${unitsText(asked)} for everybody under this prefix.`;
}
