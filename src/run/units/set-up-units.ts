import type { Connection } from '../../broker/connection/connection.js';
import type { PublisherUnits } from '../../broker/publishing/publisher-contract.js';
import type { QueueType } from '../../broker/queues/topology.js';
import { HASH_PLUGIN } from '../../broker/units/hash-exchange.js';
import { setUpSpread } from '../../broker/units/spread.js';
import type { Names } from '../../core/queues/names.js';
import { type Units, unitsText } from '../../core/queues/units.js';

export interface UnitsDeps {
  readonly connection: Connection;
  readonly names: Names;
  /** Opens another connection: the broker may end it. */
  readonly connect: () => Promise<Connection>;
  /** Something the user should know, as a sentence without its end. */
  readonly onNote: (text: string) => void;
}

/**
 * Sets up what is asked for, before anybody makes the exchange for tasks. Safe to repeat.
 *
 * @param type of the queues that light users share
 * @throws FairqError (refused) where something else is set up
 */
export async function setUpUnits(deps: UnitsDeps, units: Units, type: QueueType): Promise<PublisherUnits> {
  if (units.kind === 'user') return units;
  const { connection, names, connect, onNote } = deps;
  const setUp = () => setUpSpread(connection, names, { count: units.count, type, connect });
  const way = await setUp();
  if (way === 'by name') {
    onNote(
      `--units ${unitsText(units)}: the broker's plugin ${HASH_PLUGIN} is off, so what finds no queue comes back and is sent again: switch it on, then run "fairq units set ${unitsText(units)}"`,
    );
  }
  return { ...units, way, setUp };
}
