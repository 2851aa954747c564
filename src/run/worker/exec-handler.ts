import { spawn } from 'node:child_process';
import { Unrunnable } from '../../core/unrunnable.js';
import type { Handler, Handlers } from './handlers.js';

/** How much of what a failed program wrote to stderr is kept. */
const STDERR_KEPT_BYTES = 4_096;

/**
 * `--exec CMD`: a program for each task, through the shell. It gets the payload on stdin and the
 * task's facts as FAIRQ_TASK_* variables; exit code 0 is done, with what it wrote to stdout as the result, and
 * anything else is a failure whose reason is the end of what it wrote to stderr.
 *
 * @param resultBytes of stdout are read at the most
 * @param isWhole whether somebody is sent the result: a part of it will not do, and more than that fails the task
 */
export function execHandlers(
  command: string,
  environment: Readonly<Record<string, string | undefined>>,
  resultBytes: number,
  isWhole = false,
): Handlers {
  const handler: Handler = (payload, context) =>
    new Promise<unknown>((resolve, reject) => {
      const child = spawn(command, {
        shell: true,
        stdio: ['pipe', 'pipe', 'pipe'],
        signal: context.signal,
        env: {
          ...environment,
          FAIRQ_TASK_ID: context.id,
          FAIRQ_TASK_NAME: context.type,
          FAIRQ_TASK_USER: context.user,
          FAIRQ_TASK_RUN: context.run,
          FAIRQ_TASK_ATTEMPT: String(context.attempt),
        },
      });
      const written: Buffer[] = [];
      let size = 0;
      child.stdout.on('data', (chunk: Buffer) => {
        if (size <= resultBytes) written.push(chunk);
        size += chunk.length;
      });
      let kept = Buffer.alloc(0);
      child.stderr.on('data', (chunk: Buffer) => {
        kept = Buffer.concat([kept, chunk]).subarray(-STDERR_KEPT_BYTES);
      });
      // A program that does not read its input closes the pipe early; its exit code says whether that was well.
      child.stdin.on('error', () => {});
      child.stdin.end(payload.bytes);
      child.once('error', reject);
      child.once('close', (code, signal) => {
        if (code === 0 && isWhole && size > resultBytes)
          reject(
            new Unrunnable(`it has run, and wrote more than ${resultBytes} bytes: too much for an answer`),
          );
        else if (code === 0) resolve(resultOf(Buffer.concat(written), resultBytes));
        else
          reject(
            new Error(
              [signal ? `killed by ${signal}` : `exit code ${code}`, kept.toString('utf8').trim()]
                .filter((part) => part !== '')
                .join(': '),
            ),
          );
      });
    });
  return { find: () => handler, names: [command] };
}

/** JSON where it is that, else the text, or the bytes where it is no text; nothing where there was nothing. */
function resultOf(bytes: Buffer, mostBytes: number): unknown {
  if (bytes.length === 0) return undefined;
  if (bytes.length > mostBytes) return bytes; // not all of it, and too much
  const text = bytes.toString('utf8');
  if (!Buffer.from(text).equals(bytes)) return bytes;
  try {
    return JSON.parse(text);
  } catch {
    return text.replace(/\r?\n$/, '');
  }
}
