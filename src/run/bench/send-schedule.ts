import { type Connection, openConnection } from '../../broker/connection/connection.js';
import { CLASSIC } from '../../broker/queues/topology.js';
import { BY_USER, type Grouping } from '../../core/queues/grouping.js';
import { A_QUEUE_EACH, type Units } from '../../core/queues/units.js';
import type { Clock } from '../../core/values/clock.js';
import { OWN_QUEUES } from '../publish/own-destination.js';
import { Places } from '../publish/places.js';
import { PublishRun } from '../publish/publish-run.js';
import { setUpUnits } from '../units/set-up-units.js';
import { planOf, type Schedule } from './load.js';
import type { TrialVhost } from './trial-vhost.js';

export interface SentSchedule {
  readonly run: string;
  readonly schedule: Schedule;
  /** What has a queue there. */
  readonly how: {
    readonly strategy: string;
    readonly grouping?: Grouping;
    readonly units?: Units;
  };
}

export interface SendDeps {
  readonly clock: Clock;
  readonly newId: () => string;
  readonly onStep: (text: string) => void;
}

/** Publishes a schedule of many users' tasks from this process. Resolves when all is confirmed. */
export async function sendSchedule(
  { clock, newId, onStep }: SendDeps,
  vhost: TrialVhost,
  { run, schedule, how }: SentSchedule,
): Promise<void> {
  const { names, address } = vhost;
  const { strategy, grouping = BY_USER, units = A_QUEUE_EACH } = how;
  const shared = strategy === 'fifo';
  const plan = { ...planOf(schedule, new Places(names, { shared, grouping })), run, shared };
  const connect = () => openConnection(address, 'fairq bench units');
  const send = async (connection: Connection) => {
    const asked = { connection, names, connect, onNote: onStep };
    const deps = { connection, names, clock, newId, target: OWN_QUEUES };
    await new PublishRun({ ...deps, setUpUnits: () => setUpUnits(asked, units, CLASSIC.type) }, plan).run();
  };
  await vhost.connected('publish', send);
}
