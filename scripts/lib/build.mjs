// The build: `tsc` when dist is not what the present sources compile to.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { root, run, say } from './run.mjs';

const stampFile = `${root}dist/.stamp`;
// A package's version decides what comes out of tsc, and what it finds wrong.
const INPUTS = ['tsconfig.json', 'package-lock.json'];

export async function build() {
  const sources = digestOfSources();
  if (isBuilt(sources)) return;
  say('compiling (tsc)');
  rmSync(stampFile, { force: true });
  await run(process.execPath, [join('node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.json']);
  removeOrphans();
  writeFileSync(stampFile, stampOf(sources));
}

function isBuilt(sources) {
  try {
    return readFileSync(stampFile, 'utf8') === stampOf(sources);
  } catch {
    return false;
  }
}

/**
 * Contents, not times: git sets those as it likes. Of what was built the times and sizes, so that a build
 * by hand between two checkouts is noticed.
 */
function stampOf(sources) {
  const outputs = createHash('sha256');
  for (const file of filesIn(`${root}dist`)) {
    if (file === stampFile) continue;
    const { size, mtimeMs } = statSync(file);
    outputs.update(`${relative(root, file)} ${size} ${mtimeMs}\n`);
  }
  return `sources ${sources}\noutputs ${outputs.digest('hex')}\n`;
}

function digestOfSources() {
  const digest = createHash('sha256');
  for (const file of [...INPUTS.map((name) => root + name), ...filesIn(`${root}src`)]) {
    digest.update(`${relative(root, file)}\n`).update(readFileSync(file));
  }
  return digest.digest('hex');
}

/** What was compiled from a source that is no longer there would still be imported, tested, or packed. */
function removeOrphans() {
  for (const file of filesIn(`${root}dist`)) {
    const source = file.replace(`${root}dist`, `${root}src`).replace(/\.js$/, '.ts');
    if (/\.js\.map$/.test(file) || (file.endsWith('.js') && !existsSync(source))) rmSync(file);
  }
}

function filesIn(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}
