import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { type Names, routingKeyOf } from '../../core/names.js';
import { messageOf, usageError } from '../../errors.js';
import type { PlannedTask } from './publish-run.js';

const line = z.strictObject({
  user: z.string().min(1),
  task: z.string().min(1).max(255).optional(),
  payload: z.unknown().optional(),
});

/**
 * Reads `--from FILE|-`: one task a line, `{"user", "task", "payload"}`. Everything is read and
 * checked before anything is sent. A payload that is a text goes as it is, any other as JSON.
 */
export async function readTaskFile(
  file: string,
  stdin: NodeJS.ReadableStream,
  names: Names,
  defaultTask: string,
): Promise<PlannedTask[]> {
  const content = await readAll(file, stdin);
  const tasks: PlannedTask[] = [];
  for (const [index, source] of content.split('\n').entries()) {
    if (source.trim() === '') continue;
    tasks.push(parseLine(source, index + 1, file, names, defaultTask));
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
  names: Names,
  defaultTask: string,
): PlannedTask {
  const bad = (reason: string, cause?: unknown) =>
    usageError('BAD_LINE', `${nameOf(file)}, line ${number}: ${reason}; nothing was sent`, {
      hint: 'Each line is {"user": "…", "task": "…", "payload": …}; task and payload may be left out.',
      cause,
    });
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
  const { user, task, payload } = result.data;
  try {
    routingKeyOf(names, user);
  } catch (error) {
    throw bad(messageOf(error), error);
  }
  const isText = typeof payload === 'string';
  return {
    user,
    type: task ?? defaultTask,
    contentType: isText ? 'text/plain' : 'application/json',
    payload:
      payload === undefined ? Buffer.alloc(0) : Buffer.from(isText ? payload : JSON.stringify(payload)),
  };
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
