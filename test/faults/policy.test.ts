import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { isLocked } from '../../src/broker/queues/lock.js';
import { namesFor } from '../../src/core/queues/names.js';
import type { PolicyChangeReport, PolicyHistory, PolicyList } from '../../src/core/reports/policy-report.js';
import { eventually } from '../support/eventually.js';
import { RunningFairq } from '../support/fairq.js';
import { notesIn } from '../support/noted-tasks.js';
import { useFaultBroker } from './support/fault-broker.js';
import { kill } from './support/fault-load.js';
import { ruleOfA, setting, useSteeredLoad, writePolicy } from './support/steered-load.js';

const WAIT_MS = 180_000;
const names = namesFor('fairq');
const broker = useFaultBroker();
const load = useSteeredLoad(broker);

/** Revisions that the stream has, oldest first. */
async function revisions(): Promise<number[]> {
  const { changes } = await load.current.command<PolicyHistory>('policy', 'history', '--limit', '1000');
  return changes.map(({ revision }) => revision).sort((a, b) => a - b);
}

function upTo(last: number): number[] {
  return Array.from({ length: last }, (_, i) => i + 1);
}

describe('a pause', () => {
  it('that is flipped twenty times a second leaves no task behind, none run twice, and none at a worker', async () => {
    const { workers } = load.current;
    await workers.startAll(2, 4);
    await Promise.all([workers.publish('A', 1_000, 5), workers.publish('B', 1_000, 5)]);
    await workers.untilStarts(50, 'A');
    await load.current.connected(async (connection) => {
      for (let flip = 0; flip < 100; flip++) {
        const isPause = flip % 2 === 0;
        const rules = isPause ? [ruleOfA({ paused: setting(true as const) })] : [];
        const [written] = await Promise.all([writePolicy(connection, rules, `flip ${flip}`), pause(50)]);
        expect(written).toBe(flip + 1);
      }
    });
    const paused = await load.current.command<PolicyChangeReport>('pause', 'A');
    expect(paused).toMatchObject({ revision: 101, late: [] });
    // Nothing of A starts, and nothing of it is at a worker when what runs has ended.
    const from = workers.lines;
    await eventually(async () => (await load.current.counts('fairq.user.A')).unacknowledged === 0, {
      timeoutMs: WAIT_MS,
      what: 'no worker has a task of A',
    });
    const started = notesIn(workers.log).slice(from);
    expect(started.filter(({ what, user }) => what === 'b' && user === 'A')).toEqual([]);
    await load.current.command('resume', 'A');
    for (const user of ['A', 'B']) await workers.untilDone(1_000, user);
    expect([workers.starts('A'), workers.starts('B')]).toEqual([1_000, 1_000]);
    await load.current.stop();
    load.current.told('pause flipped 100 times');
  });

  it('holds over a kill of the broker, and the resume comes through', async () => {
    const { workers } = load.current;
    await workers.startAll(2, 4, '--reconnect-for', 'forever');
    await Promise.all([workers.publish('A', 200, 20), workers.publish('B', 200, 20)]);
    await workers.untilStarts(10, 'A');
    await load.current.set({ A: { paused: true } });
    await workers.until(() => running(workers.log, 'A') === 0, 'no task of A runs');
    const before = workers.starts('A');
    await broker.kill();
    await broker.start();
    await workers.untilDone(200, 'B');
    expect(workers.starts('A')).toBe(before);
    await load.current.set({});
    await workers.untilDone(200, 'A');
    await load.current.stop();
    load.current.told('broker killed while a user is paused');
  });
});

describe('two operators', () => {
  it('who change the policy at once lose no change of each other', async () => {
    const { workers } = load.current;
    await workers.startAll(2, 2);
    const change = async (user: string) => {
      for (let weight = 1; weight <= 10; weight++) {
        await load.current.command('policy', 'set', user, '--weight', String(weight));
      }
    };
    await Promise.all([change('A'), change('B')]);
    expect(await revisions()).toEqual(upTo(20));
    const { rules } = await load.current.command<PolicyList>('policy', 'list');
    expect(rules.map(({ name, limits }) => [name, limits.weight?.value]).sort()).toEqual([
      ['A', 10],
      ['B', 10],
    ]);
    await load.current.stop();
    load.current.told('two operators at once');
  });
});

describe('an operator', () => {
  it('that is killed at each step of a change leaves nobody out, and each change there once or not at all', async () => {
    const { workers } = load.current;
    await workers.startAll(2, 2);
    await workers.publish('B', 300, 20);
    const steps: readonly [string, (before: number) => Promise<boolean>][] = [
      ['has the lock', () => load.current.connected((connection) => isLocked(connection, names.policyLock))],
      ['has written', async (before) => Math.max(0, ...(await revisions())) > before],
      ['has connected', async () => true],
    ];
    let killed = 0;
    for (let times = 0; times < 4; times++) {
      for (const [step, isThere] of steps) {
        const before = Math.max(0, ...(await revisions()));
        const args = ['policy', 'set', 'A', '--weight', String(2 + killed)];
        const operator = new RunningFairq(args, load.current.env);
        let isOver = false;
        operator.ended.then(() => {
          isOver = true;
        });
        // A step is over in a moment, so it is looked for without a pause.
        const until = performance.now() + WAIT_MS;
        while (!isOver && !(await isThere(before)))
          if (performance.now() > until) throw new Error(`Waited ${WAIT_MS} ms in vain: ${step}`);
        await pause(5 * times);
        if (!isOver) killed++;
        await kill(operator);
        // The next one is not kept out, and goes on from what is there.
        const next = await load.current.command<PolicyChangeReport>('pause', 'A');
        expect(next.late).toEqual([]);
        expect(await load.current.command('resume', 'A')).toMatchObject({ late: [] });
      }
    }
    expect(killed).toBeGreaterThan(4);
    const all = await revisions();
    expect(all).toEqual(upTo(all.length));
    await workers.untilDone(300, 'B');
    await load.current.stop();
    load.current.told(`operator killed ${killed} times`);
  });
});

describe('the stream of the policy', () => {
  it('that somebody deletes again and again is there with the newest document, and workers go by that', async () => {
    const { workers } = load.current;
    await workers.startAll(2, 2);
    await workers.publish('B', 300, 20);
    let last = 0;
    for (let times = 1; times <= 6; times++) {
      const changed = await load.current.command<PolicyChangeReport>(
        ...['policy', 'set', 'A', '--weight', String(times + 1)],
      );
      expect(changed.late).toEqual([]);
      expect(changed.revision).toBeGreaterThan(last);
      last = changed.revision;
      await load.current.connected(async (connection) => {
        await (await connection.channel()).deleteQueue(names.policyStream);
      });
    }
    expect(last).toBe(6);
    await eventually(
      async () =>
        (await load.current.command<PolicyList>('policy', 'list')).rules[0]?.limits.weight?.value === 7,
      { timeoutMs: WAIT_MS, what: 'the newest document is there again' },
    );
    await workers.untilDone(300, 'B');
    await load.current.stop();
    load.current.told('policy stream deleted 6 times');
  });
});

function running(log: string, user: string): number {
  const own = notesIn(log).filter((note) => note.user === user);
  return own.filter(({ what }) => what === 'b').length - own.filter(({ what }) => what === 'e').length;
}
