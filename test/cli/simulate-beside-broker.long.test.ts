import { describe, expect, it } from 'vitest';
import type { WorkerReport } from '../../src/core/reports/worker-report.js';
import { FairqHere, fairq, fairqJson } from '../support/fairq.js';
import type {
  SimulatedPositions as Positions,
  SimulationDocument as Simulation,
} from '../support/simulation-document.js';
import { useVhost } from '../support/vhost.js';

const vhost = useVhost();
const { env } = vhost;

interface Bench {
  readonly results: readonly {
    readonly strategy: string;
    readonly fairness: { readonly jainAtHalf: number };
    readonly users: readonly Positions[];
  }[];
}

/** One strategy, played by the broker and simulated. */
interface Pair {
  readonly played: Bench['results'][number];
  readonly simulated: Simulation['results'][number];
}

/** What the simulation and `fairq bench` call the same strategy: `user` is a queue for each. */
const PLAYED_AS = { fifo: 'fifo', user: 'fair' } as const;
type Strategy = keyof typeof PLAYED_AS;

/** @param sameLoad as `fairq simulate` is told of it */
async function pairOf(
  strategy: Strategy,
  load: readonly string[],
  sameLoad: readonly string[] = load,
): Promise<Pair> {
  const bench = ['bench', ...load, '--strategy', PLAYED_AS[strategy], '--rounds', '1'];
  const { code, stdout, stderr } = await fairq(env, '--json', ...bench);
  // A bench may miss a limit on a busy machine.
  expect([0, 99], stderr).toContain(code);
  const [played] = (JSON.parse(stdout) as Bench).results;
  const { results } = await fairqJson<Simulation>(env, 'simulate', ...sameLoad, '--strategy', strategy);
  return { played: played!, simulated: results[0]! };
}

/** How far the simulation is off, as docs/simulate.md says it. */
function differences({ played, simulated }: Pair, user: string) {
  const tasks = Math.max(...played.users.map(({ lastCompletionPosition }) => lastCompletionPosition));
  const off = (position: (one: Positions) => number): number => {
    const [real, reckoned] = [played, simulated].map(({ users }) =>
      position(users.find((one) => one.user === user)!),
    );
    return Math.abs(real! - reckoned!) / tasks;
  };
  return {
    jain: Math.abs(played.fairness.jainAtHalf - simulated.jainAtHalf),
    first: off(({ firstCompletionPosition }) => firstCompletionPosition),
    last: off(({ lastCompletionPosition }) => lastCompletionPosition),
  };
}

/** A machine that is busy may hold up a part of a real run, which no simulation foresees: then it is played again. */
const PLAYS = 4;

async function compared(compare: () => Promise<void>): Promise<void> {
  for (let play = 1; play < PLAYS; play++) {
    try {
      return await compare();
    } catch (error) {
      console.error(`play ${play} of at most ${PLAYS} is off: ${error}`);
    }
  }
  await compare();
}

const SHARED_MS = 10;
const HEAVY = 'heavy';
let plays = 0;

/** The heavy user has as many tasks as 60 light ones together, and its tasks are between theirs. */
function heavyAmongLight(): string[] {
  return Array.from({ length: 600 }, (_, i) => [HEAVY, `light-${i % 60}`]).flat();
}

/** One worker with one shared queue; tasks are sent as any client does, so nobody is promoted before it starts. */
async function playedShared(load: readonly string[]) {
  const prefix = `shared-${++plays}`;
  const own = { ...env, FAIRQ_PREFIX: prefix };
  await fairqJson(own, 'publish', '--units', 'shared:1', '--user', HEAVY, '--count', '1', '--task', 'noop');
  await fairqJson(own, 'worker', '--exit-when', 'empty');
  for (const [i, user] of load.entries()) {
    vhost.channel.publish(prefix, user, Buffer.from(JSON.stringify({ durationMs: SHARED_MS })), {
      persistent: true,
      messageId: `task-${i}`,
      type: 'sleep',
      headers: { 'x-fairq': `1 ${i + 1} 1 ${Date.now() * 1_000} 0 load ${user}` },
    });
  }
  await vhost.channel.checkExchange(prefix);
  const worker = await fairqJson<WorkerReport>(own, 'worker', '-c', '5', '--exit-when', 'empty');
  const run = await fairqJson<Bench['results'][number]>(own, 'report', '--run', 'load');
  return { promotions: worker.promotions, run };
}

/** Where the last tasks of light users are in the order of completion, on average. */
function lastOfLight({ users }: { readonly users: readonly Positions[] }): number {
  const lasts = users.flatMap(({ user, lastCompletionPosition }) =>
    user === HEAVY ? [] : [lastCompletionPosition],
  );
  return lasts.reduce((a, b) => a + b, 0) / lasts.length;
}

describe('a simulation beside the same load on a broker', () => {
  it.each(['fifo', 'user'] as const)("seed, on one worker, has B's tasks in their places: %s", (strategy) =>
    compared(async () => {
      const pair = await pairOf(strategy, ['seed', '--count-a', '3000', '--count-b', '200']);
      const { jain, first, last } = differences(pair, 'B');
      expect(jain).toBeLessThanOrEqual(0.02);
      expect(first).toBeLessThanOrEqual(0.02);
      expect(last).toBeLessThanOrEqual(0.02);
    }),
  );

  it('crowd, on one worker, is as fair in one queue', () =>
    compared(async () => {
      const pair = await pairOf('fifo', ['crowd', '--workers', '1']);
      // What came back while there was no queue is sent again, behind others: of fewer tasks it would be most.
      expect(differences(pair, 'user-1').jain).toBeLessThanOrEqual(0.1);
    }));

  // To make a queue for each of a thousand users takes far longer than their tasks, and each gets 30 here as well.
  it('crowd of 200 users, on one worker, is as fair in turns', () =>
    compared(async () => {
      const sameLoad = ['--users', '200', '--count', '30', '--duration', '5ms'];
      const slots = ['--workers', '1', '--concurrency', '10'];
      const pair = await pairOf('user', ['crowd', '--total', '6000', ...slots], [...sameLoad, ...slots]);
      expect(differences(pair, 'user-1').jain).toBeLessThanOrEqual(0.05);
    }));

  it.each(['fifo', 'user'] as const)(
    'noisy, on two workers, is as fair, and B comes after the burst in one queue: %s',
    (strategy) =>
      compared(async () => {
        const pair = await pairOf(strategy, ['noisy', '--count-a', '2500', '--concurrency', '5']);
        const { jain, first } = differences(pair, 'B');
        expect(jain).toBeLessThanOrEqual(0.1);
        if (strategy === 'fifo') expect(first).toBeLessThanOrEqual(0.05);
      }),
  );

  it('a heavy user among light ones in one shared queue is promoted, and gets as much more as they', () =>
    compared(async () => {
      const load = heavyAmongLight();
      const { promotions, run } = await playedShared(load);
      const input = load.map((user) => JSON.stringify({ user, durationMs: SHARED_MS })).join('\n');
      const args = ['--json', 'simulate', '--from', '-', '-c', '5', '--strategy', 'shared:1'];
      const { stdout } = await new FairqHere(args, env, input).ended;
      const [simulated] = (JSON.parse(stdout) as Simulation).results;
      expect(promotions.users).toBe(simulated!.promotions);
      const off = (real: number, reckoned: number) => Math.abs(real - reckoned) / load.length;
      expect(off(promotions.movedTasks, simulated!.moved)).toBeLessThanOrEqual(0.1);
      expect(off(lastOfLight(run), lastOfLight(simulated!))).toBeLessThanOrEqual(0.1);
      expect(Math.abs(run.fairness.jainAtHalf - simulated!.jainAtHalf)).toBeLessThanOrEqual(0.1);
    }));
});
