import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type { RunReport } from '../../src/core/reports/run-report.js';
import { eventually } from '../support/eventually.js';
import { fairqJson, RunningFairq } from '../support/fairq.js';
import { useFaultBroker } from './support/fault-broker.js';

const broker = useFaultBroker();
const MODULE = fileURLToPath(new URL('../support/deadly-tasks.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'fairq-crashes-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PATIENCE_MS = 120_000;
/** Of a worker that somebody kills: less than it takes to know that the one before is dead. */
const LIFE_MS = 3_000;
/** A connection that says nothing is dropped after two of these. Seconds. */
const HEARTBEAT = 5;
const KINDS = ['kill', 'abort', 'block'] as const;
const QUEUE_TYPES = ['classic', 'quorum'] as const;

/** Tasks, and lives of workers, in a vhost of their own. */
class Scene {
  readonly env: Record<string, string>;
  readonly #log: string;
  readonly #queues: readonly string[];

  private constructor(name: string, queueType: string) {
    const { username, password, hostname, port } = new URL(broker.uri);
    this.#log = join(folder, name);
    this.#queues = ['--queue-type', queueType];
    this.env = {
      FAIRQ_URI: `amqp://${username}:${password}@${hostname}:${port}/${name}?heartbeat=${HEARTBEAT}`,
      FAIRQ_MANAGEMENT_URI: broker.managementUri,
      DEADLY_LOG: this.#log,
    };
  }

  static async make(name: string, queueType: string): Promise<Scene> {
    await broker.makeVhost(name);
    return new Scene(name, queueType);
  }

  async publish(task: string, run: string, ...flags: string[]): Promise<void> {
    await fairqJson(this.env, 'publish', '--task', task, '--run', run, ...this.#queues, ...flags);
  }

  async publishCelery(task: string, ...flags: string[]): Promise<void> {
    await fairqJson(this.env, 'publish', '--celery', task, ...flags);
  }

  /** Ids of a user's innocent tasks that have ended, in the order of their first end; of everybody's. */
  idsOf(user?: string): string[] {
    const lines = linesOf(this.#log).map((line) => line.split(' '));
    return [...new Set(lines.flatMap(([own, id = '']) => (user === undefined || own === user ? id : [])))];
  }

  worker(...flags: string[]): RunningFairq {
    const args = ['--json', 'worker', '--handler', MODULE, ...this.#queues, ...flags];
    return new RunningFairq(args, this.env);
  }

  /** Lives of workers until nothing is left to do; how many of them have been killed by a task. */
  async livesUntilEmpty(...flags: string[]): Promise<number> {
    for (let deaths = 0; ; deaths++) {
      const worker = this.worker('--exit-when', 'empty', ...flags);
      const { code, stderr } = await worker.ended;
      if (code === 3) return deaths; // the last one leaves the dead letter
      expect(worker.process.signalCode, stderr).toBe('SIGKILL');
    }
  }

  /** How many innocent tasks have ended. */
  get ended(): number {
    return linesOf(this.#log).length;
  }

  /** Workers in which a task blocks. */
  get blocked(): string[] {
    return linesOf(`${this.#log}.blocked`);
  }

  async report(run: string): Promise<RunReport> {
    return fairqJson<RunReport>(this.env, 'report', '--run', run);
  }

  async deaths(): Promise<[user: string, reason: string][]> {
    const { letters } = await fairqJson<{ letters: { user: string; reason: string }[] }>(
      this.env,
      ...['dead', 'list'],
    );
    return letters.map(({ user, reason }) => [user, reason]);
  }

  /** Until nothing is left to do, and what came of it: nobody who is innocent is dead. */
  async endsWell(run: string, tasks: number): Promise<void> {
    const { code, stderr } = await this.worker('--exit-when', 'empty').ended;
    expect(code, stderr).toBe(0);
    expect(await this.deaths()).toEqual([]);
    expect(await this.report(run)).toMatchObject({ completed: tasks, failed: 0, missing: 0 });
  }
}

function linesOf(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
}

describe.each(QUEUE_TYPES)('in a %s queue', (queueType) => {
  it.each(KINDS)(
    'a task that ends its worker by %s is dead after three deaths, and no other',
    async (kind) => {
      const scene = await Scene.make(`${kind}-${queueType}`, queueType);
      await scene.publish(kind, 'poison', '--user', 'poison', '--count', '1');
      await scene.publish('innocent', 'good', '--users', '4', '--count', '50', '--payload', '5');
      let deaths = 0;
      for (let isOver = false; !isOver; ) {
        const worker = scene.worker('--exit-when', 'empty');
        let hasEnded = false;
        void worker.ended.then(() => {
          hasEnded = true;
        });
        const isBlocked = () => scene.blocked.includes(`${worker.process.pid}`);
        await eventually(() => hasEnded || isBlocked(), { timeoutMs: PATIENCE_MS, what: 'its end' });
        worker.signal('SIGKILL');
        isOver = (await worker.ended).code === 3;
        if (!isOver) deaths++;
      }
      expect(deaths).toBe(3);
      expect(await scene.deaths()).toEqual([['poison', 'its worker died 3 times']]);
      expect(await scene.report('good')).toMatchObject({ completed: 200, failed: 0, missing: 0 });
    },
  );

  it('no innocent task is dead where its worker is killed a hundred times', async () => {
    const scene = await Scene.make(`hundred-${queueType}`, queueType);
    const [users, each] = [10, 300];
    await scene.publish('innocent', 'good', '--users', `${users}`, '--count', `${each}`, '--payload', '30');
    for (let kills = 0; kills < 100; kills++) {
      const worker = scene.worker('--concurrency', '4');
      const before = scene.ended;
      // Each at another moment of its life.
      await eventually(() => scene.ended > before + (kills % 7), {
        timeoutMs: PATIENCE_MS,
        what: 'tasks to run',
      });
      worker.signal('SIGKILL');
      await worker.ended;
    }
    expect(scene.ended).toBeLessThan(users * each);
    await scene.endsWell('good', users * each);
  }, 1_800_000);

  it('a task that kills its worker is dead, and no other, where somebody kills workers every few seconds', async () => {
    const scene = await Scene.make(`killed-${queueType}`, queueType);
    await scene.publish('kill', 'poison', '--user', 'poison');
    await scene.publish('innocent', 'good', '--users', '10', '--count', '30', '--payload', '300');
    while ((await scene.deaths()).length === 0) {
      const worker = scene.worker('--concurrency', '2');
      await Promise.race([worker.ended, worker.says(/: ready, /).then(() => delay(LIFE_MS))]);
      worker.signal('SIGKILL');
      await worker.ended;
    }
    await scene.worker('--exit-when', 'empty').ended;
    expect((await scene.deaths()).map(([user]) => user)).toEqual(['poison']);
    expect(await scene.report('good')).toMatchObject({ completed: 300, failed: 0, missing: 0 });
  }, 1_800_000);

  it('a worker that freezes until the broker drops it, and thaws, is no death', async () => {
    const scene = await Scene.make(`frozen-${queueType}`, queueType);
    await scene.publish('innocent', 'good', '--users', '2', '--count', '100', '--payload', '2000');
    const other = scene.worker('--concurrency', '2');
    const worker = scene.worker('--concurrency', '2');
    await Promise.all([other, worker].map((one) => one.says(/: ready, /)));
    for (let freezes = 1; freezes <= 3; freezes++) {
      const before = scene.ended;
      await eventually(() => scene.ended > before, { timeoutMs: PATIENCE_MS, what: 'tasks to run' });
      worker.signal('SIGSTOP');
      try {
        const isDropped = async () => (await connectionsOf(scene)) === 1;
        await eventually(isDropped, { timeoutMs: PATIENCE_MS, what: 'the broker to drop it' });
      } finally {
        worker.signal('SIGCONT');
      }
      await eventually(() => worker.stderr.split('connected again').length > freezes, {
        timeoutMs: PATIENCE_MS,
        what: 'it to be back',
      });
    }
    for (const one of [other, worker]) {
      one.signal('SIGTERM');
      await one.ended;
    }
    await scene.endsWell('good', 200);
  });

  it('what a busy worker leaves to idle ones has no death on it', async () => {
    const scene = await Scene.make(`shared-${queueType}`, queueType);
    await scene.publish('innocent', 'good', '--users', '20', '--count', '10', '--payload', '200');
    const workers = [scene.worker('--concurrency', '2', '--prefetch', '10')];
    await workers[0]!.says(/: ready, /);
    for (let i = 0; i < 3; i++) workers.push(scene.worker('--concurrency', '2'));
    await eventually(() => scene.ended >= 100, { timeoutMs: PATIENCE_MS, what: 'half of them' });
    for (const one of workers) one.signal('SIGTERM');
    for (const one of workers) expect((await one.ended).code).toBe(0);
    await scene.endsWell('good', 200);
  });
});

describe.each(QUEUE_TYPES)('with --ordered, in a %s queue', (queueType) => {
  it('a task that kills its worker is dead after three deaths, and the tasks behind it keep their order', async () => {
    const scene = await Scene.make(`ordered-${queueType}`, queueType);
    const to = (user: string, count: number) => ['--user', user, '--count', `${count}`, '--ordered'];
    await scene.publish('innocent', 'before', ...to('A', 3));
    await scene.publish('kill', 'poison', ...to('A', 1));
    await scene.publish('innocent', 'behind', ...to('A', 5));
    await scene.publish('innocent', 'beside', ...to('B', 5), '--payload', '50');
    expect(await scene.livesUntilEmpty('--ordered')).toBe(3);
    expect(await scene.deaths()).toEqual([['A', 'its worker died 3 times']]);
    for (const [run, completed] of [
      ['before', 3],
      ['behind', 5],
      ['beside', 5],
    ] as const) {
      expect(await scene.report(run)).toMatchObject({ completed, failed: 0, missing: 0 });
    }
    const ended = scene.idsOf('A');
    expect(ended).toEqual(ended.toSorted());
    expect(ended).toHaveLength(8);
  });
});

describe('of Celery clients', () => {
  it('a task that kills its worker is dead after three deaths, and no other', async () => {
    const scene = await Scene.make('celery', 'classic');
    const to = ['--queue-prefix', 'sequence_'];
    await scene.publishCelery('kill', '--user', 'poison', ...to);
    await scene.publishCelery('innocent', '--users', '4', '--count', '20', ...to);
    expect(await scene.livesUntilEmpty('--celery', ...to)).toBe(3);
    expect(await scene.deaths()).toEqual([['poison', 'its worker died 3 times']]);
    expect(scene.idsOf()).toHaveLength(80);
  });
});

async function connectionsOf(scene: Scene): Promise<number> {
  const vhost = new URL(scene.env.FAIRQ_URI!).pathname.slice(1);
  return Number(
    await broker.evaluate(
      `length([C || C <- rabbit_networking:connections(), proplists:get_value(vhost, rabbit_networking:connection_info(C, [vhost])) =:= <<"${vhost}">>]).`,
    ),
  );
}
