import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import type { RunReport } from '../../src/core/reports/run-report.js';
import { fairq, fairqJson } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import { useVhost } from '../support/vhost.js';

const { env } = useVhost();
const folder = useFolder();

it('a handler that blocks for longer than the broker waits is named, and nothing that it held up runs twice', async () => {
  const log = folder.file('log');
  const module = folder.file('blocks.mjs');
  await writeFile(
    module,
    `import { appendFileSync } from 'node:fs';
     export function block(payload, { id }) {
       appendFileSync(${JSON.stringify(log)}, id + '\\n');
       const end = performance.now() + 5_000;
       while (performance.now() < end);
     }`,
  );
  await fairqJson(env, 'publish', '--user', 'B', '--task', 'block', '--count', '4', '--run', 'block');
  const impatient = { ...env, FAIRQ_URI: `${env.FAIRQ_URI}?heartbeat=1` };
  const { code, stderr } = await fairq(impatient, 'worker', '--handler', module, '--exit-when', 'empty');
  expect(code, stderr).toBe(0);
  expect(stderr).toMatch(/the handler of task \S+ of user "B" kept the event loop busy for \d+ s/);
  const started = readFileSync(log, 'utf8').trim().split('\n');
  expect(started, stderr).toHaveLength(4);
  expect(new Set(started).size).toBe(4);
  expect(await fairqJson<RunReport>(env, 'report', '--run', 'block')).toMatchObject({
    completed: 4,
    duplicates: 0,
    missing: 0,
  });
});
