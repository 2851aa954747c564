// Puts the modules of `dist` that a command runs together, into fewer files. Node loads each file by itself, and a worker
// spent most of its start on 350 of them.
import { rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { build } from 'esbuild';
import { root } from './run.mjs';

const dist = join(root, 'dist');

/** What is started as a program, or by one. */
const ENTRIES = {
  main: join(dist, 'cli/main.js'),
  io: join(dist, 'process/io.js'),
  keeper: join(dist, 'broker/node/keeper.js'),
  'plain-program': join(dist, 'broker/plain/plain-program.js'),
};

/** What `bin/fairq.js` runs. `tsc` alone writes the one that loads the modules again: an old bundle is never run. */
const PROGRAM = join(dist, 'cli/program.js');
const FROM_BUNDLE = `export { processIo } from '../bundle/io.js';
export { main } from '../bundle/main.js';
`;

/**
 * Classes that the library gives to applications too. A handler module throws them to its worker, which has to know
 * them: there is one of each in a process.
 */
const SHARED = ['core/errors/errors.js', 'core/message/non-retryable-error.js'].map((path) =>
  join(dist, path),
);

export async function bundle(folder) {
  rmSync(folder, { recursive: true, force: true });
  const shared = {
    name: 'shared',
    setup: ({ onResolve }) =>
      onResolve({ filter: /^\./ }, ({ path, resolveDir }) => {
        const file = join(resolveDir, path);
        return SHARED.includes(file) ? { path: relative(folder, file), external: true } : undefined;
      }),
  };
  await build({
    entryPoints: ENTRIES,
    outdir: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    chunkNames: '[name]-[hash]',
    logLevel: 'error',
    plugins: [shared],
  });
  writeFileSync(PROGRAM, FROM_BUNDLE);
}
