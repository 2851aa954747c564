import { usageError } from '../../core/errors/errors.js';
import { figuresOf } from '../../core/plan/design.js';
import { FORMULAS, type FormulaName } from '../../core/plan/formulas.js';
import type { PlanLoad } from '../../core/plan/load.js';
import { VERSIONS_BEFORE } from '../../core/plan/measured-before.js';
import { type MeasuredHere, type Plan, planFor } from '../../core/plan/plan.js';
import { renderPlan } from '../../render/plan/plan-text.js';
import type { CommandResult, Context } from '../shared/context.js';
import { measuredHere } from './measure-here.js';
import type { PlanFlags } from './plan-command.js';

export async function plan(flags: PlanFlags, context: Context): Promise<CommandResult> {
  const load = loadOf(flags);
  if (flags.queues !== undefined && flags.measure !== true) {
    throw usageError('ONLY_WITH_MEASURE', '--queues goes with --measure alone', {
      hint: 'Give --measure too, or leave it away.',
    });
  }
  if (flags.rabbitmq !== undefined && flags.measure === true) {
    throw usageError(
      'MEASURED_VERSION',
      '--rabbitmq does not go with --measure: the broker has its version',
      {
        hint: 'Leave one of them away.',
      },
    );
  }
  const here = flags.measure === true ? await measuredHere(load, flags.queues, context) : undefined;
  const found = planFor(load, flags.rabbitmq ?? versionOf(here), here);
  return {
    document: { schemaVersion: 1, kind: 'plan', ...found, formulas: formulasOf(found) },
    text: (style) => renderPlan(found, style),
  };
}

/** What could not be measured here is better taken from the same version, where that was measured before. */
function versionOf(here: MeasuredHere | undefined): string | undefined {
  return here?.source.versions.find((version) => VERSIONS_BEFORE.includes(version));
}

function loadOf(flags: PlanFlags): PlanLoad {
  const { users, heavy, tasks, burst, taskMs, slots, shared, queueType, memory } = flags;
  const active = flags.active ?? users;
  atMost('--active', active, '--users', users);
  const among = flags.active === undefined ? '--users' : '--active';
  atMost('--heavy', heavy, among, active);
  return { users, active, heavy, tasksPerSecond: tasks, burst, taskMs, slots, shared, queueType, memory };
}

function atMost(flag: string, value: number, other: string, most: number): void {
  if (value <= most) return;
  throw usageError('MORE_THAN_ALL', `${flag}: ${value} are more than the ${most} of ${other}`, {
    hint: `Give ${flag} at most ${most}, or ${other} at least ${value}.`,
  });
}

/** The formulas that the plan's figures name. */
function formulasOf({ designs }: Plan): Partial<Record<FormulaName, string>> {
  const names = designs.flatMap(({ figures }) => figuresOf(figures).flatMap(({ formula }) => formula ?? []));
  return Object.fromEntries([...new Set(names)].map((name) => [name, FORMULAS[name]]));
}
