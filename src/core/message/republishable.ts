import { isWithin } from '../values/sane-numbers.js';

/**
 * What of a message can be published again, to another queue. Anybody can write what they like into
 * a message, and some of it arrives but cannot be sent again: the encoder has room for 64 KB of headers,
 * knows no NaN, and takes a table with the key "!" for a type. One such message must not cost the
 * connection, and with it every task that runs, again and again.
 */

/** Of headers; fairq's own reason and stack need room beside them. Bytes. */
const MOST_BYTES = 24_000;
const MOST_DEPTH = 100;
/** AMQP's short strings. */
const MOST_SHORT_BYTES = 255;

/** Names of headers that were left out. */
export const LEFT_OUT_HEADER = 'x-fairq-left-out';

const encoder = new TextEncoder();

export function republishableHeaders(
  headers: Readonly<Record<string, unknown>> | undefined,
): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  const leftOut: string[] = [];
  let room = MOST_BYTES;
  for (const [name, value] of Object.entries(headers ?? {})) {
    const bytes = bytesOf(name) + sizeOf(value, 0);
    if (bytes <= room && bytesOf(name) <= MOST_SHORT_BYTES) {
      kept[name] = readableByAll(value);
      room -= bytes;
    } else if (name !== LEFT_OUT_HEADER) {
      leftOut.push(name.slice(0, 40));
    }
  }
  if (leftOut.length > 0) kept[LEFT_OUT_HEADER] = leftOut.slice(0, 20).join(' ');
  return kept;
}

/**
 * A value that every client reads. The encoder marks an integer of 16 bits as RabbitMQ does, and Python's client takes that
 * mark for a text: a Celery worker could not read the message. So such an integer is sent with 32 bits.
 */
export function readableByAll(value: unknown): unknown {
  if (typeof value === 'number') return isShort(value) ? { '!': 'int32', value } : value;
  if (Array.isArray(value)) return value.map(readableByAll);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  if (Object.hasOwn(value, '!')) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, readableByAll(item)]));
}

/** Whether it takes 16 bits: no fewer and no more. */
function isShort(value: number): boolean {
  return Number.isInteger(value) && value >= -(2 ** 15) && value < 2 ** 15 && (value < -128 || value > 127);
}

/** The properties of a message that say what its task is, when it was sent and who waits for its result. */
export interface RepublishableProperties {
  /** The task's name. */
  readonly type?: string;
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly correlationId?: string;
  /** The queue that waits for the result. */
  readonly replyTo?: string;
  /** Seconds since 1970. */
  readonly timestamp?: number;
  /** 0 to 255: the higher is delivered first, where its queue goes by that. */
  readonly priority?: number;
}

const REPUBLISHABLE_TEXTS = ['type', 'contentType', 'contentEncoding', 'correlationId', 'replyTo'] as const;

export function republishableProperties(
  properties: {
    readonly [Name in keyof RepublishableProperties]: unknown;
  },
): RepublishableProperties {
  const sentAt = republishableTimestamp(properties.timestamp);
  const kept: { -readonly [Name in keyof RepublishableProperties]: RepublishableProperties[Name] } = {};
  for (const name of REPUBLISHABLE_TEXTS) {
    const text = republishableText(properties[name]);
    if (text !== undefined) kept[name] = text;
  }
  if (sentAt !== undefined) kept.timestamp = sentAt;
  if (isWithin(properties.priority, 0, 255)) kept.priority = properties.priority;
  return kept;
}

/** A short string, such as a task's name or id: undefined where the value does not fit into one. */
export function republishableText(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  // No character of UTF-16 takes more than three bytes: most texts need not be encoded to know.
  return value.length * 3 <= MOST_SHORT_BYTES || bytesOf(value) <= MOST_SHORT_BYTES ? value : undefined;
}

/** A message's timestamp, in seconds. */
export function republishableTimestamp(value: unknown): number | undefined {
  return isWithin(value, 0, Number.MAX_SAFE_INTEGER) ? value : undefined;
}

/** Bytes that a table of headers takes at most, or Infinity where it cannot be sent. */
export function headersSize(headers: Readonly<Record<string, unknown>>): number {
  return sizeOfObject(headers, 0);
}

/** Bytes that a value takes at most, or Infinity where it cannot be encoded. */
function sizeOf(value: unknown, depth: number): number {
  if (depth > MOST_DEPTH) return Number.POSITIVE_INFINITY;
  switch (typeof value) {
    case 'string':
      return 5 + bytesOf(value);
    case 'boolean':
      return 2;
    case 'number':
      // Beyond 2^63 integers are sent as doubles, and below -2^63 not at all.
      return Number.isFinite(value) && value >= -(2 ** 63) ? 9 : Number.POSITIVE_INFINITY;
    case 'object':
      return value === null ? 1 : sizeOfObject(value, depth);
    default:
      return Number.POSITIVE_INFINITY;
  }
}

function sizeOfObject(value: object, depth: number): number {
  if (value instanceof Uint8Array) return 5 + value.length;
  if (Array.isArray(value)) {
    return value.reduce<number>((size, item) => size + sizeOf(item, depth + 1), 5);
  }
  if (Object.hasOwn(value, '!')) return sizeOfTyped(value);
  let size = 5;
  for (const [name, item] of Object.entries(value)) {
    if (bytesOf(name) > MOST_SHORT_BYTES) return Number.POSITIVE_INFINITY;
    size += 1 + bytesOf(name) + sizeOf(item, depth + 1);
  }
  return size;
}

/** How the decoder gives what JavaScript has no type for. */
function sizeOfTyped(value: object): number {
  if (!('!' in value && 'value' in value)) return Number.POSITIVE_INFINITY;
  const { '!': type, value: inner } = value;
  if (type === 'timestamp' && isWithin(inner, 0, Number.MAX_SAFE_INTEGER)) return 9;
  return Number.POSITIVE_INFINITY;
}

function bytesOf(text: string): number {
  return encoder.encode(text).length;
}
