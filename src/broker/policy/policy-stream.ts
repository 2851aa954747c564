import { decodePolicy } from '../../core/policy/policy-codec.js';
import { NO_POLICY, type PolicyDocument } from '../../core/policy/policy-document.js';
import type { Names } from '../../core/queues/names.js';
import { type Connection, replyCode } from '../connection/connection.js';
import { explainRefusal } from '../connection/refusal.js';
import { type StreamOffset, StreamReader } from '../streams/stream-reader.js';

/** What each message in the stream of the policy is called. */
export const POLICY_MESSAGE = 'fairq.policy';

/**
 * The newest document. It is in the last chunk, since only fairq writes here and one document at a time. Where somebody else
 * has written behind it, all of the stream is read.
 *
 * @param emptyAfterMs for who loses nothing by taking the stream for empty too soon
 */
export async function newestPolicy(
  connection: Connection,
  names: Names,
  emptyAfterMs?: number,
): Promise<PolicyDocument | 'empty' | 'missing'> {
  const last = await read(connection, names, 'last', emptyAfterMs);
  if (last === undefined) return 'missing';
  if (last.heard === 0) return 'empty';
  const isStrange = last.documents.length < last.heard;
  const { documents } = isStrange ? ((await read(connection, names, 'first')) ?? last) : last;
  const [first, ...others] = documents;
  if (first === undefined) return 'empty';
  return others.reduce((newest, one) => (one.revision > newest.revision ? one : newest), first);
}

/** The document that counts; NO_POLICY where there is none. @param emptyAfterMs as of the newest */
export async function currentPolicy(
  connection: Connection,
  names: Names,
  emptyAfterMs?: number,
): Promise<PolicyDocument> {
  const newest = await newestPolicy(connection, names, emptyAfterMs);
  return typeof newest === 'object' ? newest : NO_POLICY;
}

/** Every document that the stream still has, oldest first. */
export async function policyHistory(connection: Connection, names: Names): Promise<PolicyDocument[]> {
  return (await read(connection, names, 'first'))?.documents ?? [];
}

async function read(
  connection: Connection,
  names: Names,
  from: StreamOffset,
  emptyAfterMs?: number,
): Promise<{ readonly documents: PolicyDocument[]; readonly heard: number } | undefined> {
  const documents: PolicyDocument[] = [];
  let heard = 0;
  let reader: StreamReader;
  try {
    reader = await StreamReader.open(connection, names.policyStream, from, {
      onMessage: (_, body) => {
        heard++;
        const document = decodePolicy(body());
        if (document !== undefined) documents.push(document);
      },
      onFailure: () => {}, // who waits is told
    });
  } catch (error) {
    if (replyCode(error) === 404) return undefined;
    throw explainRefusal(error, `the queue "${names.policyStream}"`);
  }
  try {
    await Promise.race([reader.caughtUp(emptyAfterMs), connection.lost]);
    return { documents, heard };
  } catch (error) {
    if (replyCode(error) === 404) return undefined; // it was deleted meanwhile
    throw error;
  } finally {
    await reader.close();
  }
}
