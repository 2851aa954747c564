import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { axeFindings } from '../support/axe.js';
import { eventually } from '../support/eventually.js';
import { fairqJson, RunningFairq } from '../support/fairq.js';
import { hasBrowser, usePageScene } from '../support/page-scene.js';
import { ask } from '../support/serving.js';

const scene = usePageScene();
let worker: RunningFairq | undefined;

describe.skipIf(!hasBrowser)('a user that shares queues', () => {
  beforeAll(async () => {
    if (!hasBrowser) return;
    const { env } = scene.vhost;
    await fairqJson(env, 'units', 'set', 'shared:1', '--yes');
    for (const user of ['light', 'other']) {
      const load = ['--task', 'sleep', '--duration', '1h', '--count', '3'];
      await fairqJson(env, 'publish', '--user', user, ...load);
    }
    worker = new RunningFairq(['worker', '-c', '1'], env);
    await worker.says(/ready, /);
    await eventually(
      async () => {
        const { json } = await ask(scene.server, '/v1/users/other', { headers: scene.as.viewer });
        return json.atWorkers !== null && json.running !== null && json.shares === true;
      },
      { timeoutMs: 60_000, what: 'the worker is heard' },
    );
  });
  afterAll(async () => {
    worker?.signal('SIGKILL'); // it is at a task of an hour
    await worker?.ended;
  });

  it('has what is known to wait at workers in the table, below what waits of anybody', async () => {
    const page = await scene.open('#/users?sort=user', 'viewer');
    await page.untilText('Waiting in 1 shared queue: 0 tasks, whoever');
    await page.untilText('At workers: 5 more, of 2 users.');
    const waiting = await page.texts('tbody tr td:nth-child(4)');
    // One of the six runs.
    expect(waiting.sort()).toEqual(['2 at workers', '3 at workers']);
    expect(await axeFindings(page)).toEqual([]);
  });

  it('counts among those who wait, on the overview that says what waits of anybody', async () => {
    const page = await scene.open('', 'viewer');
    await page.untilText('At workers: 5 more, of 2 users.');
    await page.untilText('tasks wait, of 2 users');
  });

  it('has no backlog on its own page, which says why', async () => {
    const page = await scene.open('#/users/other', 'viewer');
    await page.untilText('It has no queue of its own, and shares queues with others.');
    await page.untilText('tasks wait at workers');
    expect(await page.texts('.cards li')).not.toContainEqual(expect.stringContaining('unknown at workers'));
  });
});
