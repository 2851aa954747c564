import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { carriedText } from '../../core/carried.js';
import { type FairqError, messageOf, usageError } from '../../errors.js';
import type { Places } from './places.js';
import type { PlannedTask } from './publish-run.js';

const line = z.strictObject({
  id: z.string().min(1).optional(),
  /** The queue's name, where it is left out. */
  user: z.string().min(1).optional(),
  queue: z.string().optional(),
  task: z.string().min(1).max(255).optional(),
  payload: z.unknown().optional(),
  /** For bytes that are no text. */
  payloadBase64: z.base64().optional(),
  contentType: z.string().max(255).optional(),
});
type Line = z.infer<typeof line>;

/** A task as a line that `--from` reads back: the same bytes, whatever they are. */
export function taskLine({ user, queue, type, contentType, payload }: PlannedTask): string {
  const text = payload.toString('utf8');
  const isText = Buffer.from(text, 'utf8').equals(payload);
  const carried = isText ? { payload: text } : { payloadBase64: payload.toString('base64') };
  return JSON.stringify({ user, queue, task: type, contentType, ...carried } satisfies Line);
}

/**
 * Reads `--from FILE|-`: one task a line, `{"id", "user", "queue", "task", "payload"}`. Everything is read and
 * checked before anything is sent. A payload that is a text goes as it is, any other as JSON; bytes that are
 * no text come as `payloadBase64`. A `contentType` says what they are, where it is not the obvious.
 */
export async function readTaskFile(
  file: string,
  stdin: NodeJS.ReadableStream,
  defaultTask: string,
  places: Places,
): Promise<PlannedTask[]> {
  const content = await readAll(file, stdin);
  const tasks: PlannedTask[] = [];
  const lines = new Map<string, number>();
  for (const [index, source] of content.split('\n').entries()) {
    if (source.trim() === '') continue;
    const number = index + 1;
    const task = parseLine(source, number, file, defaultTask, places);
    tasks.push(task);
    if (task.id === undefined) continue;
    const before = lines.get(task.id);
    if (before !== undefined) throw badLine(file, number, `the id is that of line ${before}`);
    lines.set(task.id, number);
  }
  if (tasks.length === 0) {
    throw usageError('NO_TASKS', `${nameOf(file)} holds no task`, {
      hint: 'Write one task a line, such as {"user":"A","task":"noop","payload":"…"}.',
    });
  }
  return tasks;
}

function parseLine(
  source: string,
  number: number,
  file: string,
  defaultTask: string,
  places: Places,
): PlannedTask {
  const bad = (reason: string, cause?: unknown) => badLine(file, number, reason, cause);
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch (error) {
    throw bad(`not JSON (${messageOf(error)})`, error);
  }
  const result = line.safeParse(value);
  if (!result.success) {
    const issue = result.error.issues[0];
    throw bad(`${issue?.path.join('.') || 'the line'}: ${issue?.message ?? 'not a task'}`);
  }
  const { id, user, queue, task = defaultTask, payload, payloadBase64, contentType } = result.data;
  if (id !== undefined && carriedText(id) === undefined) throw bad('the id is longer than 255 bytes');
  if (id?.isWellFormed() === false || !task.isWellFormed())
    throw bad('the id or the task is not valid Unicode');
  if (payload !== undefined && payloadBase64 !== undefined)
    throw bad('payload and payloadBase64 exclude each other');
  try {
    return {
      id,
      ...places.of(task, user, queue),
      type: task,
      ...carriedBy(payload, payloadBase64, contentType),
    };
  } catch (error) {
    throw bad(messageOf(error), error);
  }
}

function badLine(file: string, number: number, reason: string, cause?: unknown): FairqError {
  return usageError('BAD_LINE', `${nameOf(file)}, line ${number}: ${reason}; nothing was sent`, {
    hint: 'Each line is {"user": "…", "task": "…", "payload": …}; task and payload may be left out, and the user where there is a "queue".',
    cause,
  });
}

function carriedBy(
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
  const bytes = Buffer.from(JSON.stringify(payload));
  return { payload: bytes, contentType: contentType ?? 'application/json' };
}

async function readAll(file: string, stdin: NodeJS.ReadableStream): Promise<string> {
  if (file === '-') return text(stdin);
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw usageError('FILE_NOT_READ', `${file} cannot be read: ${messageOf(error)}`, {
      hint: 'Name a file of tasks after --from, or - for standard input.',
      cause: error,
    });
  }
}

function nameOf(file: string): string {
  return file === '-' ? 'standard input' : file;
}
