import { execFile } from 'node:child_process';
import { usageError } from '../../../core/errors/errors.js';

/** Words of a command line that runs Celery. */
export interface CeleryCommand {
  readonly words: readonly string[];
  /** As it says itself. */
  readonly version: string;
}

const CANDIDATES = ['celery', '/usr/bin/python3 -m celery', 'python3 -m celery'];
/** A Python that starts takes a second where the machine is busy. */
const ANSWERS_WITHIN_MS = 30_000;

/**
 * Looks for Celery: the command that was given, or what is installed. Debian's package brings no program, and
 * belongs to Debian's Python, which need not be the first on the path.
 */
export async function findCelery(
  given: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Promise<CeleryCommand> {
  for (const command of given === undefined ? CANDIDATES : [given]) {
    const words = command.trim().split(/\s+/);
    const version = await versionOf(words, env);
    if (version !== undefined) return { words, version };
  }
  throw usageError(
    'NO_CELERY',
    given === undefined ? 'there is no Celery here to play "celery" with' : `"${given}" does not run Celery`,
    {
      hint: 'Install it (pip install celery, or apt-get install python3-celery), or name it with --celery-command or FAIRQ_CELERY, such as "/opt/app/bin/python -m celery".',
    },
  );
}

function versionOf(
  [program = '', ...args]: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(program, [...args, '--version'], { env, timeout: ANSWERS_WITHIN_MS }, (error, stdout) => {
      const version = /^\d+\.\d+\S*/m.exec(stdout.trim())?.[0];
      resolve(error === null ? version : undefined);
    });
  });
}
