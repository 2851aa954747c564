import { decodePolicy } from '../../core/policy/policy-codec.js';
import type { PolicyDocument } from '../../core/policy/policy-document.js';
import type { Names } from '../../core/queues/names.js';
import { deferred } from '../../core/values/deferred.js';
import { type Connection, replyCode } from '../connection/connection.js';
import { explainRefusal } from '../connection/refusal.js';
import { type StreamOffset, StreamReader } from '../streams/stream-reader.js';

/** What each message in the stream of the policy is called. */
export const POLICY_MESSAGE = 'fairq.policy';

/** The newest document; undefined where the stream is not there, and NO_DOCUMENT where it has none. */
export async function newestPolicy(
  connection: Connection,
  names: Names,
): Promise<PolicyDocument | 'empty' | 'missing'> {
  const documents = await read(connection, names, 'last');
  if (documents === undefined) return 'missing';
  const [first, ...others] = documents;
  if (first === undefined) return 'empty';
  return others.reduce((newest, one) => (one.revision > newest.revision ? one : newest), first);
}

/** Every document that the stream still has, oldest first. */
export async function policyHistory(connection: Connection, names: Names): Promise<PolicyDocument[]> {
  return (await read(connection, names, 'first')) ?? [];
}

async function read(
  connection: Connection,
  names: Names,
  from: StreamOffset,
): Promise<PolicyDocument[] | undefined> {
  const documents: PolicyDocument[] = [];
  const failed = deferred<never>();
  failed.promise.catch(() => {}); // it may come when nobody waits any more
  let reader: StreamReader;
  try {
    reader = await StreamReader.open(connection, names.policyStream, from, {
      onMessage: (_, body) => {
        const document = decodePolicy(body());
        if (document !== undefined) documents.push(document);
      },
      onFailure: (error) => failed.reject(error),
    });
  } catch (error) {
    if (replyCode(error) === 404) return undefined;
    throw explainRefusal(error, `the queue "${names.policyStream}"`);
  }
  try {
    await Promise.race([reader.caughtUp(), failed.promise, connection.lost]);
    return documents;
  } catch (error) {
    if (replyCode(error) === 404) return undefined; // it was deleted meanwhile
    throw error;
  } finally {
    await reader.close();
  }
}
