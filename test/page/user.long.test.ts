import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { axeFindings } from '../support/axe.js';
import { eventually } from '../support/eventually.js';
import { fairqJson, RunningFairq } from '../support/fairq.js';
import { HOSTILE_IN_PAGES } from '../support/hostile-names.js';
import { hasBrowser, type PageRole, usePageScene } from '../support/page-scene.js';
import { ask, HANDLERS, type HttpAnswer, type Request } from '../support/serving.js';

const scene = usePageScene('--tenant-of', 'prefix:/');
const WORKER = [
  'worker',
  ...['--name', 'one', '--concurrency', '4', '--max-attempts', '1'],
  ...['--tenant-of', 'prefix:/', '--exclude', 'fairq.user.idle*'],
];
let worker: RunningFairq;

const page = (user: string) => `#/users/${encodeURIComponent(user)}`;
const api = (path: string, request: Request = {}): Promise<HttpAnswer> =>
  ask(scene.server, path, { headers: { ...scene.as.operator, 'if-match': '*' }, ...request });
const figures = async (user: string) => (await api(`/v1/users/${encodeURIComponent(user)}`)).json;
const policy = async (user: string) =>
  (await api(`/v1/policy/users/${encodeURIComponent(user)}`)).json as {
    rule: Record<string, { value: unknown; until?: string; reason?: string }> | null;
    inForce: Record<string, { value: unknown; by: string; until: string | null; reason: string | null }>;
  };
const publish = (user: string, count: number, task = 'echo', payload = '1') =>
  fairqJson(
    scene.vhost.env,
    'publish',
    ...['--user', user, '--count', String(count), '--task', task, '--payload', payload],
  );
/** Opens the page of a user, and waits until all of it is there: what comes later moves what is to be clicked. */
const open = async (user: string, role: PageRole) => {
  const shown = await scene.open(page(user), role);
  await shown.untilText('Explained');
  await shown.untilText(role === 'operator' ? 'backlog limit' : 'Nothing is set');
  await shown.untilText('This server knows of what ended since');
  return shown;
};
const endedOf = async (user: string) => (await api(`/v1/users/${user}/recent`)).json.completions;
/** So that the server has heard of it. */
const publishOne = async (user: string) => {
  await publish(user, 1);
  await until(async () => (await endedOf(user)) === 1, `the first task of ${user} has run`);
};
const until = (isSo: () => Promise<unknown>, what: string) => eventually(isSo, { timeoutMs: 60_000, what });

describe.skipIf(!hasBrowser)('the page of a user', () => {
  beforeAll(async () => {
    if (!hasBrowser) return;
    const module = scene.folder.file('handlers.mjs');
    await writeFile(module, HANDLERS);
    worker = new RunningFairq([...WORKER, '--handler', module], scene.vhost.env);
    await worker.says(/ready/);
  });
  afterAll(async () => {
    if (!hasBrowser) return;
    await writeFile(scene.folder.file('cap'), '');
    worker.signal('SIGTERM');
    await worker.ended;
  });

  it('tells what the API tells at that moment, and why', async () => {
    await publish('idle-a', 7);
    const shown = await scene.open(page('idle-a'), 'viewer');
    await shown.untilText('no worker', '.labels');
    const { json } = await api('/v1/users/idle-a');
    expect(json).toMatchObject({ backlog: 7, unserved: true });
    expect((await shown.texts('.cards b')).slice(1, 3)).toEqual(['7', '0']);
    await shown.untilText('No worker serves it: 7 tasks wait', '.reasons');
    await shown.untilText('unknown: not before a worker serves it', '.expected');
    await shown.untilText('Nothing of this user has ended.');
  });

  it('draws what ended lately, and says it in words as well', async () => {
    await publish('served', 30);
    await publish('other', 10);
    await publish('served', 1);
    const recent = async () => (await api('/v1/users/served/recent')).json;
    await until(async () => (await recent()).completions === 31, 'all have ended');
    const shown = await scene.open(page('served'), 'viewer');
    await shown.untilText('31 tasks ended');
    const { json } = await api('/v1/users/served/recent');
    const { waits, meanwhile } = json as {
      waits: { tasks: number }[];
      meanwhile: { completions: number; users: { user: string; completions: number }[]; all: number[] };
    };
    expect(await shown.texts('.waits tbody td:last-child')).toEqual(waits.map(({ tasks }) => String(tasks)));
    expect(await shown.texts('.lanes tbody th')).toEqual([
      'served',
      ...meanwhile.users.slice(0, 5).map(({ user }) => user),
    ]);
    const labels = await shown.evaluate<string[]>(
      `[...document.querySelectorAll('.lanes svg')].map((e) => e.getAttribute('aria-label'))`,
    );
    expect(labels[0]).toMatch(`served: 31 tasks of ${meanwhile.completions}, in `);
    await shown.click('summary');
    await shown.untilText('this user', '.meanwhile');
    expect((await shown.texts('.meanwhile tbody tr')).length).toBe(1 + meanwhile.users.length);
  });

  it('pauses by clicking, and a worker starts nothing; resumes, and it does', async () => {
    await publishOne('stopped');
    const shown = await open('stopped', 'operator');
    await shown.click('button', 'Pause …');
    await shown.choose('dialog select', '2h');
    await shown.fill('dialog input[type=text]', 'floods <b>');
    await shown.click('dialog button', 'Pause');
    await shown.untilText('1 worker goes by it', '.change-said');
    await shown.untilText('floods <b>', '.in-force');
    const { paused } = (await policy('stopped')).inForce;
    expect(paused).toMatchObject({ by: 'operator', reason: 'floods <b>', until: expect.any(String) });
    await publish('stopped', 3);
    await publish('meanwhile', 3);
    await until(async () => (await endedOf('meanwhile')) === 3, 'others are served');
    expect(await figures('stopped')).toMatchObject({ backlog: 3 });
    await shown.untilText('is paused', '.reasons');
    await shown.click('button', 'Resume');
    await until(async () => (await endedOf('stopped')) === 4, 'its tasks run');
    await shown.untilText('Nothing is set');
  });

  it('caps by clicking, and a worker keeps to it', async () => {
    const gate = scene.folder.file('cap');
    await publishOne('flood');
    const shown = await open('flood', 'operator');
    await shown.fill('input[name=cap]', '2');
    await shown.choose('select[aria-label="cap: until when"]', '30m');
    await shown.fill('input[name=cap-reason]', 'until the import is over');
    await shown.click('.editor button', 'Set');
    await shown.untilText('goes by it', '.change-said');
    expect((await policy('flood')).inForce.cap).toMatchObject({
      value: { tasks: 2 },
      by: 'operator',
      reason: 'until the import is over',
      until: expect.any(String),
    });
    await publish('flood', 40, 'until', JSON.stringify(gate));
    await shown.untilText('at its cap', '.labels');
    expect(await figures('flood')).toMatchObject({ running: 2, cap: 2 });
    await shown.untilText('may run 2 at a time', '.reasons');
    // What was not touched stays as it is: the end of the cap, too.
    const { until: end } = (await policy('flood')).rule!.cap!;
    await shown.fill('input[name=weight]', '3');
    await shown.click('.editor button', 'Set');
    await until(async () => (await policy('flood')).rule?.weight !== undefined, 'the weight is set');
    expect((await policy('flood')).rule).toMatchObject({ weight: 3, cap: { value: 2, until: end } });
    await shown.untilText('weight 3', '.change-said');
    await shown.fill('input[name=cap]', '');
    await shown.click('.editor button', 'Set');
    await until(async () => (await figures('flood')).running === 4, 'all slots are its own');
    await shown.click('button', 'Take back all …');
    await shown.fill('dialog input[type=text]', 'over');
    await shown.click('dialog button', 'Take back');
    await shown.untilText('Nothing is set');
    expect((await policy('flood')).rule).toBeNull();
    await writeFile(gate, '');
    await until(async () => (await figures('flood')).backlog === 0, 'all have run');
  });

  it('takes all of what is filled in at the same moment, as programs do that fill in forms', async () => {
    await publishOne('filled');
    const shown = await open('filled', 'operator');
    await shown.until(`document.querySelector('input[name=cap-reason]') !== null`);
    await shown.evaluate(`for (const [name, value] of [['cap', '3'], ['cap-reason', 'why']]) {
      const field = document.querySelector('input[name=' + name + ']');
      field.value = value;
      field.dispatchEvent(new Event('input', { bubbles: true }));
    }`);
    await shown.click('.editor button', 'Set');
    await shown.untilText('goes by it', '.change-said');
    expect((await policy('filled')).rule).toMatchObject({ cap: { value: 3, reason: 'why' } });
  });

  it('takes what is typed while a change is on its way for a further change, and not for that of somebody else', async () => {
    await publish('idle-fast', 1);
    await api('/v1/policy/users/idle-fast', { method: 'PUT', body: { cap: 2 } });
    const shown = await open('idle-fast', 'operator');
    await shown.untilText('cap 2', '.in-force');
    await shown.evaluate(`(() => {
      const type = (name, value) => {
        const field = document.querySelector('input[name=' + name + ']');
        field.value = value;
        field.dispatchEvent(new Event('input', { bubbles: true }));
      };
      type('weight', '3');
      setTimeout(() => {
        document.querySelector('.editor button.main').click();
        type('rate', '5/s');
      }, 100);
    })()`);
    await shown.untilText('weight 3', '.in-force');
    expect(await shown.texts('.overtaken')).toEqual([]);
    await shown.click('.editor button', 'Set');
    await shown.untilText('rate 5/s', '.in-force');
    expect((await policy('idle-fast')).rule).toEqual({ cap: 2, weight: 3, rate: '5/s' });
  });

  it('says what cannot be set in the words of the server, and keeps what was typed', async () => {
    await publish('idle-typo', 1);
    const shown = await open('idle-typo', 'operator');
    await shown.fill('input[name=rate]', 'a lot');
    await shown.click('.editor button', 'Set');
    await shown.untilText('a rate is a text such as', '[role=alert]');
    expect(await shown.evaluate(`document.querySelector('input[name=rate]').value`)).toBe('a lot');
    expect(shown.takeErrors(/400/)).toHaveLength(1);
    await shown.click('.editor button', 'As it was');
    await shown.untilNoText('a rate is a text such as');
  });

  it('shows what another operator has set meanwhile beside what was typed, and asks again', async () => {
    await publish('idle-both', 1);
    const shown = await open('idle-both', 'operator');
    await shown.fill('input[name=cap]', '3');
    await shown.fill('input[name=cap-reason]', 'mine');
    const theirs = await api('/v1/policy/users/idle-both', { method: 'PUT', body: { cap: 9, weight: 2 } });
    expect(theirs.status, theirs.text).toBe(200);
    // Where it has not seen it yet, the server says it.
    await shown.evaluate(`document.querySelector('.editor button.main').click()`);
    await shown.untilText('Somebody else has set this rule meanwhile', '.overtaken');
    const rows = await shown.texts('.overtaken tbody tr');
    expect(rows.map((row) => row.split('\t'))).toEqual([
      ['weight', 'not set', '2', 'as theirs'],
      ['cap', 'not set', '9', '3'],
      ['rate', 'not set', 'not set', 'as theirs'],
      ['backlog', 'not set', 'not set', 'as theirs'],
    ]);
    expect((await policy('idle-both')).rule).toEqual({ weight: 2, cap: 9 });
    expect(await shown.evaluate(`document.querySelector('input[name=cap]').value`)).toBe('3');
    expect(await axeFindings(shown)).toEqual([]);
    await shown.click('button', 'Set mine over theirs');
    await until(async () => (await policy('idle-both')).inForce.cap?.reason === 'mine', 'mine is set');
    expect((await policy('idle-both')).rule).toEqual({ weight: 2, cap: { value: 3, reason: 'mine' } });
    await shown.untilNoText('Somebody else has set');
    // The console may tell of a refusal after the page does.
    shown.takeErrors(/412/);
  });

  it('goes on where somebody else has changed another rule meanwhile', async () => {
    await publish('idle-alone', 1);
    const shown = await open('idle-alone', 'operator');
    await shown.fill('input[name=weight]', '4');
    await api('/v1/policy/users/somebody', { method: 'PUT', body: { cap: 9 } });
    await eventually(
      async () => {
        await shown.evaluate(`document.querySelector('.editor button.main').click()`);
        return (await policy('idle-alone')).rule !== null;
      },
      { timeoutMs: 60_000, what: 'it is set' },
    );
    shown.takeErrors(/412/);
    expect((await policy('idle-alone')).rule).toEqual({ weight: 4 });
  });

  it('names the workers that are late', async () => {
    const frozen = new RunningFairq(['worker', '--name', 'frozen'], scene.vhost.env);
    await frozen.says(/ready/);
    const isListed = async () =>
      (await scene.vhost.management.connectionNames()).some((name) => name.endsWith('frozen'));
    await until(isListed, 'its connection is listed');
    frozen.signal('SIGSTOP');
    try {
      await publish('idle-late', 1);
      const shown = await open('idle-late', 'operator');
      await shown.fill('input[name=weight]', '2');
      await shown.click('.editor button', 'Set');
      await shown.untilText('Late: frozen', '.late');
      await shown.untilText('1 of 2 workers go by it', '.change-said');
    } finally {
      frozen.signal('SIGCONT');
      frozen.signal('SIGTERM');
      await frozen.ended;
    }
  });

  it('purges as it was planned, and plans anew where more waits', async () => {
    await publish('idle-b', 4);
    const shown = await open('idle-b', 'operator');
    await shown.click('button', 'Purge …');
    await shown.untilText('4 tasks wait', 'dialog');
    await publish('idle-b', 2);
    await shown.click('dialog button', 'Throw them away');
    await shown.untilText('4 tasks were planned, and 6 wait now', 'dialog');
    await shown.untilText('6 tasks wait', 'dialog');
    expect(await scene.vhost.ready('fairq.user.idle-b')).toBe(6);
    expect(shown.takeErrors(/409/)).toHaveLength(1);
    await shown.click('dialog button', 'Throw them away');
    await shown.untilText('6 tasks thrown away', '.said');
    expect(await scene.vhost.ready('fairq.user.idle-b')).toBe(0);
  });

  it('deletes a queue in which tasks wait when that is said, and tells that nobody has heard of the user any more', async () => {
    await publish('idle-c', 2);
    const shown = await open('idle-c', 'operator');
    await shown.click('button', 'Delete …');
    await shown.untilText('2 wait', 'dialog');
    await shown.click('dialog button', 'Plan it with the tasks');
    await shown.untilText('2 tasks in it would be thrown away', 'dialog');
    await shown.click('dialog button', 'Delete it');
    await shown.untilText('The queue is deleted', '.said');
    expect(await scene.vhost.ready('fairq.user.idle-c')).toBeUndefined();
    await shown.untilText('Nobody has heard of this user any more', '.trouble');
    expect(await shown.texts('.cards b')).toHaveLength(5);
    shown.takeErrors(/40[49]/);
  });

  it('prunes a queue that nobody uses by clicking', async () => {
    await publishOne('pruned');
    const shown = await open('pruned', 'operator');
    await eventually(
      async () => {
        await shown.click('button', 'Prune …');
        await shown.until(`document.querySelector('dialog p:not([role]), dialog [role=alert]') !== null`);
        if ((await shown.texts('dialog')).join().includes('would be deleted')) return true;
        await shown.click('dialog button', 'Leave it');
        return false;
      },
      { timeoutMs: 120_000, what: 'it is known to be idle' },
    );
    await shown.click('dialog button', 'Prune it');
    await shown.untilText('The queue is pruned', '.said');
    expect(await scene.vhost.ready('fairq.user.pruned')).toBeUndefined();
    await shown.untilText('Nobody has heard of this user any more', '.trouble');
    // The last picture stays.
    await shown.untilText('1 task ended');
    shown.takeErrors(/40[49]/);
  });

  it('has no button for a viewer that a viewer may not press', async () => {
    await api('/v1/policy/users/idle-a', { method: 'PUT', body: { cap: 9 } });
    const shown = await scene.open(page('idle-a'), 'viewer');
    await shown.untilText('cap 9', '.in-force');
    await shown.untilText('Explained');
    expect(await shown.texts('main button')).toEqual(['Ask again']);
    expect(await shown.texts('main input, main select')).toEqual([]);
  });

  it('sets what a tenant may have', async () => {
    // Its task stays: a tenant of whom nothing waits and nothing has ended lately is not known any more.
    await publish('idle-acme/a', 1);
    const known = async () => (await api('/v1/tenants/idle-acme')).status === 200;
    await until(known, 'the tenant is known');
    const shown = await scene.open('#/tenants/idle-acme', 'operator');
    await shown.untilText('backlog limit');
    await shown.fill('input[name=weight]', '5');
    await shown.click('.editor button', 'Set');
    await shown.untilText('weight 5', '.in-force');
    const { json } = await api('/v1/policy/tenants/idle-acme');
    expect(json.rule).toEqual({ weight: 5 });
    expect(await axeFindings(shown)).toEqual([]);
  });

  it('shows names as text, also where the user has never been heard of', async () => {
    const shown = await scene.open('', 'operator');
    for (const name of HOSTILE_IN_PAGES) {
      await shown.moveTo(page(name));
      await shown.untilText('Nobody has heard of this user.', '.trouble');
      expect(await shown.evaluate('document.title')).not.toContain('\u202e');
    }
    expect(await shown.evaluate(`document.querySelectorAll('main img, main script').length`)).toBe(0);
    shown.takeErrors(/404/);
  });

  it.each(['light', 'dark'] as const)('keeps nobody from using it, in the %s', async (scheme) => {
    const shown = await scene.open(page('served'), 'operator');
    await shown.prefer(scheme);
    await shown.untilText('31 tasks ended');
    await shown.untilText('Explained');
    expect(await axeFindings(shown)).toEqual([]);
    await shown.click('button', 'Pause …');
    await shown.untilText('No task of served starts any more', 'dialog');
    expect(await axeFindings(shown)).toEqual([]);
    await shown.press('Escape');
    await shown.resize(360, 700);
    expect(await shown.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
  });
});
