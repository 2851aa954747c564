import type { ObservationFile } from '../../run/queues/observation-file.js';
import type { Context } from '../shared/context.js';

/** What earlier looks at this broker's queues have seen. */
export async function observationsOf(context: Context): Promise<ObservationFile> {
  const { ObservationFile } = await import('../../run/queues/observation-file.js');
  const { stateFolder } = await import('../../broker/node/state-folder.js');
  const { address, names } = await context.config();
  return new ObservationFile(stateFolder(context.io.env), address, names);
}
