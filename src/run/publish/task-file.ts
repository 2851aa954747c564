import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { type FairqError, messageOf, usageError } from '../../errors.js';
import type { PlannedTask } from './publish-run.js';
import { type LineOptions, parseTaskLine } from './task-line.js';

/**
 * Reads `--from FILE|-`: one task a line, `{"id", "user", "queue", "task", "payload"}`. Everything is read and
 * checked before anything is sent. A payload that is a text goes as it is, any other as JSON; bytes that are
 * no text come as `payloadBase64`. A `contentType` says what they are, where it is not the obvious.
 */
export async function readTaskFile(
  file: string,
  stdin: NodeJS.ReadableStream,
  options: LineOptions,
): Promise<PlannedTask[]> {
  const content = await readAll(file, stdin);
  const tasks: PlannedTask[] = [];
  const lines = new Map<string, number>();
  for (const [index, source] of content.split('\n').entries()) {
    if (source.trim() === '') continue;
    const number = index + 1;
    const task = parsed(source, number, file, options);
    tasks.push(task);
    // A task that was sent twice may have been saved twice.
    if (task.id === undefined || task.envelope !== undefined) continue;
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

function parsed(source: string, number: number, file: string, options: LineOptions): PlannedTask {
  try {
    return { ...parseTaskLine(source, options), line: number };
  } catch (error) {
    throw badLine(file, number, messageOf(error), error);
  }
}

function badLine(file: string, number: number, reason: string, cause?: unknown): FairqError {
  return usageError('BAD_LINE', `${nameOf(file)}, line ${number}: ${reason}; nothing was sent`, {
    hint: 'Each line is {"user": "…", "task": "…", "payload": …}; task and payload may be left out, and the user where there is a "queue".',
    cause,
  });
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
