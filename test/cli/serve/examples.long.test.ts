import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunReport } from '../../../src/core/reports/run-report.js';
import { endsWithTests } from '../../support/ends-with-tests.js';
import { eventually } from '../../support/eventually.js';
import { fairqJson } from '../../support/fairq.js';
import { ask, type HttpAnswer, startServingApart } from '../../support/serving.js';
import { useVhost } from '../../support/vhost.js';

const { env } = useVhost();
const python = ['/usr/bin/python3', 'python3'].find(
  (program) => spawnSync(program, ['-c', 'import fastapi, uvicorn']).status === 0,
);
if (python === undefined) {
  console.error('NOT RUN: examples/fastapi (apt-get install python3-fastapi python3-uvicorn)');
}
const README = readFileSync('examples/README.md', 'utf8');

/** Commands as the page prints them, to be started here: with another Python, and any free port. */
const NODE = 'node examples/express-free/server.mjs';
const UVICORN = 'python3 -m uvicorn --app-dir examples/fastapi app:app --port 3000';

const BACKENDS = [
  {
    name: 'express-free',
    printed: NODE,
    isHere: true,
    words: [process.execPath, ...NODE.split(' ').slice(1)],
    port: /listens on (\d+)/,
    many: (tasks: readonly object[]) => ({
      body: tasks.map((task) => `${JSON.stringify(task)}\n`).join(''),
      headers: { 'content-type': 'application/x-ndjson' },
    }),
  },
  {
    name: 'fastapi',
    printed: UVICORN,
    isHere: python !== undefined,
    words: [python ?? '', ...UVICORN.replace('3000', '0').split(' ').slice(1)],
    port: /running on http:\/\/127\.0\.0\.1:(\d+)/,
    many: (tasks: readonly object[]) => ({ body: tasks as object, headers: {} }),
  },
];

describe.each(BACKENDS)('the example $name', ({ name, printed, isHere, words, port, many }) => {
  let child: ChildProcess;
  let url = '';
  let serving: Awaited<ReturnType<typeof startServingApart>>;
  const run = `example-${name}`;
  const own = { ...env, FAIRQ_PREFIX: name };

  beforeAll(async () => {
    if (!isHere) return;
    serving = await startServingApart(own, '--auth', 'header', '--trusted-proxy', '127.0.0.1', '--run', run);
    const [program = '', ...args] = words;
    child = endsWithTests(
      spawn(program, args, {
        detached: true,
        env: { ...process.env, FAIRQ_SERVE: serving.url, PORT: '0' },
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    );
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        said += chunk.toString('utf8');
      });
    }
    await eventually(() => port.test(said), { timeoutMs: 60_000, what: `${name} listens (${said})` });
    url = `http://127.0.0.1:${port.exec(said)![1]}`;
  });
  afterAll(async () => {
    if (!isHere) return;
    child.kill('SIGTERM');
    serving.process.signal('SIGTERM');
    await serving.process.ended;
  });

  const as = (user: string, path: string, body?: object | string, headers = {}): Promise<HttpAnswer> =>
    ask({ url }, path, {
      headers: { authorization: `Bearer token-of-${user}`, ...headers },
      ...(body !== undefined && { body }),
    });

  it.runIf(isHere)('knows its users, and shows a task to its own alone', async () => {
    expect(README).toContain(`$ ${printed}`);
    expect((await as('X', '/tasks', { task: 'noop' })).status).toBe(401);
    const { status, json } = await as('A', '/tasks', { task: 'noop' });
    expect([status, json.user]).toEqual([202, 'A']);
    expect((await as('A', `/tasks/${json.id}`)).json).toMatchObject({ state: 'queued', task: 'noop' });
    expect((await as('B', `/tasks/${json.id}`)).status).toBe(404);
    expect((await as('A', '/tasks', { task: '' })).json.type).toBe('urn:fairq:problem:bad-request');
  });

  it.runIf(isHere)("lets B's 500 tasks be done after about 1,000, though A has sent 30,000", async () => {
    const tasks = Array.from({ length: 30_000 }, () => ({ task: 'noop' }));
    const { body, headers } = many(tasks);
    const { text } = await as('A', '/tasks/batch', body, headers);
    expect(text.match(/"id":/g)).toHaveLength(30_000);
    for (let sent = 0; sent < 500; sent += 20) {
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => as('B', '/tasks', { task: 'noop' })),
      );
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 202));
    }
    await fairqJson(own, 'worker', '--count', '1100');
    const report = await fairqJson<RunReport>(own, 'report', '--run', run);
    const ofB = report.users.find(({ user }) => user === 'B');
    expect(ofB?.tasks).toBe(500);
    expect(ofB?.lastCompletionPosition).toBeLessThan(1_050);
  });
});
