import { Management } from '../../broker/management/management.js';
import { renderUnits } from '../../render/units/units-text.js';
import { unitsNow } from '../../run/units/units-now.js';
import type { CommandResult, Context } from '../shared/context.js';

export async function show(_flags: object, context: Context): Promise<CommandResult> {
  const { address, names } = await context.config();
  const management = new Management(address);
  try {
    const report = await unitsNow(management, names);
    return {
      document: { schemaVersion: 1, kind: 'units', ...report },
      text: (style) => renderUnits(report, names, style),
    };
  } finally {
    await management.close();
  }
}
