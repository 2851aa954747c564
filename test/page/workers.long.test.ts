import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Workers } from '../../src/serve/overview/overview-views.js';
import { axeFindings } from '../support/axe.js';
import { eventually } from '../support/eventually.js';
import { fairqJson, RunningFairq } from '../support/fairq.js';
import { HOSTILE_IN_PAGES } from '../support/hostile-names.js';
import { hasBrowser, usePageScene } from '../support/page-scene.js';
import { ask, HANDLERS } from '../support/serving.js';

const scene = usePageScene();
const HOSTILE = HOSTILE_IN_PAGES[0]!;

async function told(isSo: (workers: Workers) => boolean = () => true): Promise<Workers> {
  return eventually(
    async () => {
      const { json, status } = await ask(scene.server, '/v1/workers', { headers: scene.as.viewer });
      const workers = json as Workers;
      return status === 200 && isSo(workers) && workers;
    },
    { timeoutMs: 60_000, what: 'the workers are so' },
  );
}

async function start(name: string, slots: string): Promise<RunningFairq> {
  const flags = ['--handler', scene.folder.file('handlers.mjs'), '--name', name, '--concurrency', slots];
  const worker = new RunningFairq(['worker', ...flags], scene.vhost.env);
  await worker.says(/ready/);
  return worker;
}

/** The cells of a worker's row, by their headings. */
const ROWS = `Object.fromEntries([...document.querySelectorAll('.rows tbody tr')].map((row) => {
  const headings = [...document.querySelectorAll('.rows thead th')].map((e) => e.innerText);
  const cells = [...row.children].map((e) => e.innerText);
  return [cells[0], Object.fromEntries(headings.map((heading, i) => [heading, cells[i]]))];
}))`;

type Rows = Record<string, Record<string, string>>;

describe.skipIf(!hasBrowser)('workers', () => {
  let one: RunningFairq;
  let hostile: RunningFairq;
  const gate = () => scene.folder.file('gate');

  beforeAll(async () => {
    await writeFile(scene.folder.file('handlers.mjs'), HANDLERS);
    [one, hostile] = await Promise.all([start('one', '2'), start(HOSTILE, '3')]);
    const payload = JSON.stringify(gate());
    await fairqJson(
      scene.vhost.env,
      'publish',
      '--user',
      HOSTILE,
      '--count',
      '20',
      '--task',
      'until',
      '--payload',
      payload,
    );
  });
  afterAll(async () => {
    await writeFile(gate(), '');
    one.signal('SIGTERM');
    await one.ended;
  });

  it('tells what each does, as the API does', async () => {
    const page = await scene.open('#/workers', 'viewer');
    await page.untilText(HOSTILE, '.rows tbody th');
    const { workers, policyRevision } = await told(
      ({ workersKnown, workers }) =>
        workersKnown && workers.length === 2 && workers.every(({ running, slots }) => running === slots),
    );
    expect(policyRevision).toBe(0);
    await page.until(`${ROWS}.one?.running === '2'`);
    await page.until(
      `[...document.querySelectorAll('.rows tbody tr')].every((e) => !e.innerText.includes('unknown'))`,
    );
    const rows = await page.evaluate<Rows>(ROWS);
    expect(Object.keys(rows).sort()).toEqual(workers.map(({ name }) => name).sort());
    for (const { name, slots, running, prefetched, policyRevision, ready } of workers) {
      expect(rows[name]).toMatchObject({
        slots: String(slots),
        running: String(running),
        prefetched: String(prefetched),
        policy: String(policyRevision),
        state: ready ? 'ready' : 'starting',
      });
      expect(rows[name]!['longest task']).toContain(`until of ${HOSTILE}`);
    }
    expect(await page.evaluate(`document.querySelectorAll('main img').length`)).toBe(0);
    expect(await axeFindings(page)).toEqual([]);
  });

  it('marks one that goes by an older policy', async () => {
    const page = await scene.open('#/workers', 'viewer');
    const { channel } = scene.vhost;
    const say = (message: object) =>
      void channel.publish('fairq.control', '', Buffer.from(JSON.stringify(message)));
    const state = { slots: 1, free: 1, busy: 0, ready: true, include: [], exclude: [], also: [], policy: 0 };
    const behind = { kind: 'worker', worker: { id: 'behind-id', name: 'behind', ...state } };
    const says = setInterval(() => say(behind), 200);
    try {
      const headers = { ...scene.as.operator, 'if-match': '*' };
      const body = { weight: 2 };
      // It is answered when the one that stays behind has been waited for.
      const changing = ask(scene.server, '/v1/policy/users/A', { method: 'PUT', headers, body });
      await page.until(`${ROWS}.one?.policy === '1'`);
      await page.until(`/^0\\s*older$/.test(${ROWS}.behind?.policy)`);
      expect((await changing).status).toBe(202);
    } finally {
      clearInterval(says);
      say({ kind: 'bye', id: 'behind-id' });
    }
    await page.until(`${ROWS}.behind === undefined`);
  });

  it('tells of one that hangs when nothing more is heard of it', async () => {
    const page = await scene.open('#/workers', 'viewer');
    await page.untilText(HOSTILE, '.rows tbody th');
    hostile.signal('SIGSTOP');
    await page.untilText(HOSTILE, '.silent tbody');
    expect(Object.keys(await page.evaluate<Rows>(ROWS))).toEqual(['one']);
    expect(await axeFindings(page)).toEqual([]);
    expect((await told()).silent).toMatchObject([{ name: HOSTILE, slots: 3 }]);
    hostile.signal('SIGCONT');
    await page.until(`document.querySelector('.silent') === null`);
    await page.untilText(HOSTILE, '.rows tbody th');
  });

  it('does not tell of one that has ended in order', async () => {
    hostile.signal('SIGKILL');
    const other = await start('other', '1');
    await told(({ workers }) => workers.some(({ name }) => name === 'other'));
    other.signal('SIGTERM');
    await writeFile(gate(), '');
    await Promise.all([other.ended, hostile.ended]);
    const { silent } = await told(({ silent, workers }) => silent.length > 0 && workers.length === 1);
    expect(silent.map(({ name }) => name)).toEqual([HOSTILE]);
    const page = await scene.open('#/workers', 'viewer');
    await page.untilText(HOSTILE, '.silent tbody');
  });
});
