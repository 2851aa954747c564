import { z } from 'zod';
import { messageOf } from '../../core/errors/errors.js';
import { ENVELOPE_HEADER, type Envelope } from '../../core/message/envelope.js';
import { headersSize, republishableText } from '../../core/message/republishable.js';
import {
  MOST_HEADER_BYTES,
  restoredHeaders,
  type SavedMessage,
  type SentProperties,
} from '../../core/message/saved-message.js';
import { isSendTime } from '../../core/values/sane-numbers.js';
import { memberText } from '../../core/values/written-json.js';
import type { Places } from './places.js';
import type { PlannedTask } from './planned-task.js';

/** A short string of AMQP's. */
const short = z.string().refine((text) => republishableText(text) !== undefined, 'longer than 255 bytes');
const sendTime = z.int().refine(isSendTime, 'no time in microseconds');

const line = z.strictObject({
  id: z.string().min(1).optional(),
  /** The queue's name, where it is left out. */
  user: z.string().min(1).optional(),
  queue: z.string().optional(),
  /** Empty: the message has none, which only one that was saved may say. */
  task: short.optional(),
  payload: z.unknown().optional(),
  /** For bytes that are no text. */
  payloadBase64: z.base64().optional(),
  contentType: short.optional(),
  /** What a saved task said of itself, to be sent as it was; null: nothing. */
  envelope: z
    .strictObject({
      /** Where it is not that of the queue. */
      user: z.string().min(1).optional(),
      run: z.string().refine((run) => run.isWellFormed(), 'not valid Unicode'),
      sequence: z.int().min(1),
      attempt: z.int().min(1),
      sentAt: sendTime,
      intendedAt: sendTime,
    })
    .nullable()
    .optional(),
  headers: z.record(z.string(), z.unknown()).optional(),
  properties: z
    .strictObject({
      contentEncoding: short.exactOptional(),
      correlationId: short.exactOptional(),
      replyTo: short.exactOptional(),
      expiration: short.exactOptional(),
      appId: short.exactOptional(),
      userId: short.exactOptional(),
      timestamp: z.int().min(0).exactOptional(),
      priority: z.int().min(0).max(255).exactOptional(),
    })
    .optional(),
});
type Line = z.infer<typeof line>;

/** A task as it is written down: what it says of itself included. */
export interface TaskToSave extends SavedMessage {
  readonly id: string;
  readonly user: string;
  readonly queue?: string | undefined;
  readonly type: string;
  readonly contentType: string;
  readonly payload: Buffer;
}

/** A task as a line that `--from` reads back: the same message, whatever it holds. */
export function taskLine(task: TaskToSave): string {
  const { id, user, queue, type, contentType, payload, headers, properties } = task;
  const text = payload.toString('utf8');
  const isText = Buffer.from(text, 'utf8').equals(payload);
  const written = isText ? { payload: text } : { payloadBase64: payload.toString('base64') };
  const envelope = task.envelope === null ? null : lineEnvelope(task.envelope, user);
  const fields: Line = { id, user, queue, task: type, contentType, ...written, envelope };
  return JSON.stringify({ ...fields, headers, properties });
}

function lineEnvelope({ user, run, sequence, attempt, sentAt, intendedAt }: Envelope, owner: string) {
  return { ...(user !== owner && { user }), run, sequence, attempt, sentAt, intendedAt };
}

export interface LineOptions {
  /** The name of tasks that do not say theirs. */
  readonly defaultTask: string;
  readonly places: Places;
  /** Whom the broker knows this connection as. */
  readonly username: string;
  /** A run that was named: tasks that were saved are sent as new ones of it. */
  readonly renamesRuns: boolean;
}

/**
 * A task as a line says it: `{"id", "user", "queue", "task", "payload"}`. A payload that is a text goes as it is, any
 * other as JSON, as it is written there; bytes that are no text come as `payloadBase64`. A `contentType` says what they are, where it is not
 * the obvious. The other fields are for `queues delete --save`.
 *
 * @throws Error with what is wrong with it
 */
export function parseTaskLine(source: string, options: LineOptions): PlannedTask {
  const { defaultTask, places, username, renamesRuns } = options;
  const result = line.safeParse(parsedJson(source));
  if (!result.success) {
    const issue = result.error.issues[0];
    throw new Error(`${issue?.path.join('.') || 'the line'}: ${issue?.message ?? 'not a task'}`);
  }
  const { id, user, queue, payload, payloadBase64, contentType, envelope, properties } = result.data;
  const isSaved = envelope !== undefined;
  const task = result.data.task ?? defaultTask;
  if (id !== undefined && republishableText(id) === undefined)
    throw new Error('the id is longer than 255 bytes');
  if (task === '' && !isSaved) throw new Error('task: it is empty');
  if (id?.isWellFormed() === false || !task.isWellFormed())
    throw new Error('the id or the task is not valid Unicode');
  if (payload !== undefined && payloadBase64 !== undefined)
    throw new Error('payload and payloadBase64 exclude each other');
  const place = places.of(task, user, queue);
  return {
    id,
    ...place,
    type: task,
    ...payloadOf(source, payload, payloadBase64, contentType),
    ...(envelope === null && { envelope }),
    ...(envelope && !renamesRuns && { envelope: { ...envelope, user: envelope.user ?? place.user } }),
    ...headersIn(result.data),
    ...(properties !== undefined && { properties: propertiesFor(properties, username) }),
  };
}

function parsedJson(source: string): unknown {
  try {
    return JSON.parse(source);
  } catch (error) {
    throw new Error(`not JSON (${messageOf(error)})`, { cause: error });
  }
}

function headersIn({ headers, envelope }: Line): Pick<PlannedTask, 'headers'> {
  if (headers === undefined) return {};
  const table = restoredHeaders(headers);
  if (headersSize(table) > MOST_HEADER_BYTES)
    throw new Error('headers: they are too large, or hold what cannot be sent');
  if (ENVELOPE_HEADER in table && envelope !== null)
    throw new Error(`headers: ${ENVELOPE_HEADER} is fairq's own, and said with "envelope"`);
  return { headers: table };
}

/** A message in the name of another user would be refused, and its channel with it. */
function propertiesFor(properties: NonNullable<Line['properties']>, username: string): SentProperties {
  const { userId, expiration } = properties;
  if (userId !== undefined && userId !== username) {
    throw new Error(
      `properties.userId: it is ${JSON.stringify(userId)}, and the broker knows this connection as ${JSON.stringify(username)}`,
    );
  }
  if (expiration !== undefined && !/^\d{1,10}$/.test(expiration))
    throw new Error('properties.expiration: it is no number of milliseconds');
  return properties;
}

function payloadOf(
  source: string,
  payload: unknown,
  base64: string | undefined,
  contentType: string | undefined,
): Pick<PlannedTask, 'payload' | 'contentType'> {
  if (base64 !== undefined) {
    return { payload: Buffer.from(base64, 'base64'), contentType: contentType ?? 'application/octet-stream' };
  }
  if (typeof payload === 'string') {
    return { payload: Buffer.from(payload), contentType: contentType ?? 'text/plain' };
  }
  // Nothing is not JSON: a handler would be told that its payload does not parse.
  if (payload === undefined) {
    return { payload: Buffer.alloc(0), contentType: contentType ?? 'application/octet-stream' };
  }
  const written = memberText(source, 'payload') ?? '';
  return { payload: Buffer.from(written), contentType: contentType ?? 'application/json' };
}
