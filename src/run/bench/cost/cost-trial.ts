import { openConnection } from '../../../broker/connection/connection.js';
import { Management } from '../../../broker/management/management.js';
import { QueueMaker } from '../../../broker/queues/queue-maker.js';
import { QueueRemover } from '../../../broker/queues/queue-remover.js';
import { assertTopology, type QueueType } from '../../../broker/queues/topology.js';
import { namesFor, routingKeyOf, userQueueOf } from '../../../core/queues/names.js';
import type { CostRow } from '../../../core/reports/cost-report.js';
import type { PublishReport } from '../../../core/reports/publish-report.js';
import type { WorkerReport } from '../../../core/reports/worker-report.js';
import { Pruner } from '../../queues/prune/prune.js';
import { FairqProcess } from '../fairq-process.js';
import type { TrialDeps } from '../trial.js';
import { cpuAtRest, settledMemory, untilAtRest } from './broker-load.js';
import { firstTasksOfNewUsers } from './new-users.js';

/** Below it the broker's own ups and downs are more than the queues. */
const FEWEST_FOR_MEMORY = 1_000;
const TASKS = 20_000;
const CONCURRENCY = 32;
const GRACE_MS = 500;

/** Makes so many queues in a vhost of its own, measures what they cost, and removes them. */
export async function costOf(deps: TrialDeps, type: QueueType, queues: number): Promise<CostRow> {
  const vhost = `fairq-bench-${deps.newId()}`;
  const management = new Management({ ...deps.address, vhost });
  await management.makeVhost(vhost);
  const measurement = new CostMeasurement(
    { ...deps, address: { ...deps.address, vhost } },
    management,
    type,
    queues,
  );
  try {
    return await Promise.race([measurement.run(), deps.interrupted]);
  } finally {
    await measurement.end();
    await management.removeVhost(vhost);
    await management.close();
  }
}

class CostMeasurement {
  readonly #names = namesFor('fairq');
  readonly #users: readonly string[];
  readonly #processes: FairqProcess<unknown>[] = [];

  constructor(
    private readonly deps: TrialDeps,
    private readonly management: Management,
    private readonly type: QueueType,
    private readonly queues: number,
  ) {
    this.#users = Array.from({ length: queues }, (_, i) => `user-${i + 1}`);
  }

  async run(): Promise<CostRow> {
    const { deps, management, type, queues } = this;
    const connection = await openConnection(deps.address, 'fairq bench cost');
    try {
      await assertTopology(connection, this.#names, type);
      const maker = new QueueMaker(connection, this.#names, { type, ordered: false });
      const remover = new QueueRemover(connection, this.#names, CONCURRENCY);
      const make = () =>
        this.#timed((user) => maker.bind(this.#queueOf(user), routingKeyOf(this.#names, user), true));

      this.#step('memory before');
      const without = await settledMemory(management);
      this.#step('making them');
      const makeSeconds = await make();
      this.#step('waiting until the broker is at rest');
      await untilAtRest(management);
      this.#step('memory with idle queues');
      const idle = await settledMemory(management);
      this.#step('listing them');
      const listMs = await this.#fastest(async () => void (await management.queues()));
      const fairqListMs = await this.#fastest(() => this.#fairq(['queues', 'list']).ended);
      this.#step('memory with a task in each');
      await this.#publish(queues);
      const full = await settledMemory(management);
      this.#step('running tasks');
      const publishPerSecond = await this.#publish(Math.max(queues, TASKS) - queues);
      const worker = this.#fairq<WorkerReport>(['worker', '--exit-when', 'empty']);
      await worker.ended;
      const { perSecond = 0, startUpSeconds = null } = worker.document ?? {};
      this.#step('at rest, with a worker');
      const resting = this.#fairq(['worker']);
      await resting.said('ready,');
      const consumed = await settledMemory(management);
      const cpu = await cpuAtRest(management);
      this.#step('new users');
      const newUserMs = await firstTasksOfNewUsers(deps, connection, this.#names, type);
      resting.stop();
      await resting.ended;
      // Queues that were used are dearer to delete: both ways get them fresh.
      this.#step('pruning them');
      await this.#prune(connection);
      await make();
      const pruneSeconds = await this.#prune(connection);
      this.#step('deleting them');
      await make();
      const deleteSeconds = await this.#timed((user) => remover.removeUnused(this.#queueOf(user), type));
      // What the broker took less of than before is lost in its own ups and downs.
      const each = (after: number | null, before: number | null) => {
        if (after === null || before === null || queues < FEWEST_FOR_MEMORY) return null;
        return after > before ? (after - before) / queues : null;
      };
      return {
        type,
        queues,
        memoryBytes: idle,
        idleBytes: each(idle, without),
        taskBytes: each(full, idle),
        consumerBytes: each(consumed, idle),
        cpuAtRest: cpu,
        makePerSecond: queues / makeSeconds,
        publishPerSecond,
        deletePerSecond: queues / deleteSeconds,
        prunePerSecond: queues / pruneSeconds,
        listMs,
        fairqListMs,
        newUserMs,
        startUpMs: startUpSeconds === null ? null : startUpSeconds * 1000,
        tasksPerSecond: perSecond,
      };
    } finally {
      await connection.close();
    }
  }

  async end(): Promise<void> {
    await Promise.all(this.#processes.map((process) => process.kill()));
  }

  #step(what: string): void {
    this.deps.onStep(`${this.queues.toLocaleString('en-US')} ${this.type} queues: ${what}`);
  }

  #queueOf(user: string): string {
    return userQueueOf(this.#names, user);
  }

  #fairq<Document>(args: readonly string[]): FairqProcess<Document> {
    const process = new FairqProcess<Document>(this.deps.self, this.deps.address, this.#names.prefix, args);
    this.#processes.push(process);
    return process;
  }

  /** @returns tasks a second; null where there were none */
  async #publish(total: number): Promise<number | null> {
    if (total <= 0) return null;
    const load = ['--users', `${this.queues}`, '--total', `${total}`, '--queue-type', this.type];
    const publisher = this.#fairq<PublishReport>(['publish', ...load]);
    await publisher.ended;
    return publisher.document?.perSecond ?? null;
  }

  /** All users, side by side; seconds. */
  async #timed(act: (user: string) => Promise<unknown>): Promise<number> {
    const from = performance.now();
    await Promise.all(this.#users.map(act));
    return (performance.now() - from) / 1000;
  }

  async #fastest(act: () => Promise<void>): Promise<number> {
    let least = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 3; round++) {
      const from = performance.now();
      await act();
      least = Math.min(least, performance.now() - from);
    }
    return least;
  }

  /** Those of new users too, which nobody has measured. */
  async #prune(connection: Awaited<ReturnType<typeof openConnection>>): Promise<number> {
    const { clock, newId } = this.deps;
    const kept: string[] = [];
    const pruner = await Pruner.open(
      { connection, names: this.#names, clock, newId },
      { concurrency: CONCURRENCY, graceMs: GRACE_MS, workers: 0 },
      {
        onOutcome: ({ queue, outcome, reason }) => {
          if (outcome !== 'pruned') kept.push(`${queue}: ${reason}`);
        },
        onStep: () => {},
        onWarning: () => {},
      },
    );
    const from = performance.now();
    await pruner.prune(
      this.#users.map((user) => ({ name: this.#queueOf(user), type: this.type, consumers: 0 })),
    );
    const seconds = (performance.now() - from) / 1000;
    await pruner.close();
    if (kept.length > 0) throw new Error(`${kept.length} queues were not pruned, such as ${kept[0]}`);
    return seconds;
  }
}
