import { readFile, writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import type { RunReport } from '../../src/core/reports/run-report.js';
import { eventually } from '../support/eventually.js';
import { fairq, fairqJson, RunningFairq } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import { NetworkProxy } from '../support/network-proxy.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const { env } = vhost;
const folder = useFolder();
let handler: string;
let log: string;

/** The third task of each user fails twice; each start and each end is written down. */
beforeAll(async () => {
  handler = folder.file('ordered.mjs');
  log = folder.file('ordered.txt');
  await writeFile(
    handler,
    `import { appendFileSync } from 'node:fs';
     const say = (line) => appendFileSync(${JSON.stringify(log)}, line + '\\n');
     export async function step({ n }, { user, attempt }) {
       say(user + ' ' + n + ' begins');
       await new Promise((resolve) => setTimeout(resolve, 5));
       say(user + ' ' + n + ' ends');
       if (n === 3 && attempt < 3) throw new Error('again');
     }`,
  );
});

async function publish(run: string, user: string, count: number): Promise<void> {
  const lines = Array.from({ length: count }, (_, i) =>
    JSON.stringify({ user, task: 'step', payload: { n: i + 1 } }),
  );
  const file = folder.file(`${run}-${user}.ndjson`);
  await writeFile(file, lines.join('\n'));
  await fairqJson(env, 'publish', '--from', file, '--run', run, '--ordered');
}

async function steps(user: string): Promise<string[]> {
  const lines = (await readFile(log, 'utf8')).trim().split('\n');
  return lines.filter((line) => line.startsWith(`${user} `)).map((line) => line.slice(user.length + 1));
}

/** One after the other, the third three times. */
function inOrder(count: number): string[] {
  return Array.from({ length: count }, (_, i) => i + 1).flatMap((n) =>
    Array.from({ length: n === 3 ? 3 : 1 }, () => [`${n} begins`, `${n} ends`]).flat(),
  );
}

const worker = () => ['worker', '--ordered', '--handler', handler, '--backoff', '30ms'];

describe('ordered workers', () => {
  it("keep each user's order, through retries and on several workers", async () => {
    for (const user of ['A', 'B', 'C']) await publish('order', user, 20);
    const both = [1, 2].map(() => new RunningFairq([...worker(), '--exit-when', 'empty'], env));
    for (const { ended } of both) expect((await ended).code).toBe(0);
    for (const user of ['A', 'B', 'C']) expect(await steps(user)).toEqual(inOrder(20));
    const report = await fairqJson<RunReport>(env, 'report', '--run', 'order');
    expect(report).toMatchObject({ completed: 60, failed: 0, retries: 6, missing: 0, duplicates: 0 });
  });

  it('finish what runs before another worker gets the next', async () => {
    await publish('handover', 'H', 40);
    const first = new RunningFairq(worker(), env);
    await first.says(/ready, /);
    const second = new RunningFairq([...worker(), '--exit-when', 'empty'], env);
    await eventually(async () => (await steps('H')).length > 20, { timeoutMs: 60_000, what: 'some steps' });
    first.signal('SIGTERM');
    expect((await first.ended).code).toBe(0);
    expect((await second.ended).code).toBe(0);
    await fairqJson(env, ...worker(), '--exit-when', 'empty');
    expect(await steps('H')).toEqual(inOrder(40));
  });

  it('go on after a lost connection, with the attempts that a waiting task has had', async () => {
    const [host] = vhost.address.hosts;
    const proxy = await NetworkProxy.to(host!.hostname, host!.port);
    const uri = new URL(env.FAIRQ_URI!);
    uri.port = `${proxy.port}`;
    await publish('lost', 'L', 4);
    const flags = ['worker', '--ordered', '--handler', handler, '--backoff', '3s', '--exit-when', 'empty'];
    const one = new RunningFairq(flags, { ...env, FAIRQ_URI: uri.href });
    await one.says(/failed, tried again/);
    proxy.cut();
    expect((await one.ended).code).toBe(0);
    await proxy.close();
    expect(await steps('L')).toEqual(inOrder(4));
  });

  it('say where order cannot be kept, and refuse what does not go with it', async () => {
    await fairqJson(env, 'publish', '--user', 'plain', '--count', '1');
    const { code, stderr } = await fairq(env, ...worker(), '--exit-when', 'empty');
    expect(code).toBe(0);
    expect(stderr).toContain('"fairq.user.plain", were not made with "publish --ordered"');
    expect((await fairq(env, ...worker(), '--prefetch', '5')).code).toBe(64);
    expect((await fairq(env, 'worker', '--ordered', '--backoff', '1h')).code).toBe(64);
  });
});
