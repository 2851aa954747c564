import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openConnection } from '../../src/broker/connection/connection.js';
import { DeadLetterQueue } from '../../src/broker/dead-letters/dead-letter-queue.js';
import { namesFor } from '../../src/core/queues/names.js';
import type { DeadLetters, WholeLetter } from '../../src/serve/overview/dead-views.js';
import { axeFindings } from '../support/axe.js';
import type { BrowserPage } from '../support/browser-page.js';
import { eventually } from '../support/eventually.js';
import { fairqJson, RunningFairq } from '../support/fairq.js';
import { HOSTILE_IN_PAGES } from '../support/hostile-names.js';
import { hasBrowser, type PageRole, usePageScene } from '../support/page-scene.js';
import { ask } from '../support/serving.js';

const scene = usePageScene();

/** Once the first look is there nothing moves any more under what is clicked. */
async function open(hash: string, role: PageRole): Promise<BrowserPage> {
  const page = await scene.open(hash, role);
  await page.untilText('live', '.fresh');
  return page;
}

const HOSTILE = HOSTILE_IN_PAGES[0]!;
const names = namesFor('fairq');

/** Fails with what it is given, until the file is there. */
const HANDLERS = `
import { existsSync } from 'node:fs';
export function brittle({ reason, gate }) { if (!existsSync(gate)) throw new Error(reason); return 'mended'; }
`;

const gate = () => scene.folder.file('gate');

async function publish(user: string, count: number, reason: string): Promise<void> {
  const payload = JSON.stringify({ reason, gate: gate() });
  const flags = ['--count', `${count}`, '--task', 'brittle', '--payload', payload, '--run', `run of ${user}`];
  await fairqJson(scene.vhost.env, 'publish', '--user', user, ...flags);
}

async function dead(query = ''): Promise<DeadLetters> {
  const { json } = await ask(scene.server, `/v1/dead?${query}`, { headers: scene.as.viewer });
  return json as DeadLetters;
}

/** In the queue, by the broker itself. */
const inQueue = () => scene.vhost.ready(names.deadLetterQueue);

const ROWS = `[...document.querySelectorAll('.rows tbody tr')].map((row) => [...row.children].map((e) => e.innerText))`;
const HOSTILE_PARTS = `document.querySelectorAll('main img, main script, main [onload], main [onerror], dialog img').length`;

describe.skipIf(!hasBrowser)('dead letters', () => {
  let worker: RunningFairq;

  beforeAll(async () => {
    const module = scene.folder.file('handlers.mjs');
    await writeFile(module, HANDLERS);
    worker = new RunningFairq(['worker', '--handler', module, '--max-attempts', '1'], scene.vhost.env);
    await worker.says(/ready/);
    await publish('A', 3, 'no <b>luck</b>\nsecond line');
    await publish('B', 2, 'other');
    await publish(HOSTILE, 2, HOSTILE_IN_PAGES[1]!);
    await eventually(async () => (await inQueue()) === 7, { timeoutMs: 60_000, what: 'seven have failed' });
  });
  afterAll(async () => {
    worker.signal('SIGTERM');
    await worker.ended;
  });

  it('are listed as the API lists them, the newest first, and names are names', async () => {
    const page = await open('#/dead', 'viewer');
    await page.untilText('7 dead letters.', '.counts');
    const { letters } = await dead();
    const rows = await page.evaluate<string[][]>(ROWS);
    expect(rows.map(([task, user, reason, attempts]) => [task, user, reason, attempts])).toEqual(
      letters!.map(({ task, user, reason }) => [task, user, reason!.split('\n')[0], '1']),
    );
    expect(rows.map((cells) => cells[5])).toEqual(letters!.map(({ run }) => run));
    expect(await page.evaluate(HOSTILE_PARTS)).toBe(0);
    expect(await axeFindings(page)).toEqual([]);
  });

  it('are chosen by what one types, and grouped', async () => {
    const page = await open('#/dead', 'viewer');
    await page.untilText('7 dead letters.', '.counts');
    await page.press('/');
    await page.until(`document.activeElement.name === 'user'`);
    await page.fill('input[name=reason]', 'LUCK');
    await page.press('Enter');
    await page.untilText('3 of 7 dead letters.', '.counts');
    await page.fill('input[name=reason]', '');
    await page.fill('input[name=user]', '?');
    await page.click('button', 'Find');
    await page.untilText('5 of 7 dead letters.', '.counts');
    await page.choose('select[name=by]', 'user,reason');
    await page.until(`document.querySelectorAll('.rows tbody tr').length === 2`);
    const { groups } = await dead('user=?&by=user,reason');
    const rows = await page.evaluate<string[][]>(ROWS);
    expect(rows.map((cells) => cells.slice(0, 3))).toEqual(
      groups!.map(({ of, letters }) => [of.user, of.reason, String(letters)]),
    );
    expect(await axeFindings(page)).toEqual([]);
    await page.click('.rows a', '2');
    await page.untilText('2 of 7 dead letters.', '.counts');
    expect((await page.evaluate<string[][]>(ROWS)).map((cells) => cells[1])).toEqual(['B', 'B']);
    await page.fill('input[name=user]', 'nobody');
    await page.press('Enter');
    await page.untilText('None of 7 dead letters fits.', '.counts');
  });

  it('are shown whole, and their payload is kept as a file', async () => {
    const id = (await dead('task=brittle')).letters!.find(({ user }) => user === HOSTILE)!.id;
    const page = await open('#/dead', 'viewer');
    await page.click(`.rows a[href="#/dead/${id}"]`);
    await page.untilText(HOSTILE_IN_PAGES[1]!, '[aria-label=reason]');
    const { json } = await ask(scene.server, `/v1/dead/${id}`, { headers: scene.as.viewer });
    const letter = json as unknown as WholeLetter;
    expect(await page.texts('[aria-label=payload]')).toEqual([letter.payload]);
    expect(
      await page.evaluate(`JSON.parse(document.querySelector('[aria-label=headers]').innerText)`),
    ).toEqual(letter.headers);
    expect((await page.texts('[aria-label=stack]'))[0]).toContain('handlers.mjs');
    expect(await page.texts('.facts dd')).toContain(letter.queue);
    expect(await page.evaluate(HOSTILE_PARTS)).toBe(0);
    expect(await axeFindings(page)).toEqual([]);
    const kept = await page.evaluate<[string, string]>(`(async () => {
      const answer = await fetch(document.querySelector('a[download]').href);
      return [answer.headers.get('content-disposition'), await answer.text()];
    })()`);
    expect(kept).toEqual([`attachment; filename="dead-letter-${id}.json"`, letter.payload]);
  });

  it('give viewers nothing to press, and the server refuses them', async () => {
    const page = await open('#/dead', 'viewer');
    await page.untilText('7 dead letters.', '.counts');
    expect(await page.texts('main button')).toEqual(['Find', 'Look again']);
    const { id } = (await dead('limit=1')).letters![0]!;
    await page.moveTo(`#/dead/${id}`);
    await page.untilText('Payload', 'h2');
    expect(await page.texts('main button')).toEqual([]);
    const body = { all: true };
    const { status } = await ask(scene.server, '/v1/dead:redrive', { headers: scene.as.viewer, body });
    expect(status).toBe(403);
  });

  it('say that somebody else goes through them, and come when that is over', async () => {
    const connection = await openConnection(scene.vhost.address, 'somebody else');
    const queue = await DeadLetterQueue.open(connection, names, async () => undefined);
    const page = await open('#/dead?reason=luck', 'operator');
    await page.untilText('Somebody else is at work on the same', '.trouble');
    await queue.close();
    await connection.close();
    await page.untilText('3 of 7 dead letters.', '.counts');
    await page.until(`document.querySelector('.trouble') === null`);
    expect(page.takeErrors(/409/)).not.toEqual([]);
  });

  it('are redriven by a click, with a plan before it, and a worker runs them', async () => {
    const ids = (await dead('user=A')).letters!.map(({ id }) => id);
    const page = await open('#/dead?user=A', 'operator');
    await page.untilText('3 of 7 dead letters.', '.counts');
    await page.click('main button', 'Redrive…');
    await page.untilText('3 of 7 dead letters would be sent back to the queues of their users.', 'dialog');
    expect(await page.texts('dialog tbody tr')).toEqual(['A\t3']);
    expect(await axeFindings(page)).toEqual([]);
    await page.click('dialog button', 'Cancel');
    await page.until(`document.querySelector('dialog') === null`);
    expect(await inQueue()).toBe(7);
    await writeFile(gate(), '');
    await page.click('main button', 'Redrive…');
    await page.click('dialog button', 'Redrive 3');
    await page.untilText('3 dead letters sent back.', '.said');
    await page.click('dialog button', 'Close');
    await page.untilText('None of 4 dead letters fits.', '.counts');
    for (const id of ids) {
      await eventually(
        async () => {
          const { json } = await ask(scene.server, `/v1/tasks/${id}`, { headers: scene.as.viewer });
          return json.state === 'done' && json.result === 'mended';
        },
        { timeoutMs: 60_000, what: `${id} is done` },
      );
    }
    expect(await inQueue()).toBe(4);
  });

  it('are discarded one by one', async () => {
    const { id } = (await dead(`user=${encodeURIComponent(HOSTILE)}`)).letters![0]!;
    const page = await open(`#/dead/${id}`, 'operator');
    await page.click('main button', 'Discard…');
    await page.untilText('1 of 4 dead letters would be thrown away, for good.', 'dialog');
    expect(await page.evaluate(HOSTILE_PARTS)).toBe(0);
    await page.click('dialog button', 'Discard 1');
    await page.untilText('1 dead letter thrown away.', 'dialog');
    await page.click('dialog button', 'Close');
    await page.untilText('There is no such dead letter', '.trouble');
    await eventually(async () => (await inQueue()) === 3, { timeoutMs: 60_000, what: 'it has gone' });
    expect(page.takeErrors(/404/)).not.toEqual([]);
  });

  it('tell of one that somebody else has taken meanwhile, and do nothing else', async () => {
    const page = await open('#/dead?user=B', 'operator');
    await page.untilText('2 of 3 dead letters.', '.counts');
    await page.click('main button', 'Discard…');
    await page.untilText('2 of 3 dead letters would be thrown away', 'dialog');
    const { id } = (await dead('user=B')).letters![0]!;
    // One at a time goes through them, and the page looks at them, too.
    const discard = () => fairqJson(scene.vhost.env, 'dead', 'discard', '--id', id, '--yes');
    await eventually(() => discard().then(Boolean, () => false), {
      timeoutMs: 60_000,
      what: 'one is discarded',
    });
    await page.click('dialog button', 'Discard 2');
    await page.untilText('2 dead letters were planned, and 1 of them are there now.', 'dialog .trouble');
    // One at a time goes through them: where the page itself looks at them just then, it is planned once more.
    await eventually(
      async () => {
        const buttons = await page.texts('dialog button');
        if (buttons.includes('Discard 1')) return true;
        if (buttons.includes('Plan again')) await page.click('dialog button', 'Plan again');
        return false;
      },
      { timeoutMs: 60_000, what: 'a plan for the one that is left' },
    );
    await page.click('dialog button', 'Discard 1');
    await page.untilText('1 dead letter thrown away.', 'dialog');
    await eventually(async () => (await inQueue()) === 1, { timeoutMs: 60_000, what: 'both have gone' });
    expect(page.takeErrors(/409/)).not.toEqual([]);
  });

  it('are shown whatever anybody has written into the queue', async () => {
    const { channel } = scene.vhost;
    const bytes = Buffer.from([0xff, 0xfe, 0x00]);
    channel.sendToQueue(names.deadLetterQueue, bytes, {
      messageId: '../"><b>\u202e',
      contentType: 'text/html',
      headers: {
        'x-fairq-reason': HOSTILE,
        odd: { bytes, list: [1, HOSTILE] },
      },
    });
    await eventually(async () => (await inQueue()) === 2, { timeoutMs: 60_000, what: 'it is there' });
    const page = await open('#/dead', 'viewer');
    await page.click('.rows a', '../"><b>\\u{202e}');
    await page.untilText('It is no text.');
    await page.untilText('unknown', '.facts dd');
    expect(await page.texts('[aria-label=reason]')).toEqual([HOSTILE]);
    expect(await page.evaluate(HOSTILE_PARTS)).toBe(0);
    const kept = await page.evaluate<[string, string, number]>(`(async () => {
      const answer = await fetch(document.querySelector('a[download]').href);
      const { headers } = answer;
      const size = (await answer.arrayBuffer()).byteLength;
      return [headers.get('content-disposition'), headers.get('content-type'), size];
    })()`);
    expect(kept).toEqual(['attachment; filename="dead-letter--b-.bin"', 'application/octet-stream', 3]);
  });

  it('are many: as many are shown as one reads, and it is said how many are not', async () => {
    const { channel } = scene.vhost;
    for (let i = 0; i < 2_000; i++) {
      channel.sendToQueue(names.deadLetterQueue, Buffer.from('{}'), {
        messageId: `many-${i}`,
        type: 'many',
        headers: { 'x-fairq-reason': `reason ${i}`, 'x-fairq-last-end': 1_700_000_000_000_000 + i },
      });
    }
    await eventually(async () => (await inQueue()) === 2_002, { timeoutMs: 60_000, what: 'they are there' });
    const page = await open('#/dead?task=many', 'viewer');
    await page.untilText('2,000 of 2,002 dead letters.', '.counts');
    await page.untilText('1,900 more letters are not shown.');
    expect((await page.evaluate<string[][]>(ROWS))[0]![2]).toBe('reason 1999');
    await page.click('button', 'Show more');
    await page.untilText('1,700 more letters are not shown.');
    await page.choose('select[name=by]', 'reason');
    await page.untilText('1,900 more groups are not shown.');
  });
});
