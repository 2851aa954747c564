import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { fairq, fairqJson, RunningFairq } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import { useVhost } from '../support/vhost.js';

const { env } = useVhost();
const folder = useFolder();

describe('a handler module that does not load', () => {
  const WRONG = 'export const fine = 1;\nexport function x() {\n  return ));\n}\n';
  const MODULES: Readonly<Record<string, string>> = {
    'wrong.mjs': WRONG,
    'wrong.cjs': 'module.exports = {\n  x: 1,\n  y: ));\n};\n',
    'imports.mjs': "import './wrong.mjs';\n",
    'missing.mjs': "\n\nimport { nothing } from './fine.mjs';\n",
    'throws.mjs': 'export const x = 1;\n\nnull.name;\n',
    'fine.mjs': 'export const x = () => 1;\n',
  };

  it.each([
    ['a syntax error', 'wrong.mjs', 'wrong.mjs:3'],
    ['one in CommonJS', 'wrong.cjs', 'wrong.cjs:3'],
    ['one in a module that it imports', 'imports.mjs', 'wrong.mjs:3'],
    ['an import that is not exported', 'missing.mjs', 'missing.mjs:3'],
    ['an exception', 'throws.mjs', 'throws.mjs:3'],
  ])('for %s is told with file and line', async (_, name, place) => {
    for (const [file, text] of Object.entries(MODULES)) await writeFile(folder.file(file), text);
    const { code, stderr } = await fairq(env, 'worker', '--handler', folder.file(name));
    expect(code).toBe(64);
    expect(stderr).toContain(`${folder.file(name)} does not load: `);
    expect(stderr).toContain(`(${folder.file(place)})`);
  });

  it('since it waits for what does not come is named, and the worker can be stopped', async () => {
    const file = folder.file('waits.mjs');
    await writeFile(file, 'await new Promise(() => {});\nexport const x = () => 1;\n');
    const worker = new RunningFairq(['worker', '--handler', file], env);
    await worker.says(/waits\.mjs has been loading for \d+ s: an "await" outside of its functions/);
    worker.signal('SIGTERM');
    expect((await worker.ended).code).toBe(0);
  });
});

describe('a handler module that imports a package', () => {
  it('has it from where it really is, as package managers that link their packages need it', async () => {
    await mkdir(folder.file('store/one/build'), { recursive: true });
    await mkdir(folder.file('app'));
    await writeFile(folder.file('store/one/package.json'), '{"name":"one","main":"build/index.js"}');
    await writeFile(folder.file('store/one/build/index.js'), 'module.exports = __filename;');
    await symlink(folder.file('store'), folder.file('app/node_modules'));
    await writeFile(
      folder.file('app/look.mjs'),
      "import place from 'one';\nexport const look = () => place;\n",
    );
    const { id } = await fairqJson<{ id: string }>(env, 'publish', '--user', 'P', '--task', 'look');
    // The worker's output is a pipe here.
    await fairq(env, 'worker', '--handler', folder.file('app/look.mjs'), '--exit-when', 'empty');
    const { result } = await fairqJson(env, 'task', id);
    expect(result).toBe(folder.file('store/one/build/index.js'));
  });

  it('may throw what fairq itself exports, and its worker knows it', async () => {
    const library = new URL('../../dist/library/index.js', import.meta.url);
    const module = `import { NonRetryableError } from '${library}';
      export const never = () => { throw new NonRetryableError('never again'); };\n`;
    await writeFile(folder.file('throws-ours.mjs'), module);
    const { id } = await fairqJson<{ id: string }>(env, 'publish', '--user', 'N', '--task', 'never');
    await fairq(env, 'worker', '--handler', folder.file('throws-ours.mjs'), '--exit-when', 'empty');
    expect(await fairqJson(env, 'task', id)).toMatchObject({ state: 'failed', attempt: 1 });
  });
});
