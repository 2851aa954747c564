import type { Connection } from '../../broker/connection/connection.js';
import { announce } from '../../broker/control/control.js';
import type { Management } from '../../broker/management/management.js';
import { currentPolicy } from '../../broker/policy/policy-stream.js';
import { isExchangeThere } from '../../broker/queues/exchanges.js';
import { QueueMaker } from '../../broker/queues/queue-maker.js';
import { FairqError, ifAllowed } from '../../core/errors/errors.js';
import { needsOwnQueue, Policy } from '../../core/policy/policy.js';
import type { PolicyDocument } from '../../core/policy/policy-document.js';
import { type Names, routingKeyOf } from '../../core/queues/names.js';
import { glob } from '../../core/values/glob.js';

export interface PromoteDeps {
  readonly connection: Connection;
  readonly management: Management;
  readonly names: Names;
}

/** The users that a policy names, each by itself, and that need a queue of their own for what is set. */
export function usersWithLimits(document: PolicyDocument, nowMs: number): string[] {
  const policy = new Policy(document);
  return document.rules.flatMap(({ of, name }) => {
    if (of !== 'user' || glob(name).literalStart !== name) return [];
    return needsOwnQueue(policy.forUser(name, nowMs)) ? [name] : [];
  });
}

/** Gives each of the users a queue of its own that has none, where light users share queues. @returns how many */
export async function promote(
  { connection, management, names }: PromoteDeps,
  users: readonly string[],
): Promise<number> {
  if (users.length === 0 || !(await isExchangeThere(connection, names.spreadExchange))) return 0;
  const [shared] = (await ifAllowed(management.boundQueues(names.spreadExchange))) ?? [];
  const definition = shared === undefined ? undefined : await management.queueDefinition(shared);
  const type = definition?.type === 'quorum' ? 'quorum' : 'classic';
  const maker = new QueueMaker(connection, names, { type, ordered: false, promoted: true });
  const channel = await connection.channel();
  let made = 0;
  for (const user of users) {
    const key = keyOf(names, user);
    if (key === undefined) continue; // nobody of this name can have tasks
    const queue = names.userQueuePrefix + key;
    if ((await maker.makeUnlessThere(queue, key)) === 'there') continue;
    announce(channel, names, { kind: 'queue', queue });
    made++;
  }
  await channel.close();
  return made;
}

/** The same, of all users that the policy names. */
export async function promoteAll(deps: PromoteDeps, nowMs: number): Promise<number> {
  const document = await currentPolicy(deps.connection, deps.names);
  return promote(deps, usersWithLimits(document, nowMs));
}

function keyOf(names: Names, user: string): string | undefined {
  try {
    return routingKeyOf(names, user);
  } catch (error) {
    if (error instanceof FairqError) return undefined;
    throw error;
  }
}
