import { decodeText, encodeText } from './names.js';

/**
 * The envelope: what fairq writes about a task into its message beside the payload. A message
 * without it, somebody else's, is still a task: its user then comes from its queue.
 */
export interface Envelope {
  readonly user: string;
  readonly run: string;
  /** Number among the tasks of this user in this run, from 1. */
  readonly sequence: number;
  /** When the load's schedule wanted it sent, and when it was; microseconds since the epoch. */
  readonly intendedAt: number;
  readonly sentAt: number;
  readonly attempt: number;
}

/**
 * The one header that holds it, as text: version, sequence, attempt, actual send time, how much later
 * than intended that was (both in microseconds), run and user, percent-encoded, with spaces between.
 * One header and not one for each field: the broker reads and copies the table of headers of every
 * message, and six of them cost a quarter of the speed of publishing.
 */
export const ENVELOPE_HEADER = 'x-fairq';
const VERSION = '1';
const FIELDS = 7;

export function encodeEnvelope(envelope: Envelope): string {
  const { user, run, sequence, attempt, sentAt, intendedAt } = envelope;
  return `${VERSION} ${sequence} ${attempt} ${sentAt} ${sentAt - intendedAt} ${encodeText(run)} ${encodeText(user)}`;
}

/** What is known of a message: each field of the envelope that is there and makes sense. */
export type FoundEnvelope = {
  -readonly [Field in keyof Envelope]: Envelope[Field] | undefined;
};

/**
 * Reads the headers of any message. A field that makes no sense is as good as none: other programs
 * may write what they like, and a worker has to live through it.
 */
export function decodeEnvelope(headers: Readonly<Record<string, unknown>> | undefined): FoundEnvelope {
  const found: FoundEnvelope = {
    user: undefined,
    run: undefined,
    sequence: undefined,
    intendedAt: undefined,
    sentAt: undefined,
    attempt: undefined,
  };
  const text = headers?.[ENVELOPE_HEADER];
  if (typeof text !== 'string') return found;
  const fields = text.split(' ', FIELDS);
  if (fields[0] !== VERSION || fields.length < FIELDS) return found;
  found.sequence = natural(fields[1]);
  found.attempt = natural(fields[2]);
  found.sentAt = natural(fields[3]);
  const late = Number(fields[4]);
  if (found.sentAt !== undefined && late >= 0 && late < found.sentAt) found.intendedAt = found.sentAt - late;
  found.run = decodeText(fields[5]!);
  found.user = decodeText(fields[6]!) || undefined;
  return found;
}

function natural(field: string | undefined): number | undefined {
  const value = Number(field);
  return Number.isSafeInteger(value) && value >= 1 ? value : undefined;
}
