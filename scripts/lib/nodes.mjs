// Releases of Node beside the one that runs this, from the npm package `node`, which brings binaries.
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder, draftOf, removeAbandoned } from './cache.mjs';
import { ask, run, SetupError, say } from './run.mjs';

/** The releases that have support. */
export const RELEASES = [22, 24, 26];
/** The newest of them with long-term support. */
export const NEWEST_LTS = 24;

/** In a folder that npm has installed the package into. */
const BINARY = join('node_modules', 'node', 'bin', 'node');

/**
 * Resolves with the program of the newest version of a release that was there when it was fetched. Throws a SetupError
 * that says why this machine cannot have it.
 *
 * @param renew fetch it though there is one
 */
export async function provideNode(release, { renew = false } = {}) {
  const parent = cacheFolder('nodes');
  const place = join(parent, `${release}`);
  if (renew || !existsSync(join(place, BINARY))) await fetchInto(place, parent, release);
  return join(place, BINARY);
}

/** What a program of Node says of itself: its version, and the name of its long-term support if it has that. */
export function aboutNode(program) {
  const said = ask(program, ['-p', 'JSON.stringify([process.version, process.release.lts ?? null])']);
  if (said === null) throw new SetupError(`${program} does not run on this machine.`);
  const [version, lts] = JSON.parse(said);
  return { version, lts };
}

/** Fetched aside and moved into its place whole, so that what is there is always complete. */
async function fetchInto(place, parent, release) {
  mkdirSync(parent, { recursive: true });
  removeAbandoned(parent);
  say(`fetching Node ${release} into ${place}: about 190 MB`);
  const draft = draftOf(parent, `${release}`);
  try {
    mkdirSync(draft);
    writeFileSync(join(draft, 'package.json'), '{"private":true}\n');
    await run('npm', ['install', '--prefix', draft, '--no-audit', '--no-fund', `node@${release}`]);
    if (!existsSync(join(draft, BINARY))) {
      throw new SetupError(
        `npm has installed node@${release} without its binary: it may not run the scripts of packages here.`,
      );
    }
    rmSync(place, { recursive: true, force: true });
    renameSync(draft, place);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}
