import type { Connection } from '../../broker/connection/connection.js';
import type { Management } from '../../broker/management/management.js';
import { fillGrants } from '../../broker/policy/grant-census.js';
import { GrantTalk } from '../../broker/policy/grant-talk.js';
import type { BacklogPlan } from '../../core/policy/backlog/backlog-policies.js';
import type { Names } from '../../core/queues/names.js';
import { keptBackMs, removeAllGrants } from '../policy/unneeded-grants.js';
import type { GrantsFound } from './grant-checks.js';

export interface RepairDeps {
  readonly connection: Connection;
  readonly names: Names;
  readonly management: Pick<Management, 'queueDefinition'>;
}

/** What has become of one queue, in words. */
export interface Repaired {
  readonly queue: string;
  readonly isDone: boolean;
  /** Such as `counted: 1 added`. */
  readonly text: string;
}

/** What would be done, as sentences; empty: nothing. */
export function repairPlan({ wrong, unneeded }: GrantsFound, { put, remove }: BacklogPlan): string[] {
  return [
    ...put.map(({ name }) => `RabbitMQ's policy "${name}" would be set, for a backlog limit.`),
    ...remove.map(
      ({ name }) => `RabbitMQ's policy "${name}" would be removed: its backlog limit is not set.`,
    ),
    ...wrong.map(({ queue, count }) => `"${queue}" would be counted, and made to have ${count}.`),
    ...unneeded.map(({ queue }) => `"${queue}" would be deleted, unless somebody holds something of it.`),
  ];
}

/** Counts what is wrong, as workers do, and deletes what is not needed any more. */
export async function repair(deps: RepairDeps, { wrong, unneeded }: GrantsFound): Promise<Repaired[]> {
  const { connection, names, management } = deps;
  const definition = (queue: string) => management.queueDefinition(queue);
  const repaired: Repaired[] = [];
  const talk = await GrantTalk.open(connection, names, undefined, () => {});
  try {
    for (const { queue, count } of wrong) {
      const lostForMs = keptBackMs((await definition(queue))?.arguments);
      const filled = await fillGrants(connection, names, talk, { queue, count, lostForMs });
      repaired.push({ queue, isDone: filled.is === 'filled', text: filledText(filled) });
    }
  } finally {
    talk.close();
  }
  const { removed, stay } = await removeAllGrants(
    { connection, names, count: () => undefined, definition },
    unneeded,
  );
  for (const queue of removed) repaired.push({ queue, isDone: true, text: 'deleted' });
  for (const { queue, why } of stay) repaired.push({ queue, isDone: false, text: `it stays: ${why}` });
  return repaired;
}

function filledText(filled: Awaited<ReturnType<typeof fillGrants>>): string {
  if (filled.is === 'locked') return 'somebody else counts it now';
  if (filled.is === 'absent') return 'not counted: somebody deleted it meanwhile';
  if (filled.is === 'silent') return 'not counted: somebody holds something of it, and does not answer';
  return `counted: ${filled.added.length} added, ${filled.removed} removed`;
}
