import { describe, expect, it } from 'vitest';
import type { RunReport } from '../../src/core/reports/run-report.js';
import type { WorkerReport } from '../../src/core/reports/worker-report.js';
import { fairq } from '../support/fairq.js';
import { useLimitedUsers } from '../support/limited-user.js';
import { notesIn } from '../support/noted-tasks.js';
import { useNotingScene } from '../support/noting-scene.js';
import { stopProcess } from '../support/stop-process.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const scene = useNotingScene(vhost, 'caps');
const limitedUsers = useLimitedUsers(vhost);

const cap = (tasks: number) => ({ cap: { tasks } });

describe('a cap of three', () => {
  it('holds over three workers, whoever is killed, and every task is done', async () => {
    const { workers, setPolicy } = scene;
    await setPolicy({ A: cap(3) });
    await workers.startAll(3, 4, '--max-crashes', '100');
    await Promise.all([workers.publish('A', 300, 20), workers.publish('B', 200, 20)]);
    for (let kills = 1; kills <= 5; kills++) {
      await workers.untilStarts(kills * 40, 'A');
      await workers.kill(workers.workers[kills % 3]!);
      await workers.start(4, '--max-crashes', '100');
    }
    await workers.untilDone(300, 'A');
    await workers.untilDone(200, 'B');
    await workers.stop();
    expect(workers.most('A')).toBe(3);
  });

  it('lets others have the slots at once, and leaves them free where nobody else waits', async () => {
    const { workers, setPolicy } = scene;
    await setPolicy({ A: cap(3) });
    await workers.startAll(2, 4);
    await workers.publish('A', 60, 50);
    await workers.untilDone(60, 'A');
    expect(workers.most()).toBe(3);
    const from = workers.lines;
    await Promise.all([workers.publish('A', 60, 50), workers.publish('B', 200, 50)]);
    await workers.untilDone(260);
    expect(workers.most('A')).toBe(3);
    // Both have work, and all eight slots have been busy at once.
    expect(workers.most(undefined, from)).toBe(8);
    const reports = (await workers.stop()).map(({ stdout }) => JSON.parse(stdout) as WorkerReport);
    for (const { overlaps } of reports) expect(overlaps).toBe(0);
  });

  it('is raised, lowered, taken away and set again while tasks run', async () => {
    const { workers, setPolicy } = scene;
    await workers.startAll(3, 4);
    await workers.publish('A', 6_000, 50);
    await workers.untilStarts(30);
    for (const tasks of [2, 7, 1, 4]) {
      await setPolicy({ A: cap(tasks) });
      // What ran before ends, and its permits are taken away as they come back: more run at once till then.
      let from = workers.lines;
      let before = workers.starts();
      await workers.until(() => {
        const most = workers.most('A', from);
        if (most > tasks) {
          from = workers.lines;
          before = workers.starts();
        }
        return most === tasks && workers.starts() >= before + 15;
      }, `${tasks} run at once, and no more`);
      await workers.untilStarts(workers.starts() + 5 * tasks);
      expect(workers.most('A', from)).toBe(tasks);
    }
    const from = workers.lines;
    await setPolicy({});
    await workers.until(() => workers.most('A', from) === 12, 'all slots are busy');
    await workers.stop();
  });

  it("is each user's own where a glob sets it", async () => {
    const { workers, setPolicy } = scene;
    await setPolicy({ 'acme-*': cap(1), 'acme-big': cap(2) });
    await workers.startAll(2, 5);
    const users = ['acme-a', 'acme-b', 'acme-big', 'other'];
    await Promise.all(users.map((user) => workers.publish(user, 25, 20)));
    await workers.untilDone(100);
    expect(users.slice(0, 3).map((user) => workers.most(user))).toEqual([1, 1, 2]);
    expect(workers.most('other')).toBeGreaterThan(2);
    await workers.stop();
  });

  it('is said to hold its user up where the worker may not make what it is kept by', async () => {
    const { workers, setPolicy } = scene;
    const read = '.*';
    const write = '.*';
    const user = await limitedUsers.make({
      configure: `^(${scene.prefix}\\.(user|retry)\\..*|amq\\.gen-.*)$`,
      write,
      read,
    });
    await setPolicy({ A: cap(3) });
    await Promise.all([workers.publish('A', 5, 1), workers.publish('B', 5, 1)]);
    const worker = await workers.startWith(user, 4);
    await workers.untilDone(5, 'B');
    await worker.says(/may not configure the queue ".*A".* limits does not start here/);
    expect(workers.starts('A')).toBe(0);
    await limitedUsers.allow(user, { configure: '.*', write, read });
    await workers.untilDone(5, 'A');
    await workers.stop();
  });
});

describe('a worker that was frozen', () => {
  it('writes down what it ran on with: the report counts it, and names it', async () => {
    const { workers, setPolicy, env } = scene;
    await setPolicy({ A: cap(1) });
    const near = { FAIRQ_URI: `${env.FAIRQ_URI}?heartbeat=1` };
    for (let i = 0; i < 2; i++) await workers.startWith(near, 1, '--reconnect-for', 'forever');
    await workers.publish('A', 3, 2_000, 'deaf', '--run', 'frozen');
    await workers.untilStarts(1);
    const pid = notesIn(workers.log)[0]!.process;
    const frozen = workers.workers.find(({ process }) => String(process.pid) === pid)!;
    await stopProcess(frozen.process);
    const own = () => notesIn(workers.log).filter(({ process }) => process === pid);
    const begun = own().filter(({ what }) => what === 'b');
    // It was in the middle of one, or had just ended it, and the other has had the next.
    const runs = begun.length > own().length - begun.length;
    const others = () => notesIn(workers.log).filter(({ process }) => process !== pid).length;
    const before = others();
    await workers.until(() => others() > before + 1, 'the other worker goes on');
    frozen.signal('SIGCONT');
    await workers.untilDone(3);
    const reports = (await workers.stop()).map(({ stdout }) => JSON.parse(stdout) as WorkerReport);
    if (!runs) throw new Error('the worker was frozen between two tasks');
    const id = begun.at(-1)!.id;
    const ran = await fairq(env, '--json', 'report', '--run', 'frozen', '--check', 'user(A).running<=1');
    const report = JSON.parse(ran.stdout) as RunReport;
    expect(report).toMatchObject({ completed: 3, mostRunning: 2, overlapCount: 1 });
    expect(report.users).toMatchObject([{ user: 'A', tasks: 3, mostRunning: 2 }]);
    const [overlap] = report.overlaps;
    expect(overlap).toMatchObject({ user: 'A', task: id, run: 'frozen', attempt: 1 });
    expect(overlap!.to).toBeGreaterThan(overlap!.from);
    expect(ran.code).toBe(99);
    const frozenReport = reports.find(({ name }) => name === overlap!.worker);
    expect(frozenReport?.overlaps).toBe(1);
    const { stdout } = await fairq(env, 'report', '--run', 'frozen');
    expect(stdout).toContain('OVERLAPS: 1 attempt ran on when its permit was lost');
    expect(stdout.replace(/\s+/g, ' ')).toContain(`A, task ${id} at ${overlap!.worker}: from `);
  });
});

describe('a cap that binds when others wait', () => {
  it('leaves a user all slots while it is alone, and holds it to the cap while others wait there', async () => {
    const { workers, setPolicy } = scene;
    await setPolicy({ A: { cap: { tasks: 2, whenBusy: true } } });
    await workers.start(6);
    await workers.publish('A', 600, 100);
    await workers.until(() => workers.most('A') === 6, 'A has all six slots');
    await workers.publish('B', 600, 100);
    // What A ran before has ended by then.
    await workers.untilStarts(30, 'B');
    const from = workers.lines;
    await workers.untilStarts(workers.starts('B') + 60, 'B');
    expect(workers.starts('B')).toBeLessThan(600); // B waits still
    expect(workers.most('A', from)).toBe(2);
    // A slot that A leaves for a moment goes to B.
    expect(workers.most('B', from)).toBeGreaterThanOrEqual(4);
    await workers.stop();
  });
});
