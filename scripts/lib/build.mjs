// The build, when dist is not what the present sources compile to: `tsc` for the program, and `esbuild`, which bundles it, and
// makes the page in the browser.
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { root, run, say } from './run.mjs';

const stampFile = `${root}dist/.stamp`;
const bundleFolder = join(root, 'dist/bundle');
// A package's version decides what comes out, and what is found wrong.
const INPUTS = ['tsconfig.json', 'package-lock.json', 'scripts/lib/bundle.mjs'];
/** What a browser is given: made of `src/page`, and in one piece. */
const PAGE = 'dist/page';

export async function build() {
  const sources = digestOfSources();
  if (isBuilt(sources)) return;
  say('compiling (tsc)');
  rmSync(stampFile, { force: true });
  const tsc = join('node_modules', 'typescript', 'bin', 'tsc');
  await run(process.execPath, [tsc, '-p', 'tsconfig.json']);
  await run(process.execPath, [tsc, '-p', join('src', 'page', 'tsconfig.json')]);
  removeOrphans();
  await buildPage();
  // Its bundler is not there before the packages are.
  const { bundle } = await import('./bundle.mjs');
  await bundle(bundleFolder);
  writeFileSync(stampFile, stampOf(sources));
}

async function buildPage() {
  const { build: bundle } = await import('esbuild');
  await bundle({
    absWorkingDir: root,
    entryPoints: ['src/page/page.tsx', 'src/page/page.css'],
    outdir: PAGE,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'eof',
    logLevel: 'warning',
  });
  for (const file of ['page.html', 'icon.svg'])
    copyFileSync(`${root}src/page/${file}`, `${root}${PAGE}/${file}`);
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
    if (file.startsWith(join(root, PAGE)) || file.startsWith(bundleFolder)) continue;
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
