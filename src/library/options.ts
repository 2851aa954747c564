import { z } from 'zod';
import { usageError } from '../core/errors/errors.js';

/** A timer of Node's holds no more milliseconds. */
const LONGEST_MS = 2 ** 31 - 1;

const text = z.string().min(1);
const callback = z.custom<(...args: never[]) => unknown>(
  (value) => typeof value === 'function',
  'not a function',
);
const queueType = z.enum(['classic', 'quorum']);

/** What an application may say of its connection. */
export const CONNECT_OPTIONS = z.strictObject({
  uri: text.optional(),
  managementUri: text.optional(),
  vhost: text.optional(),
  prefix: text.optional(),
  tlsCaFile: text.optional(),
  tlsCertFile: text.optional(),
  tlsKeyFile: text.optional(),
  name: text.optional(),
  reconnectForMs: z
    .union([z.number().min(0).max(LONGEST_MS), z.literal(Number.POSITIVE_INFINITY)])
    .optional(),
  onWarning: callback.optional(),
});

/** The same of a publisher. */
export const PUBLISHER_OPTIONS = z.strictObject({
  run: text.optional(),
  queueType: queueType.optional(),
  ordered: z.boolean().optional(),
});

/** The same of a task. */
export const SEND_OPTIONS = z.strictObject({
  id: z.string().optional(),
  queue: z.string().optional(),
  traceparent: z.string().optional(),
  tracestate: z.string().optional(),
});

const signal = z.instanceof(AbortSignal, { error: 'not an AbortSignal' }).optional();
/** The same of what an application may stop to wait for. */
export const SIGNAL_OPTIONS = z.strictObject({ signal });
/** The same of its end. */
export const CLOSE_OPTIONS = z.strictObject({ withinMs: z.number().min(0).max(LONGEST_MS).optional() });

/** The same of a worker. */
export const WORKER_OPTIONS = z.strictObject({
  handlers: z
    .record(z.string(), callback)
    .refine(
      (handlers) => Object.keys(handlers).length > 0,
      'there is no handler: give a function for each task name',
    ),
  name: text.max(200).optional(),
  concurrency: z.int().min(1).max(10_000).optional(),
  queues: z.array(text).optional(),
  exclude: z.array(text).optional(),
  also: z.array(text).optional(),
  maxAttempts: z.int().min(1).max(1_000).optional(),
  backoff: text.optional(),
  taskTimeoutMs: z.number().min(1).max(LONGEST_MS).optional(),
  ordered: z.boolean().optional(),
  queueType: queueType.optional(),
  exitWhen: z.enum(['empty', 'idle']).optional(),
  count: z.int().min(1).optional(),
  onReady: callback.optional(),
  onTaskEnded: callback.optional(),
});

/**
 * Refuses options that make no sense, and those that there are not: a name that is misspelt would do nothing.
 *
 * @param what whose options these are, for messages
 * @throws FairqError (usage)
 */
export function checkOptions(schema: z.ZodType, options: unknown, what: string): void {
  const { error } = schema.safeParse(options);
  if (error === undefined) return;
  const issue = error.issues[0];
  const where = issue?.path.join('.');
  throw usageError('BAD_OPTION', `${what}: ${where ? `${where}: ` : ''}${issue?.message ?? 'not options'}`, {
    hint: 'docs/library.md has the options and what they mean.',
  });
}
