import { decodeText, encodeText } from '../queues/names.js';
import { isSendTime, isWithin, MOST_ATTEMPTS } from '../values/sane-numbers.js';

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
const BEGINS = `${VERSION} `;
const FIRST_ATTEMPT = '1 ';
const FIELDS = 7;
const NO_NUMBER = '0';
/** Characters of an encoded run or user: what is longer is not carried. These are kept for each task. */
export const MOST_TEXT = 1_024;

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
  if (typeof text !== 'string' || !text.startsWith(BEGINS)) return found;
  // Field by field, and not split into an array of texts: that is done for every task.
  const sequenceAt = BEGINS.length;
  const attemptAt = nextField(text, sequenceAt);
  const sentAtAt = nextField(text, attemptAt);
  const lateAt = nextField(text, sentAtAt);
  const runAt = nextField(text, lateAt);
  const userAt = nextField(text, runAt);
  if (userAt === NO_FIELD) return found;
  const sequence = digits(text, sequenceAt, attemptAt - 1);
  if (isWithin(sequence, 1, Number.MAX_SAFE_INTEGER)) found.sequence = sequence;
  const attempt = digits(text, attemptAt, sentAtAt - 1);
  if (isWithin(attempt, 1, MOST_ATTEMPTS)) found.attempt = attempt;
  const sentAt = digits(text, sentAtAt, lateAt - 1);
  if (isSendTime(sentAt)) {
    found.sentAt = sentAt;
    const intendedAt = sentAt - digits(text, lateAt, runAt - 1);
    if (isSendTime(intendedAt)) found.intendedAt = intendedAt;
  }
  const end = text.indexOf(' ', userAt);
  const run = text.slice(runAt, userAt - 1);
  const user = end < 0 ? text.slice(userAt) : text.slice(userAt, end);
  if (run.length <= MOST_TEXT) found.run = decodeText(run);
  if (user.length <= MOST_TEXT) found.user = decodeText(user) || undefined;
  return found;
}

/**
 * When a task was sent that has never been tried, microseconds since the epoch. Undefined for a later attempt, which
 * is older than its place in the queue, and for a message that does not say. Asked on delivery: the rest is not read.
 */
export function firstSentAt(headers: Readonly<Record<string, unknown>> | undefined): number | undefined {
  const text = headers?.[ENVELOPE_HEADER];
  if (typeof text !== 'string' || !text.startsWith(BEGINS)) return undefined;
  const attemptAt = nextField(text, BEGINS.length);
  if (attemptAt === NO_FIELD || !text.startsWith(FIRST_ATTEMPT, attemptAt)) return undefined;
  const sentAtAt = attemptAt + FIRST_ATTEMPT.length;
  const end = text.indexOf(' ', sentAtAt);
  const sentAt = digits(text, sentAtAt, end < 0 ? text.length : end);
  return isSendTime(sentAt) ? sentAt : undefined;
}

/**
 * What of an envelope that is there makes no sense: a clause for people. Undefined where all of it does, or there is
 * none. Asked for every task that starts, so what is whole is seen at once.
 */
export function envelopeFault(
  headers: Readonly<Record<string, unknown>> | undefined,
  found: FoundEnvelope,
): string | undefined {
  const { user, run, sequence, attempt, intendedAt } = found;
  const text = headers?.[ENVELOPE_HEADER];
  if (user !== undefined && run !== undefined && sequence !== undefined && attempt !== undefined) {
    if (intendedAt !== undefined) return undefined;
  }
  if (text === undefined) return undefined;
  if (typeof text !== 'string') return `it is no text but of type ${typeof text}`;
  const shown = JSON.stringify(text.slice(0, 120));
  const fields = text.split(' ', FIELDS);
  if (fields[0] !== VERSION) return `its version is not ${VERSION}: ${shown}`;
  if (fields.length < FIELDS) return `it has ${fields.length} of ${FIELDS} fields: ${shown}`;
  // A task that came without an envelope has no number: what fairq writes at its first retry says 0.
  const isFault = ([field]: (typeof FIELD_NAMES)[number]) =>
    found[field] === undefined && !(field === 'sequence' && fields[1] === NO_NUMBER);
  const wrong = FIELD_NAMES.filter(isFault).map(([, name]) => name);
  if (wrong.length === 0) return undefined;
  return `of its fields ${wrong.join(', ')} make no sense: ${shown}`;
}

const FIELD_NAMES: readonly (readonly [keyof Envelope, string])[] = [
  ['sequence', 'sequence'],
  ['attempt', 'attempt'],
  ['sentAt', 'sent'],
  ['intendedAt', 'late'],
  ['run', 'run'],
  ['user', 'user'],
];

/**
 * An envelope with nothing left open, for a message that may have come without one, or with half of one.
 *
 * @param user whose queue it is from; where the envelope says the same this very text is kept, which all of a user's
 * tasks have then: it is found in a table without being compared
 * @param at when it was sent, where it does not say so; microseconds since the epoch
 */
export function completeEnvelope(found: FoundEnvelope, user: string, at: number): Envelope {
  return {
    user: found.user === user ? user : (found.user ?? user),
    run: found.run ?? '',
    sequence: found.sequence ?? 0,
    intendedAt: found.intendedAt ?? at,
    sentAt: found.sentAt ?? at,
    attempt: found.attempt ?? 1,
  };
}

/** No text has its second field, or a later one, here. */
const NO_FIELD = 0;

/** Where the field after the one that begins here begins; `NO_FIELD` where there is none. */
function nextField(text: string, from: number): number {
  return from === NO_FIELD ? NO_FIELD : text.indexOf(' ', from) + 1;
}

const MOST_DIGITS = 16;
const ZERO = 48;
const NINE = 57;

/** A number as fairq writes it, between these places; NaN for any other text, such as "1e3", "0x1" or " 1". */
function digits(text: string, from: number, to: number): number {
  if (to <= from || to - from > MOST_DIGITS) return Number.NaN;
  let number = 0;
  for (let i = from; i < to; i++) {
    const code = text.charCodeAt(i);
    if (code < ZERO || code > NINE) return Number.NaN;
    number = 10 * number + (code - ZERO);
  }
  return number;
}
