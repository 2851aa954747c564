// What the set-up steps share: saying what is done, and running a program out of sight.
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
const logFile = `${root}.fairq/setup.log`;
/** Of a long output: npm says what is wrong first, most others say it last. */
const SHOWN = { first: 8, last: 16 };

/** Something the user has to put right: shown without a stack trace. */
export class SetupError extends Error {}

/** One line on stderr. */
export function say(text) {
  process.stderr.write(`set-up: ${text}\n`);
}

/**
 * Runs a program to its end, with its output in `.fairq/setup.log`. When it fails, throws a SetupError
 * with the end of what it printed. When the signal aborts, the program and
 * all that it has started are told to end.
 */
export async function run(command, args, signal) {
  mkdirSync(`${root}.fairq`, { recursive: true });
  const log = openSync(logFile, 'a');
  const start = statSync(logFile).size;
  const outcome = await new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: ['ignore', log, log],
      // A process group of its own can be ended as one.
      detached: signal !== undefined,
    });
    signal?.addEventListener('abort', () => process.kill(-child.pid, 'SIGTERM'), { once: true });
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ?? code));
  });
  closeSync(log);
  if (outcome === 0) return;
  const printed = readFileSync(logFile).subarray(start).toString().trimEnd().split('\n');
  const what = `"${[command, ...args].join(' ')}" failed (${outcome}); all of its output is in .fairq/setup.log:`;
  throw new SetupError([what, ...shorten(printed).map((line) => `  ${line}`)].join('\n'));
}

function shorten(lines) {
  const { first, last } = SHOWN;
  return lines.length <= first + last ? lines : [...lines.slice(0, first), '…', ...lines.slice(-last)];
}

/** What a program prints, or null when it is not there or fails. */
export function ask(command, args) {
  const { status, stdout } = spawnSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 20_000,
  });
  return status === 0 ? stdout.trim() : null;
}
