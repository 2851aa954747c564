import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { useFolder } from '../support/folder.js';
import { deadLinks } from '../support/markdown.js';
import { useVhost } from '../support/vhost.js';

const checkout = fileURLToPath(new URL('../..', import.meta.url));
const folder = useFolder();
const vhost = useVhost();
const run = promisify(execFile);
/** The registry may be slow; what it gave once is taken from npm's own store. */
const INSTALL_WITHIN_MS = 240_000;

let app: string;
let installed: string;

beforeAll(async () => {
  // What is packed is `dist` as it is: a build would take it away from under the other tests.
  const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder.file('')];
  const { stdout } = await run('npm', pack, { cwd: checkout });
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
  app = folder.file('app');
  installed = join(app, 'node_modules', 'fairq');
  await mkdir(app);
  const quietly = ['--prefer-offline', '--no-audit', '--no-fund'];
  await run('npm', ['install', ...quietly, folder.file(filename)], { cwd: app });
}, INSTALL_WITHIN_MS);

test('the package that is packed runs in an empty folder', async () => {
  const { version } = JSON.parse(await readFile(join(checkout, 'package.json'), 'utf8'));
  expect((await run('npx', ['--no-install', 'fairq', '--version'], { cwd: app })).stdout).toBe(
    `${version}\n`,
  );
  const { stdout } = await run('npx', ['--no-install', 'fairq', 'bench', '--list'], { cwd: app });
  expect(stdout).toContain('noisy');
});

test('its commands run from few files', async () => {
  const env = { ...process.env, NODE_V8_COVERAGE: folder.file('loaded') };
  await run(process.execPath, [join(installed, 'bin/fairq.js'), '--version'], { cwd: app, env });
  const [file = ''] = await readdir(folder.file('loaded'));
  const { result } = JSON.parse(await readFile(join(folder.file('loaded'), file), 'utf8')) as {
    readonly result: readonly { readonly url: string }[];
  };
  const loaded = result.map(({ url }) => url).filter((url) => url.includes('/dist/'));
  expect(loaded.filter((url) => url.includes('/dist/bundle/')).length).toBeGreaterThan(0);
  expect(loaded.filter((url) => url.includes('/dist/commands/'))).toEqual([]);
});

test('its documents link to nothing that is not in it', async () => {
  const documents = (await filesOf(installed)).filter((file) => file.endsWith('.md'));
  expect(documents.map((file) => file.replace(`${installed}/`, ''))).toContain('docs/celery.md');
  expect(documents.flatMap(deadLinks)).toEqual([]);
});

test('it has no source map without its source, and nothing but what it runs', async () => {
  const files = await filesOf(installed);
  expect(files.filter((file) => file.endsWith('.map') || file.includes('.stamp'))).toEqual([]);
  const mapped = [];
  for (const file of files.filter((name) => name.endsWith('.js'))) {
    if ((await readFile(file, 'utf8')).includes('sourceMappingURL')) mapped.push(file);
  }
  expect(mapped).toEqual([]);
  // Compiled from a source that is there, so that nothing left over from an earlier build is packed.
  const dist = join(installed, 'dist');
  const orphans = files
    .filter((file) => file.startsWith(dist) && !file.startsWith(join(dist, 'bundle')))
    .filter((file) => {
      const source = file.replace(dist, join(checkout, 'src')).replace(/(\.d\.ts|\.js)$/, '.ts');
      return !existsSync(source) && !existsSync(`${source}x`);
    });
  expect(orphans).toEqual([]);
});

test('the example of the library runs, and prints what its page says', async () => {
  const page = await readFile(join(installed, 'docs', 'library.md'), 'utf8');
  const [, example = ''] = /```js\n([\s\S]*?)```/.exec(page) ?? [];
  const [, printed] = /It prints:\n\n```\n([\s\S]*?)```/.exec(page) ?? [];
  await writeFile(join(app, 'example.mjs'), example);
  const { stdout, stderr } = await run(process.execPath, ['example.mjs'], {
    cwd: app,
    env: { ...process.env, ...vhost.env },
  });
  expect(stdout).toBe(printed);
  expect(stderr).toBe('');
});

test('the library has types', async () => {
  const compile = async (expression: string) => {
    await writeFile(
      join(app, 'typed.mts'),
      `import { connect, type SentTask } from 'fairq';\nconst fairq = await connect();\nexport const it: SentTask = ${expression};\n`,
    );
    const typeRoots = join(checkout, 'node_modules', '@types');
    const flags = ['--noEmit', '--strict', '--skipLibCheck', '--target', 'es2023', '--module', 'nodenext'];
    const tsc = join(checkout, 'node_modules', 'typescript', 'bin', 'tsc');
    return run(process.execPath, [tsc, ...flags, '--typeRoots', typeRoots, '--types', 'node', 'typed.mts'], {
      cwd: app,
    });
  };
  await compile("await fairq.publisher.send('ann', 'double', 21)");
  await expect(compile("await fairq.task('an id')")).rejects.toThrow();
});

async function filesOf(root: string): Promise<string[]> {
  const entries = await readdir(root, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
