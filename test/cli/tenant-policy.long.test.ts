import { describe, expect, it } from 'vitest';
import type { PolicyChangeReport } from '../../src/core/reports/policy-report.js';
import { fairq, fairqJson } from '../support/fairq.js';
import { mostStartsWithin, notesIn } from '../support/noted-tasks.js';
import { useNotingScene } from '../support/noting-scene.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const scene = useNotingScene(vhost, 'tenants');
const TENANTS = ['--tenant-of', 'prefix:/'];

const change = (...args: string[]) => fairqJson<PolicyChangeReport>(scene.env, ...args);

/** Users of the tasks that have begun since that line, in their order. */
function begun(from: number): string[] {
  const notes = notesIn(scene.workers.log).slice(from);
  return notes.flatMap(({ what, user = '' }) => (what === 'b' ? [user] : []));
}

const isOfAcme = (user: string) => user.startsWith('acme/');

describe('a pause of a tenant', () => {
  it('starts nothing of any of its users, new ones too, and names what runs; all others go on', async () => {
    const { workers } = scene;
    await workers.startAll(2, 2, ...TENANTS);
    await Promise.all([
      ...['acme/a', 'acme/b'].map((user) => workers.publish(user, 60, 30)),
      workers.publish('other', 150, 30),
    ]);
    await workers.untilStarts(1, 'acme/a');
    await workers.untilStarts(1, 'acme/b');
    const paused = await change('pause', '--tenant', 'acme');
    const from = workers.lines;
    expect(paused).toMatchObject({ what: 'tenant acme: paused', late: [] });
    expect(paused.stillRunning.every(({ user }) => isOfAcme(user))).toBe(true);
    await workers.publish('acme/new', 5, 1);
    await workers.untilDone(150, 'other');
    expect(begun(from).filter(isOfAcme)).toEqual([]);
    await change('resume', '--tenant', 'acme');
    await workers.untilDone(275);
    await workers.stop();
  });
});

describe("a tenant's weight", () => {
  it('counts over the backlog that is there, beside what the flags of the worker say of others', async () => {
    const { workers } = scene;
    await Promise.all(['acme/a', 'acme/b', 'beta/x'].map((user) => workers.publish(user, 5_000, 5)));
    await workers.start(1, ...TENANTS, '--tenant-weight', 'beta=2');
    await change('policy', 'set', '--tenant', 'acme', '--weight', '6');
    const from = workers.lines;
    await workers.untilStarts(workers.starts() + 200);
    const acme = begun(from).slice(0, 200).filter(isOfAcme).length;
    // Three of four, as far as the broker delivers in time; by the flags alone it would be one of three.
    expect(acme).toBeGreaterThan(130);
    expect(acme).toBeLessThan(170);
    await workers.stop();
  });
});

describe("a tenant's cap", () => {
  const users = ['acme/a', 'acme/b', 'acme/c', 'acme/d', 'acme/e'];

  it('holds for all of its users over two workers, one of which is killed, and leaves slots to others', async () => {
    const { workers, setPolicy } = scene;
    await setPolicy({}, { acme: { cap: { tasks: 2 } } });
    await workers.startAll(2, 4, ...TENANTS, '--max-crashes', '100');
    await Promise.all([
      ...users.map((user) => workers.publish(user, 20, 20)),
      workers.publish('other', 300, 20),
    ]);
    await workers.untilStarts(30, 'acme/');
    await workers.kill(workers.workers[0]!);
    await workers.start(4, ...TENANTS);
    await workers.untilDone(100, 'acme/');
    await workers.untilDone(300, 'other');
    expect(workers.most('acme/')).toBe(2);
    expect(workers.most('other')).toBeGreaterThan(2);
    await workers.stop();
  });

  it("binds beside a user's own: what one of its users lacks is kept from no other", async () => {
    const { workers, setPolicy } = scene;
    await setPolicy({ 'acme/a': { cap: { tasks: 1 } } }, { acme: { cap: { tasks: 3 } } });
    await workers.startAll(2, 4, ...TENANTS);
    await Promise.all([workers.publish('acme/a', 40, 20), workers.publish('acme/b', 80, 20)]);
    await workers.untilDone(120);
    expect([workers.most('acme/a'), workers.most('acme/')]).toEqual([1, 3]);
    expect(workers.most('acme/b')).toBeGreaterThanOrEqual(2);
    await workers.stop();
  });

  it('is set, raised and taken away while tasks run, and counts what had begun before', async () => {
    const { workers, setPolicy } = scene;
    await workers.startAll(2, 4, ...TENANTS);
    await Promise.all(users.slice(0, 3).map((user) => workers.publish(user, 2_000, 50)));
    await workers.untilStarts(30);
    for (const tasks of [2, 5]) {
      await setPolicy({}, { acme: { cap: { tasks } } });
      await workers.untilStarts(workers.starts() + 15);
      const from = workers.lines;
      await workers.until(() => workers.most('acme/', from) >= tasks, `${tasks} run at once`);
      await workers.untilStarts(workers.starts() + 5 * tasks);
      expect(workers.most('acme/', from)).toBe(tasks);
    }
    const from = workers.lines;
    await setPolicy({});
    await workers.until(() => workers.most('acme/', from) === 8, 'all slots are busy');
    await workers.stop();
  });
});

describe("a tenant's rate", () => {
  it('holds for all of its users, beside the rate of one of them', async () => {
    const { workers, setPolicy } = scene;
    const perSecond = (starts: number) => ({ rate: { starts, perMs: 1_000, burst: starts } });
    await setPolicy({ 'acme/a': perSecond(5) }, { acme: perSecond(20) });
    await workers.startAll(2, 4, ...TENANTS);
    await Promise.all([workers.publish('acme/a', 10, 1), workers.publish('acme/b', 50, 1)]);
    await workers.untilDone(60);
    expect(mostStartsWithin(workers.log, 1_000, 'acme/')).toBeLessThanOrEqual(20);
    expect(mostStartsWithin(workers.log, 1_000, 'acme/a')).toBeLessThanOrEqual(5);
    await workers.stop();
  });
});

describe('a worker that knows no tenants', () => {
  it('is named by a change for tenants and by no other, and says so itself', async () => {
    const { workers } = scene;
    const worker = await workers.start(1);
    const late = [{ name: 'w1', why: 'no-tenants', revision: 1 }];
    for (const changed of [true, false]) {
      const set = await fairq(scene.env, '--json', 'policy', 'set', '--tenant', 'acme', '--cap', '2');
      expect(set.code).toBe(3);
      expect(JSON.parse(set.stdout)).toMatchObject({ changed, workers: [], late });
    }
    await worker.says(/something is set for tenants, and counts for nothing here.*--tenant-of/);
    expect(await change('policy', 'set', 'A', '--weight', '2')).toMatchObject({ late: [] });
    const unset = await fairq(scene.env, 'policy', 'unset', '--tenant', 'acme');
    expect(unset).toMatchObject({ code: 0 });
    await workers.stop();
  });
});
