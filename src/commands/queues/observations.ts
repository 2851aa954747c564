import { stateFolder } from '../../broker/node/state-folder.js';
import { ObservationFile } from '../../run/queues/observation-file.js';
import type { Context } from '../shared/context.js';

/** What earlier looks at this broker's queues have seen. */
export async function observationsOf(context: Context): Promise<ObservationFile> {
  const { address, names } = await context.config();
  return new ObservationFile(stateFolder(context.io.env), address, names);
}
