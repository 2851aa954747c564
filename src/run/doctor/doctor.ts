import type { Connection, ConnectionListener } from '../../broker/connection/connection.js';
import type { Management } from '../../broker/management/management.js';
import { FairqError, messageOf } from '../../core/errors/errors.js';
import type { Names } from '../../core/queues/names.js';
import { type Finding, ok, problem } from '../../core/reports/finding.js';
import type { Clock } from '../../core/values/clock.js';
import * as broker from './broker-checks.js';
import { crashes } from './crash-checks.js';
import { exchanges, foreignBindings, unroutable } from './exchange-checks.js';
import { type AmqpFacts, askAmqp, askManagement, type ManagementFacts } from './facts.js';
import { findGrants, grants } from './grant-checks.js';
import { limits } from './limit-checks.js';
import { backlogLimits, goesByPolicy } from './policy-checks.js';
import * as queues from './queue-checks.js';
import { units } from './units-checks.js';
import * as workers from './worker-checks.js';

export interface DoctorDeps {
  /** Connects; rejects where that cannot be done. */
  readonly connect: (listener?: ConnectionListener) => Promise<Connection>;
  readonly vhost: string;
  /** Connects to another vhost. */
  readonly connectTo: (vhost: string) => Promise<Connection>;
  readonly management: Management;
  readonly names: Names;
  readonly newId: () => string;
  readonly clock: Clock;
  /** For messages. */
  readonly where: string;
}

/** Everything that can be checked from here; what cannot be reached is a problem, and the rest goes on. */
export async function examine(deps: DoctorDeps): Promise<Finding[]> {
  const { names, where } = deps;
  const now = () => deps.clock.epochMicros() / 1_000;
  const findings: Finding[] = [];
  // One after the other: the management API fails now and then while channels come and go.
  const amqp = await reached(findings, 'AMQP', `answers at ${where}`, () => viaAmqp(deps));
  const listed = await reached(findings, 'management', 'answers', () =>
    askManagement(deps.management, names, now),
  );
  if (amqp !== undefined) {
    findings.push(broker.version(amqp), broker.permissions(amqp, names.prefix), broker.channels(amqp));
    if (amqp.refused.length === 0) findings.push(unroutable(amqp, listed, names));
  }
  if (listed !== undefined) {
    findings.push(
      ...[
        broker.nodes(listed),
        broker.alarms(listed, amqp?.blocked),
        broker.room(listed),
        broker.clock(listed),
      ],
      broker.stream(listed, 'events', names.eventStream),
      broker.stream(listed, 'results', names.resultStream),
      broker.stream(listed, 'starts', names.startStream),
      ...[exchanges(listed, names), foreignBindings(listed, names), queues.unbound(listed, names)],
      queues.down(listed),
      units(listed, names),
      ...[queues.unconsumed(listed, names), limits(listed, names)],
      ...[queues.retries(listed, names), queues.deadLetters(listed, names), workers.hoarding(listed, names)],
    );
  }
  if (listed === undefined && amqp?.blocked !== undefined) findings.push(broker.blocked(amqp.blocked));
  if (amqp !== undefined) findings.push(workers.newUsers(amqp), workers.running(amqp, now()));
  findings.push(...aboutPolicy(amqp, listed, names, now()));
  if (amqp !== undefined && listed !== undefined) findings.push(...(await aboutGrants(deps, amqp, listed)));
  if (amqp !== undefined && listed !== undefined) {
    findings.push(await crashes(deps, listed), workers.workers(amqp, listed));
  }
  return findings;
}

/** Nothing where the policy cannot be read: the connection or its permissions say so. */
function aboutPolicy(
  amqp: AmqpFacts | undefined,
  listed: ManagementFacts | undefined,
  names: Names,
  nowMs: number,
): Finding[] {
  if (amqp?.policy === undefined) return [];
  const { policy } = amqp;
  const limits = listed === undefined ? [] : [backlogLimits(policy, listed, names, nowMs)];
  return [goesByPolicy(policy, amqp, nowMs), ...limits];
}

/** The same as above. Whoever is blocked by an alarm gets no answers. */
async function aboutGrants(
  { connect, names, clock }: DoctorDeps,
  { policy, blocked, version, refused }: AmqpFacts,
  { queues }: ManagementFacts,
): Promise<Finding[]> {
  if (policy === undefined || blocked !== undefined || refused.length > 0) return [];
  const nowMs = clock.epochMicros() / 1_000;
  const connection = await connect();
  try {
    const listed = queues.map(({ name }) => name);
    const looking = findGrants(connection, names, policy, listed, nowMs);
    const found = await Promise.race([looking, connection.lost]);
    return grants(found, policy, version, nowMs);
  } finally {
    await connection.close();
  }
}

async function viaAmqp({
  connect,
  names,
  newId,
  management,
  vhost,
  connectTo,
}: DoctorDeps): Promise<AmqpFacts> {
  const connection = await connect();
  try {
    return await askAmqp(connection, connect, names, newId, { management, vhost, connectTo });
  } finally {
    await connection.close();
  }
}

async function reached<F extends AmqpFacts | ManagementFacts>(
  findings: Finding[],
  check: string,
  good: string,
  ask: () => Promise<F>,
): Promise<F | undefined> {
  try {
    const facts = await ask();
    findings.push(ok(check, good));
    return facts;
  } catch (error) {
    const hint = error instanceof FairqError ? error.hint : undefined;
    findings.push(problem(check, messageOf(error), hint ?? 'Run it again with --verbose.'));
    return undefined;
  }
}
