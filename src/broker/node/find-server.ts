import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { unreachableError, usageError } from '../../core/errors/errors.js';

export interface ServerPrograms {
  readonly server: string;
  /** Erlang's port mapper, which fairq starts itself so that it can also stop it. */
  readonly epmd: string;
  /** `PATH` for the node: the server is a shell script that looks for `erl`. */
  readonly path: string;
}

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Debian's and Red Hat's own folder comes first: the `rabbitmq-server` on their `PATH` is a wrapper that
 * changes to the user `rabbitmq` and to the system's folders.
 */
const PACKAGED_SERVER = '/usr/lib/rabbitmq/bin/rabbitmq-server';
const HOMEBREW_PREFIXES = ['/opt/homebrew', '/usr/local', '/home/linuxbrew/.linuxbrew'];
const USUAL_PATH = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** Finds RabbitMQ and Erlang's epmd on this machine; the error says how to install them. */
export function findServer(env: Env): ServerPrograms {
  const folders = [...(env.PATH ?? '').split(delimiter).filter((folder) => folder !== ''), ...USUAL_PATH];
  const brewed = homebrewPrefixes(env, folders);
  const server = namedServer(env) ?? firstProgram(serverCandidates(folders, brewed));
  if (server === null) throw notInstalled('No rabbitmq-server was found on this machine.');
  const erlangFolders = [
    ...folders,
    ...brewed.flatMap((prefix) => [join(prefix, 'bin'), join(prefix, 'opt/erlang/bin')]),
    '/usr/lib/erlang/bin',
    '/usr/local/lib/erlang/bin',
  ];
  const epmd = firstProgram(erlangFolders.map((folder) => join(folder, 'epmd')));
  if (epmd === null) throw notInstalled(`${server} is there, but Erlang's epmd was not found.`);
  return { server, epmd, path: [...new Set([...folders, dirname(epmd)])].join(delimiter) };
}

function namedServer(env: Env): string | null {
  const named = env.FAIRQ_RABBITMQ_SERVER;
  if (named === undefined || named === '') return null;
  if (isProgram(named)) return named;
  throw usageError('BAD_RABBITMQ_SERVER', `FAIRQ_RABBITMQ_SERVER names ${named}, which is not a program.`, {
    hint: 'Name the rabbitmq-server script itself, by its absolute path, or unset FAIRQ_RABBITMQ_SERVER.',
  });
}

function serverCandidates(folders: readonly string[], brewed: readonly string[]): string[] {
  return [
    PACKAGED_SERVER,
    ...brewed.map((prefix) => join(prefix, 'opt/rabbitmq/sbin/rabbitmq-server')),
    ...folders.map((folder) => join(folder, 'rabbitmq-server')),
  ];
}

/** What `brew --prefix` would print is the folder above brew's own; asking it takes a second. */
function homebrewPrefixes(env: Env, folders: readonly string[]): string[] {
  const brew = firstProgram(folders.map((folder) => join(folder, 'brew')));
  const named = env.HOMEBREW_PREFIX ? [env.HOMEBREW_PREFIX] : [];
  return [...new Set([...named, ...(brew === null ? [] : [dirname(dirname(brew))]), ...HOMEBREW_PREFIXES])];
}

function firstProgram(candidates: readonly string[]): string | null {
  return candidates.find(isProgram) ?? null;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function notInstalled(message: string): Error {
  return unreachableError('NO_RABBITMQ', message, {
    hint:
      'Install it (`apt-get install rabbitmq-server`, or `brew install rabbitmq`), name its rabbitmq-server ' +
      'script in FAIRQ_RABBITMQ_SERVER, or set FAIRQ_URI to a broker that is already running.',
  });
}
