import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { GrantTalk } from '../../src/broker/policy/grant-talk.js';
import { namesFor, WORKER_CONNECTION } from '../../src/core/queues/names.js';
import { seededRandom } from '../../src/core/values/random.js';
import { eventually } from '../support/eventually.js';
import type { RunningFairq } from '../support/fairq.js';
import { linesSoFar, notesIn } from '../support/noted-tasks.js';
import { chanceOf } from './support/chance.js';
import { useFaultBroker } from './support/fault-broker.js';
import { ruleOfA, setting, useSteeredLoad, writePolicy } from './support/steered-load.js';

const PERMITS = 'fairq.permits.A';
/** Who is killed has done nothing wrong. */
const NOT_TO_BLAME = ['--max-crashes', '1000'];
const broker = useFaultBroker();
const load = useSteeredLoad(broker);

/**
 * From 4.3 the broker keeps back what a lost connection held. Before, it may be in use there for a moment more. Connections
 * are closed one after the other, so a permit may have been at each worker before the first of them knows.
 */
function mostAfterALoss(cap: number, workers: number): number {
  return Number.parseFloat(broker.version) >= 4.3 ? cap : workers * cap;
}

/** How often this worker has lost its connection and found the broker again. */
function reconnections({ stderr }: RunningFairq): number {
  return stderr.match(/connected again/g)?.length ?? 0;
}

/** Sends so many tasks of A that some wait; each call says how many were sent in all. */
function busyWith(least: number, ms: number): (least?: number) => Promise<number> {
  const { workers } = load.current;
  let published = 0;
  return async (waiting = least) => {
    const lacking = workers.starts('A') + waiting - published;
    if (lacking <= 0) return published;
    await workers.publish('A', lacking, ms);
    published += lacking;
    return published;
  };
}

/** The worker that says that it has the permit of this number. */
function holderOf(number: number): Promise<RunningFairq> {
  return load.current.connected(async (connection) => {
    const talk = await GrantTalk.open(connection, namesFor('fairq'), undefined, () => {});
    const { answers } = talk.ask(PERMITS, false);
    const held = () => [...answers.values()].find((answer) => answer.held.includes(number));
    const { name } = await eventually(held, { timeoutMs: 60_000, what: `a worker with number ${number}` });
    talk.close();
    // They are named in the order in which they were started.
    return load.current.workers.workers[Number(name.slice(1)) - 1]!;
  });
}

describe('a user with a cap', () => {
  it('never runs more while workers are killed 200 times, and has exactly its permits at the end', async () => {
    const { workers } = load.current;
    const [cap, kills, size, atOnce] = [5, 200, 8, 5];
    await load.current.set({ A: { cap: { tasks: cap } } });
    await workers.startAll(size, 2, ...NOT_TO_BLAME);
    const keepBusy = busyWith(1_000, 10);
    const random = chanceOf('200 workers killed under a cap');
    for (let killed = 0; killed < kills; killed += atOnce) {
      await keepBusy();
      await workers.untilStarts(workers.starts('A') + 10, 'A');
      const chosen = [...workers.workers].sort(() => random() - 0.5).slice(0, atOnce);
      await Promise.all(chosen.map((worker) => workers.kill(worker)));
      await workers.startAll(atOnce, 2, ...NOT_TO_BLAME);
    }
    await workers.untilDone(await keepBusy(), 'A');
    await load.current.stop(cap);
    expect(load.current.told(`${kills} workers killed under a cap`, cap)).toBe(cap);
  }, 1_800_000);

  it('has its permits again where somebody deletes their queue under load', async () => {
    const { workers } = load.current;
    const cap = 3;
    await load.current.set({ A: { cap: { tasks: cap } } });
    await workers.startAll(3, 4);
    await workers.publish('A', 400, 40);
    for (let times = 1; times <= 5; times++) {
      await workers.untilStarts(times * 40, 'A');
      await load.current.connected(async (connection) => {
        await (await connection.channel()).deleteQueue(PERMITS);
      });
    }
    // When it is all made again no more run than before.
    await workers.untilStarts(workers.starts('A') + 30, 'A');
    const from = linesSoFar(workers.log);
    await workers.untilDone(400, 'A');
    expect(workers.most('A', from)).toBeLessThanOrEqual(cap);
    await load.current.stop(cap);
    expect(load.current.told('queue of permits deleted 5 times', cap)).toBeLessThanOrEqual(2 * cap);
  });

  it('has its cap changed 1,000 times under load, and the last one counts', async () => {
    const { workers } = load.current;
    const [most, last] = [10, 6];
    const random = seededRandom(7);
    const keepBusy = busyWith(1_000, 20);
    await load.current.set({ A: { cap: { tasks: 1 } } });
    await workers.startAll(3, 5);
    await keepBusy();
    await workers.untilStarts(10, 'A');
    const from = linesSoFar(workers.log);
    await load.current.connected(async (connection) => {
      for (let change = 0; change < 1_000; change++) {
        const tasks = 1 + Math.floor(random() * most);
        await writePolicy(connection, [ruleOfA({ cap: setting({ tasks }) })], `change ${change}`);
        if (change % 20 === 0) await keepBusy();
      }
    });
    await load.current.set({ A: { cap: { tasks: last } } });
    expect(workers.most('A', from)).toBeLessThanOrEqual(most);
    const published = await keepBusy(3_000);
    // What ran under another cap has ended when so many more have begun.
    await workers.untilStarts(workers.starts('A') + 2 * most, 'A');
    const settled = linesSoFar(workers.log);
    await workers.until(() => workers.most('A', settled) === last, `${last} run at once`);
    await workers.untilDone(published, 'A');
    expect(workers.most('A', settled)).toBe(last);
    await load.current.stop(last);
    expect(load.current.told('cap changed 1,000 times', most, last)).toBeLessThanOrEqual(most);
  });

  it('has each permit once where one over a lowered cap is lost as the cap is raised again', async () => {
    const { workers } = load.current;
    const cap = 2;
    await load.current.set({ A: { cap: { tasks: cap } } });
    await workers.startAll(3, 1, ...NOT_TO_BLAME);
    await workers.publish('A', cap, 20_000);
    await workers.untilStarts(cap, 'A');
    const holder = await holderOf(cap);
    await load.current.set({ A: { cap: { tasks: 1 } } });
    // No worker has gone by more than one for longer than the broker keeps anything back, and the task runs on.
    await pause(6_500);
    await workers.kill(holder);
    await load.current.set({ A: { cap: { tasks: cap } } });
    await workers.publish('A', 40, 50);
    await workers.untilDone(cap + 40, 'A');
    await load.current.stop(cap);
    expect(load.current.told('permit over a lowered cap lost as the cap is raised', cap)).toBe(cap);
  });

  it('runs no more where the broker closes every connection', async () => {
    const { workers } = load.current;
    const [cap, size] = [3, 3];
    await load.current.set({ A: { cap: { tasks: cap } } });
    await workers.startAll(size, 4, '--reconnect-for', 'forever');
    const keepBusy = busyWith(300, 100);
    for (let times = 1; times <= 3; times++) {
      await keepBusy();
      await workers.untilStarts(workers.starts('A') + 6, 'A');
      const before = workers.workers.map(reconnections);
      await broker.evaluate(
        `[rabbit_networking:close_connection(C, "a fault") || C <- rabbit_networking:connections(), proplists:get_value(vhost, rabbit_networking:connection_info(C, [vhost])) =:= <<"${load.current.vhost}">>], ok.`,
      );
      const areAllBack = () => workers.workers.every((worker, i) => reconnections(worker) > before[i]!);
      await workers.until(areAllBack, 'all workers are connected again');
      await keepBusy();
      // Who knows of the loss has ended what it ran.
      const from = linesSoFar(workers.log);
      await workers.untilStarts(workers.starts('A') + 6, 'A');
      expect(workers.most('A', from)).toBeLessThanOrEqual(cap);
    }
    await workers.untilDone(await keepBusy(), 'A');
    await load.current.stop(cap);
    const seen = load.current.told('all connections closed by the broker 3 times', cap);
    expect(seen).toBeLessThanOrEqual(mostAfterALoss(cap, size));
  });

  it('is pruned while its permits are out, and its cap holds when it comes again', async () => {
    const { workers } = load.current;
    const cap = 2;
    await load.current.set({ A: { cap: { tasks: cap } } });
    await workers.startAll(2, 4);
    await workers.publish('A', 10, 300);
    await workers.untilStarts(cap, 'A');
    const prune = () => load.current.command('queues', 'prune', '--observe', '100ms', '--yes');
    let isDone = false;
    const done = workers.untilDone(10, 'A').then(() => {
      isDone = true;
    });
    while (!isDone) await prune();
    await done;
    await eventually(
      async () => {
        await prune();
        return !(await broker.queues(load.current.vhost)).has('fairq.user.A');
      },
      { timeoutMs: 120_000, what: 'the queue of A is pruned' },
    );
    await workers.publish('A', 30, 50);
    await workers.untilDone(40, 'A');
    const ids = new Set(notesIn(workers.log).map(({ id }) => id));
    expect(ids.size).toBe(40);
    await load.current.stop(cap);
    expect(load.current.told('user pruned while its permits are out', cap)).toBe(cap);
  });
});

describe('a worker of another version', () => {
  it('that knows no policy is named, whoever sets one', async () => {
    const { workers } = load.current;
    await workers.startAll(1, 2);
    const state = { slots: 1, free: 1, busy: 0, ready: true, include: [], exclude: [], also: [] };
    const older = { kind: 'worker', worker: { id: 'older-id', name: 'older', ...state } };
    // The broker lists it as a worker, so it is waited for, however late it is heard.
    await load.current.connected(async (connection) => {
      const channel = await connection.channel();
      const says = setInterval(
        () => channel.publish('fairq.control', '', Buffer.from(JSON.stringify(older))),
        100,
      );
      try {
        await load.current.listed('older');
        await expect(load.current.set({ A: { cap: { tasks: 1 } } })).rejects.toThrow(/older is older/);
      } finally {
        clearInterval(says);
      }
    }, `${WORKER_CONNECTION}older`);
    await load.current.stop();
  });
});
