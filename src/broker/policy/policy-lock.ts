import { setTimeout as delay } from 'node:timers/promises';
import { refusedError, unreachableError } from '../../core/errors/errors.js';
import { encodePolicy } from '../../core/policy/policy-codec.js';
import type { PolicyDocument } from '../../core/policy/policy-document.js';
import type { Names } from '../../core/queues/names.js';
import type { Connection } from '../connection/connection.js';
import { sendAlone } from '../connection/send-alone.js';
import { takeLock } from '../queues/lock.js';
import { assertPolicyStream } from '../queues/topology.js';
import { newestPolicy, POLICY_MESSAGE } from './policy-stream.js';

const LOCKED_RETRY_MS = 50;
/** A change takes a fraction of a second; who holds the lock for longer is frozen. */
const LOCKED_AT_MOST_MS = 15_000;

/** The policy, while nobody else can change it. */
export interface LockedPolicy {
  newest(): Promise<PolicyDocument | 'empty' | 'missing'>;
  /** Makes the stream where it is missing, and resolves when the broker has confirmed the document. */
  append(document: PolicyDocument): Promise<void>;
}

/**
 * Changes the policy under its lock, an exclusive queue: it goes with its owner's connection, so an operator that is killed
 * locks nobody out.
 *
 * @throws FairqError (refused) where somebody else has the lock for long
 */
export async function withPolicyLock<Result>(
  connection: Connection,
  names: Names,
  work: (policy: LockedPolicy) => Promise<Result>,
): Promise<Result> {
  const until = performance.now() + LOCKED_AT_MOST_MS;
  for (;;) {
    const lock = await takeLock(connection, names.policyLock);
    if (lock !== undefined) {
      try {
        return await work({
          newest: () => newestPolicy(connection, names),
          append: (document) => append(connection, names, document),
        });
      } finally {
        await lock.release();
      }
    }
    if (performance.now() > until) {
      throw refusedError(
        'POLICY_LOCKED',
        `somebody else has been changing the policy for ${LOCKED_AT_MOST_MS / 1000} s; nothing was changed`,
        { hint: `Find who has the queue "${names.policyLock}" (rabbitmqctl list_queues name owner_pid).` },
      );
    }
    await delay(LOCKED_RETRY_MS);
  }
}

/** What the broker does not confirm may be there all the same: it is never written twice by itself. */
async function append(connection: Connection, names: Names, document: PolicyDocument): Promise<void> {
  const body = Buffer.from(encodePolicy(document));
  await assertPolicyStream(connection, names);
  const channel = await connection.confirmChannel();
  const answer = await sendAlone(channel, '', names.policyStream, body, {
    type: POLICY_MESSAGE,
    contentType: 'application/json',
    persistent: true,
    mandatory: true,
  });
  if (answer.kind === 'confirmed') return;
  const what = `revision ${document.revision} of the policy`;
  if (answer.kind === 'closed') {
    throw unreachableError(
      'POLICY_UNCERTAIN',
      `the connection was lost before the broker confirmed ${what}; it may be written or not`,
      {
        hint: 'See "fairq policy history", and run the command again where it is not there.',
        cause: answer.reason,
      },
    );
  }
  if (answer.kind === 'returned') {
    throw unreachableError(
      'POLICY_NOT_WRITTEN',
      `${what} was not written: the stream "${names.policyStream}" was deleted meanwhile`,
      { hint: 'Run the command again.' },
    );
  }
  throw unreachableError('POLICY_NOT_WRITTEN', `${what} was not written: the broker did not take it`, {
    hint: 'See "fairq doctor", and run the command again.',
  });
}
