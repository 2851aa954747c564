import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach } from 'vitest';
import type { BrokerAddress } from '../../../src/broker/connection/address.js';
import { type Connection, openConnection } from '../../../src/broker/connection/connection.js';
import { Management } from '../../../src/broker/management/management.js';
import { withPolicyLock } from '../../../src/broker/policy/policy-lock.js';
import { NO_POLICY, type PolicyRule } from '../../../src/core/policy/policy-document.js';
import { namesFor, WORKER_CONNECTION } from '../../../src/core/queues/names.js';
import { eventually } from '../../support/eventually.js';
import { type Ended, fairqJson } from '../../support/fairq.js';
import { notesIn } from '../../support/noted-tasks.js';
import { NotingWorkers } from '../../support/noting-workers.js';
import { setPolicy } from '../../support/policy.js';
import { addressOf } from '../../support/vhost.js';
import type { FaultBroker } from './fault-broker.js';
import { addResult } from './results.js';

const WAIT_MS = 180_000;
/** Shorter than fairq's own: silence is noticed sooner. */
const HEARTBEAT = '?heartbeat=5';
const NAMES = namesFor('fairq');

/** What is set, of whom. */
export type LimitsByUser = Parameters<typeof setPolicy>[2];

/** Workers whose users are steered while something strikes, in a vhost of its own. */
export class SteeredLoad {
  readonly workers: NotingWorkers;
  readonly env: Readonly<Record<string, string>>;
  readonly address: BrokerAddress;
  readonly #management: Management;

  constructor(
    readonly broker: FaultBroker,
    readonly vhost: string,
    folder: string,
  ) {
    this.address = addressOf(new URL(broker.uri), broker.managementUri, vhost);
    this.#management = new Management(this.address);
    this.env = {
      FAIRQ_URI: `${new URL(broker.uri).href.replace(/\/+$/, '')}/${vhost}${HEARTBEAT}`,
      FAIRQ_MANAGEMENT_URI: broker.managementUri,
    };
    this.workers = new NotingWorkers(this.env, join(folder, vhost));
  }

  /** Sets these limits, and no others; resolves when every worker goes by them. */
  async set(limits: LimitsByUser): Promise<void> {
    await setPolicy({ address: this.address, management: this.#management }, 'fairq', limits);
  }

  command<Document>(...args: string[]): Promise<Document> {
    return fairqJson<Document>(this.env, ...args);
  }

  /** On a connection of its own, such as an operator's that dies. @param name as the broker lists it */
  async connected<Result>(
    use: (connection: Connection) => Promise<Result>,
    name = 'a fault',
  ): Promise<Result> {
    const connection = await openConnection(this.address, name);
    try {
      return await use(connection);
    } finally {
      await connection.close();
    }
  }

  /** Resolves when the broker lists the connection of a worker of this name. */
  async listed(worker: string): Promise<void> {
    const name = WORKER_CONNECTION + worker;
    await eventually(async () => (await this.#management.connectionNames()).includes(name), {
      timeoutMs: WAIT_MS,
      what: `"${name}" among the connections`,
    });
  }

  /** Ready and unacknowledged messages of a queue, by the broker's own count; zeros where there is none. */
  async counts(queue: string): Promise<{ readonly ready: number; readonly unacknowledged: number }> {
    return (await this.broker.queues(this.vhost)).get(queue) ?? { ready: 0, unacknowledged: 0 };
  }

  /** Ends the workers well, and resolves when the user's permits are all there: its cap, and no more. */
  async stop(cap?: number): Promise<Ended[]> {
    const ended = await this.workers.stop();
    if (cap === undefined) return ended;
    let seen = '';
    await eventually(
      async () => {
        const { ready, unacknowledged } = await this.counts('fairq.permits.A');
        seen = `${ready} and ${unacknowledged} unacknowledged`;
        return ready === cap && unacknowledged === 0;
      },
      { timeoutMs: WAIT_MS, what: () => `${cap} permits in their queue; there are ${seen}` },
    );
    return ended;
  }

  /**
   * A row of the table.
   *
   * @param cap the highest that was set
   * @param permits that are there at the end
   * @returns the most tasks of A that ran at once
   */
  told(fault: string, cap?: number, permits = cap): number {
    const starts = notesIn(this.workers.log).filter(({ what }) => what === 'b');
    const most = this.workers.most('A');
    addResult({
      fault,
      versions: `RabbitMQ ${this.broker.version}, Node ${process.versions.node}`,
      tasks: starts.length,
      repeats: starts.length - new Set(starts.map(({ id }) => id)).size,
      secondsToRecover: null,
      ...(cap !== undefined && { atOnce: { most, cap } }),
      ...(permits !== undefined && { permits }),
    });
    const caps = cap === undefined ? '' : `, at most ${most} of ${cap} at once`;
    console.log(`RabbitMQ ${this.broker.version}: ${fault}: ${starts.length} starts${caps}`);
    return most;
  }

  async close(): Promise<void> {
    this.workers.end();
    await this.#management.close();
  }
}

/** A load for each test of the file. */
export function useSteeredLoad(broker: FaultBroker): { readonly current: SteeredLoad } {
  const folder = mkdtempSync(join(tmpdir(), 'fairq-fault-steered-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const holder = {} as { current: SteeredLoad };
  let tests = 0;
  beforeEach(async () => {
    const vhost = `steered-${tests++}`;
    await broker.makeVhost(vhost);
    holder.current = new SteeredLoad(broker, vhost, folder);
  });
  afterEach(() => holder.current.close());
  return holder;
}

/** Writes the next document as an operator does who waits for nobody. @returns its revision */
export function writePolicy(
  connection: Connection,
  rules: readonly PolicyRule[],
  what: string,
): Promise<number> {
  return withPolicyLock(connection, NAMES, async (policy) => {
    const newest = await policy.newest();
    const { revision: before } = typeof newest === 'object' ? newest : NO_POLICY;
    const revision = before + 1;
    await policy.append({
      ...NO_POLICY,
      revision,
      madeFrom: before,
      at: Date.now(),
      by: 'a fault',
      what,
      rules,
    });
    return revision;
  });
}

/** The rule of A with one setting. */
export function ruleOfA(limits: PolicyRule['limits']): PolicyRule {
  return { of: 'user', name: 'A', limits };
}

export function setting<T>(value: T): { readonly value: T; readonly by: string; readonly at: number } {
  return { value, by: 'a fault', at: Date.now() };
}
