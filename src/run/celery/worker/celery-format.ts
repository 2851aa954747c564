import { inflateSync } from 'node:zlib';
import type { Delivery } from '../../../broker/connection/delivery.js';
import {
  type CeleryTask,
  type ChainedTask,
  chainedTasks,
  decodeTask,
  Expired,
  etaOf,
  ignoresResult,
} from '../../../core/celery/decode-task.js';
import { encodeFailure, encodeSuccess } from '../../../core/celery/result-message.js';
import { messageOf } from '../../../core/errors/errors.js';
import { ENVELOPE_HEADER } from '../../../core/message/envelope.js';
import { NonRetryableError } from '../../../core/message/non-retryable-error.js';
import { republishableText } from '../../../core/message/republishable.js';
import type { Answer, MessageFormat } from '../../worker/task/message-format.js';
import { CeleryPayload } from './celery-payload.js';

/** What a compressed body may come to; a few bytes can become any number. */
const MOST_INFLATED_BYTES = 64 * 1024 * 1024;
const JSON_TYPE = 'application/json';
/** As kombu names them; its "gzip" and "zlib" are the same, and both are zlib's format. */
const COMPRESSIONS = ['application/x-gzip', 'gzip', 'zlib'];
/** Which all are UTF-8. */
const ENCODINGS = ['utf-8', 'utf8', 'us-ascii', 'ascii', ''];
/** Formats that fairq does not read; loading a pickle would run whatever is in it. */
const FORMATS = new Map([
  ['application/x-python-serialize', 'pickle'],
  ['application/x-yaml', 'YAML'],
  ['application/x-msgpack', 'MessagePack'],
]);

/** Messages of Celery clients. */
export const CELERY_FORMAT: MessageFormat = {
  idOf: ({ properties: { headers, correlationId, messageId } }) =>
    [headers?.id, correlationId, messageId].map(republishableText).find(Boolean),
  dueAt: (message) => {
    const { headers } = message.properties;
    return headers?.task === undefined ? dueByBody(message) : etaOf(headers);
  },
  read: (message, now) => {
    const { name, expiresAt, args, kwargs } = taskOf(message);
    if (expiresAt !== undefined && expiresAt <= now) {
      throw new Expired(`expired: it was to start before ${new Date(expiresAt / 1000).toISOString()}`);
    }
    return { type: name, payload: new CeleryPayload({ args, kwargs }, bodyOf(message)) };
  },
  answers: ({ id, message }, failure, value) => {
    const { headers, replyTo, correlationId } = message.properties;
    const queue = republishableText(replyTo);
    const answers: Answer[] = [];
    if (queue && !ignoresResult(headers)) {
      const isLast = failure?.retryAfterMs === undefined;
      const body = failure === undefined ? encodeSuccess(id, value) : encodeFailure(id, failure, isLast);
      answers.push({ queue, body, correlationId: republishableText(correlationId) || id });
    }
    if (failure === undefined || failure.retryAfterMs !== undefined) return answers;
    // Whoever sent a chain waits for its last task, which now never runs.
    for (const after of chainOf(message)) {
      const to = after.replyTo ?? queue;
      const body = encodeFailure(after.id, failure, true);
      if (to) answers.push({ queue: to, body, correlationId: after.id });
    }
    return answers;
  },
};

/** Tasks that were to follow. */
function chainOf({ properties: { headers }, content }: Delivery): readonly ChainedTask[] {
  try {
    return chainedTasks(headers, jsonOf(inflated(headers?.compression, content)));
  } catch {
    return []; // a body that cannot be read is why it failed
  }
}

/** A task of protocol 1 says everything in its body. */
function dueByBody(message: Delivery): number | undefined {
  try {
    return taskOf(message).etaAt;
  } catch {
    return undefined; // whatever is wrong with it is its reason to fail, when it starts
  }
}

/** @throws NonRetryableError where no attempt would run the task */
export function taskOf({ properties, content }: Delivery): CeleryTask {
  const { contentType, contentEncoding, headers } = properties;
  if (headers?.task === undefined && headers?.[ENVELOPE_HEADER] !== undefined && properties.type) {
    throw new NonRetryableError(
      `it is a task of fairq's, ${JSON.stringify(properties.type)}, and no Celery client's: a worker without --celery runs it`,
    );
  }
  if (contentType !== JSON_TYPE) {
    const what = FORMATS.get(String(contentType)) ?? JSON.stringify(contentType ?? 'nothing that it says');
    throw new NonRetryableError(
      `its body is ${what}, and fairq reads JSON alone: set task_serializer to "json", or let Celery run it`,
    );
  }
  if (!ENCODINGS.includes(String(contentEncoding ?? '').toLowerCase())) {
    throw new NonRetryableError(
      `its body is in ${JSON.stringify(contentEncoding)}, and fairq reads UTF-8 alone`,
    );
  }
  return decodeTask(headers, jsonOf(inflated(headers?.compression, content)));
}

/** Of a task that has been read: it is JSON. */
export function bodyOf({ properties: { headers }, content }: Delivery): string {
  return inflated(headers?.compression, content).toString('utf8');
}

function inflated(compression: unknown, content: Buffer): Buffer {
  if (compression === undefined || compression === null) return content;
  if (typeof compression !== 'string' || !COMPRESSIONS.includes(compression)) {
    throw new NonRetryableError(
      `its body is compressed with ${JSON.stringify(compression)}, and fairq knows gzip and zlib alone`,
    );
  }
  try {
    return inflateSync(content, { maxOutputLength: MOST_INFLATED_BYTES });
  } catch (error) {
    throw new NonRetryableError(`its body does not decompress: ${messageOf(error)}`);
  }
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new NonRetryableError(`its body (${bytes.length} bytes) is not the JSON that it says it is`);
  }
}
