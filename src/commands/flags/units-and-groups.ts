import type { Config } from '../../config/config.js';
import { usageError } from '../../core/errors/errors.js';
import { unitsText } from '../../core/queues/units.js';
import type { GroupByFlags } from './group-by.js';

/** @throws FairqError (usage) where two flags say what shares a queue */
export function refuseUnitsAndGroups({ units }: Pick<Config, 'units'>, { groupBy }: GroupByFlags): void {
  if (units?.kind !== 'shared' || groupBy === undefined || groupBy.kind === 'user') return;
  throw usageError('UNITS_AND_GROUPS', `--units ${unitsText(units)} and --group-by exclude each other`, {
    hint: 'Both say who shares a queue. With --units light users share some, and heavy ones have their own; with --group-by you say who shares which.',
  });
}
