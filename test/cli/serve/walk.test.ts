import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { RunningFairq } from '../../support/fairq.js';
import { ask, useServing } from '../../support/serving.js';
import { useVhost } from '../../support/vhost.js';

const { env } = useVhost();
const serving = useServing(env);
const run = promisify(execFile);
let worker: RunningFairq;

beforeAll(async () => {
  worker = new RunningFairq(['worker'], env);
  await worker.says(/ready/);
});
afterAll(async () => {
  worker.signal('SIGTERM');
  await worker.ended;
});

/** The commands of the walk with what they print, as docs/http.md has them. */
function walk(): { command: string; printed: string }[] {
  const [, section = ''] = readFileSync('docs/http.md', 'utf8').split('## A walk\n');
  const blocks = [...section.split('\n## ')[0]!.matchAll(/```console\n([\s\S]*?)```/g)].map(
    ([, text = '']) => text,
  );
  return blocks.flatMap((block) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((part) => {
        const [command = '', ...lines] = part.trimEnd().split('\n');
        return { command, printed: lines.join('\n') };
      }),
  );
}

/** What differs from one walk to another. */
function alike(text: string): unknown {
  return JSON.parse(text, (name, value) => {
    if (name === 'state') return value;
    return typeof value === 'string' && /^(id|run|worker|.*At)$/.test(name) ? name : value;
  });
}

it('the walk of docs/http.md works as it is printed', async () => {
  const commands = walk();
  expect(commands.filter(({ command }) => command.startsWith('fairq '))).toHaveLength(2);
  const requests = commands.filter(({ command }) => command.startsWith('curl '));
  expect(requests.length).toBeGreaterThan(4);
  /** Of the page, and of this walk. */
  const ids = new Map<string, string>();
  for (const { command, printed } of requests) {
    let here = command.replaceAll('localhost:8080', serving.url);
    for (const [theirs, own] of ids) here = here.replaceAll(theirs, own);
    const asked = /v1\/tasks\/([\w-]+)/.exec(here)?.[1];
    // Whoever reads takes longer than the task.
    if (asked !== undefined) {
      const isDone = async () =>
        (await ask(serving, `/v1/tasks/${asked}`, { user: 'ann' })).json.state === 'done';
      await eventually(isDone, { timeoutMs: 60_000, what: 'the task is done' });
    }
    const { stdout } = await run('sh', ['-c', here]);
    expect(alike(stdout), command).toEqual(alike(printed));
    ids.set(JSON.parse(printed).id, JSON.parse(stdout).id);
  }
});
