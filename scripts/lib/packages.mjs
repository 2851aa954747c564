// The npm packages: `npm ci` when node_modules is not what package-lock.json says.
import { existsSync, readFileSync } from 'node:fs';
import { root, run, say } from './run.mjs';

export async function installPackages() {
  if (packagesAreInstalled()) return;
  say('installing the npm packages (npm ci)');
  await run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund']);
}

/**
 * npm writes what it has installed to node_modules/.package-lock.json, last of all. Every package has to be
 * in both at the same version, but for those that are left out on this machine's system.
 */
export function packagesAreInstalled() {
  const wanted = lockedPackages('package-lock.json');
  const present = lockedPackages('node_modules/.package-lock.json');
  if (wanted === null || present === null) return false;
  const missing = [...wanted].some(([path, entry]) => !entry.optional && !present.has(path));
  const differs = [...present].some(([path, entry]) => wanted.get(path)?.version !== entry.version);
  return (
    !missing && !differs && [...present.keys()].every((path) => existsSync(`${root}${path}/package.json`))
  );
}

function lockedPackages(file) {
  try {
    const { packages } = JSON.parse(readFileSync(root + file, 'utf8'));
    return new Map(Object.entries(packages).filter(([path]) => path !== ''));
  } catch {
    return null;
  }
}
