// RabbitMQ of other Debian suites, each in a root file system of its own that stays for the next time.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { debianPrefix, installWithApt } from './apt.mjs';
import { cacheFolder, draftOf, removeAbandoned } from './cache.mjs';
import { debianMirror } from './debian-mirror.mjs';
import { ask, run, SetupError, say } from './run.mjs';

/** Suites, and the RabbitMQ that they have; Debian sid moves on. */
export const SUITES = { bookworm: '3.10', trixie: '4.0', sid: '4.3' };

const SERVER_IN_ROOT = '/usr/lib/rabbitmq/bin/rabbitmq-server';

/**
 * Resolves with the program to name in FAIRQ_RABBITMQ_SERVER; null where that is the server which is
 * installed on this machine. Throws a SetupError that says why this machine cannot have it.
 */
export async function provideBroker(suite, { renew = false } = {}) {
  if (!(suite in SUITES)) {
    throw new SetupError(`There is no suite ${suite} here, only ${Object.keys(SUITES).join(', ')}.`);
  }
  if (suite === ownSuite()) return null;
  if (process.platform !== 'linux') throw new SetupError('A root file system of Debian runs only on Linux.');
  if (process.getuid() !== 0) throw new SetupError('Only root may make a root file system, and run in it.');
  const place = join(cacheFolder('brokers'), suite);
  if (renew || !existsSync(place)) await make(suite, place);
  // Not kept from the time when the root was made: it may be a fairq from before that made it.
  const server = join(place, 'rabbitmq-server');
  writeWhole(server, wrapperOf(join(place, 'root')));
  return server;
}

function ownSuite() {
  try {
    const release = readFileSync('/etc/os-release', 'utf8');
    if (!/^ID=debian$/m.test(release)) return undefined;
    return /^VERSION_CODENAME=(\w+)/m.exec(release)?.[1];
  } catch {
    return undefined;
  }
}

/** Made aside and moved into its place whole, so that what is there is always complete. */
async function make(suite, place) {
  const mirror = debianMirror();
  if (mirror === null) throw new SetupError('No source of apt is a Debian mirror.');
  await provideDebootstrap();
  const parent = cacheFolder('brokers');
  mkdirSync(parent, { recursive: true });
  removeAbandoned(parent);
  say(`making a Debian ${suite} with RabbitMQ ${SUITES[suite]} in ${place}, from ${mirror}: about 40 s`);
  const draft = draftOf(parent, suite);
  const interrupted = new AbortController();
  try {
    await debootstrap(suite, join(draft, 'root'), mirror, interrupted);
    rmSync(place, { recursive: true, force: true });
    renameSync(draft, place);
  } finally {
    rmSync(draft, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    // Who interrupts this wants no other suite either.
    if (interrupted.signal.aborted) process.exit(130);
  }
}

async function provideDebootstrap() {
  if (ask('debootstrap', ['--version']) !== null) return;
  if (debianPrefix() === null) throw new SetupError('There is no debootstrap, and no apt-get to install it.');
  await installWithApt('debootstrap');
}

async function debootstrap(suite, root, mirror, interrupted) {
  const interrupt = () => interrupted.abort();
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  // Not once: a terminal or a supervisor may well send the same twice.
  for (const signal of signals) process.on(signal, interrupt);
  try {
    // What it mounts in there (/proc) goes with it, and cannot be in the way when a draft is removed.
    const args = ['--mount', 'debootstrap', '--variant=minbase', '--include=rabbitmq-server,adduser'];
    await run('unshare', [...args, suite, root, mirror], interrupted.signal);
  } finally {
    for (const signal of signals) process.off(signal, interrupt);
  }
  if (!existsSync(root + SERVER_IN_ROOT)) {
    throw new SetupError(`RabbitMQ of Debian ${suite} is not where it should be, ${SERVER_IN_ROOT}.`);
  }
  // Debian sid makes none, and without it Erlang does not find itself.
  writeFileSync(`${root}/etc/hosts`, '127.0.0.1 localhost\n');
  for (const used of ['var/cache/apt', 'var/lib/apt/lists']) rmSync(join(root, used), { recursive: true });
}

function writeWhole(file, text) {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, text, { mode: 0o755 });
  renameSync(draft, file);
}

/**
 * The server as a program of this machine: `exec` all the way, so that the process which fairq starts is
 * the node and gets its signals. The mounts are the node's own and go with it, however it ends. The folder
 * at the top of the node's home is this machine's, so that the node's files have the same path inside.
 */
function wrapperOf(root) {
  const quoted = `'${root.replaceAll("'", "'\\''")}'`;
  return `#!/bin/sh
# RabbitMQ in a root file system of its own; made by fairq's scripts/lib/brokers.mjs.
set -eu
root=${quoted}
if [ "\${1-}" != --mounted ]; then
  exec unshare --mount --propagation private "$0" --mounted "$@"
fi
shift
home=\${HOME#/}
home=/\${home%%/*}
mkdir -p "$root$home"
for folder in /proc /dev "$home"; do mount --rbind "$folder" "$root$folder"; done
# Libraries of this machine are not for the programs inside.
unset LD_LIBRARY_PATH
exec chroot "$root" env --chdir="$HOME" \\
  PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \\
  ${SERVER_IN_ROOT} "$@"
`;
}
