import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PolicyChangeReport } from '../../src/core/reports/policy-report.js';
import { fairq, fairqJson } from '../support/fairq.js';
import { useFolder } from '../support/folder.js';
import { linesSoFar, notesIn } from '../support/noted-tasks.js';
import { NotingWorkers } from '../support/noting-workers.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const folder = useFolder();
const TENANTS = ['--tenant-of', 'prefix:/'];
let env: Record<string, string>;
let tests = 0;
let workers: NotingWorkers;

beforeEach(() => {
  const prefix = `tenants${tests++}`;
  env = { ...vhost.env, FAIRQ_PREFIX: prefix };
  workers = new NotingWorkers(env, folder.file(prefix));
});
afterEach(() => workers.end());

const change = (...args: string[]) => fairqJson<PolicyChangeReport>(env, ...args);

/** Users of the tasks that have begun since that line, in their order. */
function begun(from: number): string[] {
  const notes = notesIn(workers.log).slice(from);
  return notes.flatMap(({ what, user = '' }) => (what === 'b' ? [user] : []));
}

const isOfAcme = (user: string) => user.startsWith('acme/');

describe('a pause of a tenant', () => {
  it('starts nothing of any of its users, new ones too, and names what runs; all others go on', async () => {
    await workers.startAll(2, 2, ...TENANTS);
    await Promise.all([
      ...['acme/a', 'acme/b'].map((user) => workers.publish(user, 60, 30)),
      workers.publish('other', 150, 30),
    ]);
    await workers.untilStarts(1, 'acme/a');
    await workers.untilStarts(1, 'acme/b');
    const paused = await change('pause', '--tenant', 'acme');
    const from = linesSoFar(workers.log);
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
    await Promise.all(['acme/a', 'acme/b', 'beta/x'].map((user) => workers.publish(user, 300, 5)));
    await workers.start(1, ...TENANTS, '--tenant-weight', 'beta=2');
    await change('policy', 'set', '--tenant', 'acme', '--weight', '6');
    const from = linesSoFar(workers.log);
    await workers.untilStarts(workers.starts() + 200);
    const acme = begun(from).slice(0, 200).filter(isOfAcme).length;
    expect(acme).toBeGreaterThanOrEqual(145);
    expect(acme).toBeLessThanOrEqual(155);
    await workers.stop();
  });
});

describe('a worker that knows no tenants', () => {
  it('is named by a change for tenants and by no other, and says so itself', async () => {
    const worker = await workers.start(1);
    const late = [{ name: 'w1', why: 'no-tenants', revision: 1 }];
    for (const changed of [true, false]) {
      const set = await fairq(env, '--json', 'policy', 'set', '--tenant', 'acme', '--cap', '2');
      expect(set.code).toBe(3);
      expect(JSON.parse(set.stdout)).toMatchObject({ changed, workers: [], late });
    }
    await worker.says(/something is set for tenants, and counts for nothing here.*--tenant-of/);
    expect(await change('policy', 'set', 'A', '--weight', '2')).toMatchObject({ late: [] });
    const unset = await fairq(env, 'policy', 'unset', '--tenant', 'acme');
    expect(unset).toMatchObject({ code: 0 });
    await workers.stop();
  });
});
