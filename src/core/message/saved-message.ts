import { decodeEnvelope, ENVELOPE_HEADER, type Envelope, type FoundEnvelope } from './envelope.js';
import { headersSize, type RepublishableProperties } from './republishable.js';

/**
 * A message in a form that JSON holds, so that exactly the same message can be sent again: what a file of saved
 * tasks has of it beside its payload and its task.
 */
export interface SavedMessage {
  /** fairq's own; null where it has none: then it is sent again without one. */
  readonly envelope: Envelope | null;
  readonly headers?: SavedTable | undefined;
  readonly properties?: SentProperties | undefined;
}

type SavedTable = Readonly<Record<string, unknown>>;

/** Properties of a message that fairq does not set by itself. */
export interface SentProperties extends Omit<RepublishableProperties, 'type' | 'contentType'> {
  /** Milliseconds, as text. */
  readonly expiration?: string;
  readonly appId?: string;
  /** The broker takes it from a connection of this user alone. */
  readonly userId?: string;
}

/** What the decoder gives of a message's properties; anybody may have written them. */
type MessageProperties = { readonly [Name in keyof SentProperties]: unknown } & {
  readonly headers?: SavedTable | undefined;
  readonly messageId?: unknown;
  readonly type?: unknown;
  readonly contentType?: unknown;
};

/** What amqplib has room for is 64 KiB; the envelope and the other properties need some of it. */
export const MOST_HEADER_BYTES = 60_000;
/** The broker writes these itself into what it delivers. */
const OF_THE_BROKER = new Set(['x-delivery-count', 'x-acquired-count']);
/** With these the broker would send copies to other queues once more. */
const COPYING = ['CC', 'BCC'];
/** What the decoder puts in the place of bytes that are no UTF-8. */
const NO_TEXT = '\ufffd';

const TEXTS = ['contentEncoding', 'correlationId', 'replyTo', 'expiration', 'appId', 'userId'] as const;
const NUMBERS = ['timestamp', 'priority'] as const;

/** Why a message cannot be written down so that the same one can be sent again. */
export class NotSavable extends Error {
  override readonly name = 'NotSavable';
}

/**
 * @param user whose queue it is from
 * @throws NotSavable for what JSON or amqplib cannot hold
 */
export function savedMessage(properties: MessageProperties): SavedMessage {
  const all = properties.headers ?? {};
  const copying = COPYING.find((name) => name in all);
  if (copying !== undefined) throw new NotSavable(`its header ${copying} would send copies to other queues`);
  const envelope = wholeEnvelope(decodeEnvelope(all));
  const headers = Object.entries(all).filter(
    ([name]) => !OF_THE_BROKER.has(name) && (envelope === null || name !== ENVELOPE_HEADER),
  );
  const table = Object.fromEntries(headers);
  if (headersSize(table) > MOST_HEADER_BYTES) {
    throw new NotSavable('its headers are too large, or hold what cannot be sent again');
  }
  for (const name of ['messageId', 'type', 'contentType'] as const) {
    const value = properties[name];
    if (typeof value === 'string') savedText(value, name);
  }
  const kept = propertiesOf(properties, envelope !== null);
  return {
    envelope,
    ...(headers.length > 0 && { headers: savedTable(table, '') }),
    ...(Object.keys(kept).length > 0 && { properties: kept }),
  };
}

/**
 * Headers as they were before they were saved.
 *
 * @throws NotSavable for a number that JavaScript has rounded
 */
export function restoredHeaders(headers: SavedTable): Record<string, unknown> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, restored(value)]));
}

function wholeEnvelope(found: FoundEnvelope): Envelope | null {
  const { user, run, sequence, intendedAt, sentAt, attempt } = found;
  if (user === undefined || run === undefined || sequence === undefined) return null;
  if (intendedAt === undefined || sentAt === undefined || attempt === undefined) return null;
  return { user, run, sequence, intendedAt, sentAt, attempt };
}

/** @param isOwn the time when it was sent is in the envelope */
function propertiesOf(properties: MessageProperties, isOwn: boolean): SentProperties {
  const kept: Record<string, unknown> = {};
  for (const name of TEXTS) {
    const value = properties[name];
    if (typeof value === 'string') kept[name] = savedText(value, name);
  }
  for (const name of NUMBERS) {
    const value = properties[name];
    if (typeof value === 'number' && !(isOwn && name === 'timestamp')) kept[name] = savedNumber(value, name);
  }
  return kept;
}

function savedTable(table: SavedTable, path: string): SavedTable {
  return Object.fromEntries(
    Object.entries(table).map(([name, value]) => [savedText(name, path), saved(value, `${path}${name}`)]),
  );
}

/** @param path where it is, for the reason */
function saved(value: unknown, path: string): unknown {
  if (typeof value === 'string') return savedText(value, path);
  if (typeof value === 'number') return savedNumber(value, path);
  if (value instanceof Uint8Array) return { '!': 'bytes', value: Buffer.from(value).toString('base64') };
  if (Array.isArray(value)) return value.map((item, index) => saved(item, `${path}.${index}`));
  if (typeof value === 'object' && value !== null) return savedTable({ ...value }, `${path}.`);
  return value;
}

function savedText(value: string, path: string): string {
  if (value.includes(NO_TEXT)) throw new NotSavable(`its ${path} is not UTF-8`);
  return value;
}

function savedNumber(value: number, path: string): number {
  const isExact = Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
  if (!isExact) throw new NotSavable(`the number in its ${path} is too large to be known exactly`);
  return value;
}

function restored(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(restored);
  if (typeof value === 'number') return savedNumber(value, 'headers');
  if (typeof value !== 'object' || value === null) return value;
  const { '!': type, value: inner } = value as Record<string, unknown>;
  if (type === 'bytes' && typeof inner === 'string') return Buffer.from(inner, 'base64');
  return restoredHeaders({ ...value });
}
