import { type Connection, replyCode } from '../../broker/connection/connection.js';
import { ReconnectingChannel } from '../../broker/connection/reconnecting-channel.js';
import {
  announce,
  idleSlots,
  listen,
  ROLL_CALL_MS,
  WORKER_GONE_AFTER_MS,
  type WorkerPresence,
} from '../../broker/control/control.js';
import { MOST_TOLD } from '../../broker/control/running-question.js';
import type { Management } from '../../broker/management/management.js';
import { tailEvents } from '../../broker/streams/event-stream.js';
import type { StreamReader } from '../../broker/streams/stream-reader.js';
import type { FairqError } from '../../core/errors/errors.js';
import type { Policy } from '../../core/policy/policy.js';
import type { Names } from '../../core/queues/names.js';
import { TopBacklog } from '../../core/top/top-backlog.js';
import { TopRunning } from '../../core/top/top-running.js';
import type { TopSample, TopWorker } from '../../core/top/top-sample.js';
import { type Tenancy, topTenants } from '../../core/top/top-tenants.js';
import { TopWindow, topUsers } from '../../core/top/top-window.js';
import { type QueueFilter, queueFilter } from '../worker/discovery/queue-filter.js';
import { QueueRecount } from './queue-recount.js';
import { TopListing } from './top-listing.js';
import { TopPolicy } from './top-policy.js';

export interface TopDeps {
  readonly connection: Connection;
  /**
   * On which workers are asked, and nothing else: under an alarm the broker reads nothing more of a connection that has
   * published.
   */
  readonly asking: Connection;
  readonly management: Management;
  readonly names: Names;
  /** Milliseconds; it only grows. */
  readonly now: () => number;
  readonly epochMs: () => number;
  readonly weightOf: (user: string) => number;
  /** Which queue's row a user's completions count in, by the name of its user or group. */
  readonly rowOf: (user: string) => string;
  /** Whom users belong to, and the weight of each tenant; undefined where nobody has said so. */
  readonly tenants?: Pick<Tenancy, 'tenantOf' | 'weightOf'> | undefined;
  readonly newId: () => string;
  /** Listings take no more of the broker's time; queues with a backlog are counted by themselves in between. */
  readonly mostOfTime?: number | undefined;
  /** The policy, where somebody follows it already. */
  readonly policy?: (() => Policy) | undefined;
}

/** Listings that are true for longer leave time to count some queues in between. */
const RECOUNT_FROM_MS = 20_000;

interface HeardWorker {
  readonly presence: WorkerPresence;
  readonly serves: QueueFilter;
  readonly heardAt: number;
}

/** Looks on: hears the workers, reads what is sent and what ends as it is written, and lists the queues in between. */
export class Top {
  readonly #window: TopWindow;
  readonly #backlog: TopBacklog;
  readonly #listing: TopListing;
  readonly #recount: QueueRecount | undefined;
  readonly #policy: TopPolicy;
  readonly #running: TopRunning;
  readonly #workers = new Map<string, HeardWorker>();
  readonly #readers: { close(): void }[] = [];
  #questions: ReconnectingChannel | undefined;
  /** The last question what runs. */
  #request = '';
  #tail: StreamReader | undefined;
  #hearsSince = 0;
  #failure: Error | undefined;

  private constructor(private readonly deps: TopDeps) {
    this.#window = new TopWindow(deps.rowOf);
    this.#backlog = new TopBacklog(deps.rowOf);
    this.#running = new TopRunning(deps.rowOf);
    this.#policy = new TopPolicy(deps.connection, deps.names, deps.now);
    const { connection, management, names, now, mostOfTime } = deps;
    const seemsUnserved = (row: string) => !this.#window.hasEnded(row) && !this.#isServed(row);
    const alsoServed = () => new Set([...this.#workers.values()].flatMap(({ presence }) => presence.also));
    this.#listing = new TopListing(
      { connection, management, names, now, alsoServed, seemsUnserved, mostOfTime },
      this.#backlog,
    );
    if (mostOfTime !== undefined) this.#recount = new QueueRecount(connection, names, now, this.#backlog);
  }

  static async open(deps: TopDeps): Promise<Top> {
    const top = new Top(deps);
    top.#window.begin(deps.now());
    const onFailure = (error: Error) => {
      top.#failure = error;
    };
    const control = await listen(deps.connection, deps.names, {
      onMessage: (message) => {
        if (message.kind === 'bye') top.#workers.delete(message.id);
        else if (message.kind === 'worker') top.#heard(message.worker);
        else if (message.kind === 'all-running' && message.request === top.#request) {
          const { worker, tasks, total } = message;
          top.#running.answered(
            worker,
            tasks.map(({ user }) => user),
            total,
          );
        }
      },
      onOpen: () => {
        top.#hearsSince = deps.now();
      },
      onFailure,
    });
    const questions = await ReconnectingChannel.open(
      () => deps.asking.channel(),
      async () => {}, // `listen` has made what it publishes to
      { onFailure },
    );
    top.#questions = questions;
    top.#readers.push(control, questions);
    top.#askWhatRuns();
    return top;
  }

  /** How it is now. Throws what ended it. */
  async sample(): Promise<TopSample> {
    if (this.#failure !== undefined) throw this.#failure;
    await this.#follow();
    await this.#listing.keepUp();
    const { now, epochMs, weightOf } = this.deps;
    const policy = this.deps.policy?.() ?? (await this.#policy.current());
    const at = now();
    const nowMs = epochMs();
    const rates = this.#window.rates(at);
    for (const [id, { heardAt }] of this.#workers) {
      if (at - heardAt > WORKER_GONE_AFTER_MS) this.#workers.delete(id);
    }
    const workersKnown = at - this.#hearsSince >= ROLL_CALL_MS;
    const queues = this.#backlog.queues(at, this.#listing.knownForMs);
    if (this.#listing.knownForMs > RECOUNT_FROM_MS)
      this.#recount?.begin(queues ?? [], (row) => this.#listing.queueOf(row));
    const age = this.#backlog.ageMs(at);
    const { tenants } = this.deps;
    this.#running.keepOnly(new Set(this.#workers.keys()));
    // Of the answers to the question before this one: nobody waits for them.
    const running = workersKnown ? this.#running.counts(this.#workers.keys()) : undefined;
    this.#askWhatRuns();
    const users = topUsers({
      queues,
      listedUsers: this.#backlog.listedUsers,
      rates: rates.users,
      weightOf,
      inForce: (user) => policy.forUser(user, nowMs),
      running,
      waitMs: (user) => this.#window.waitMs(user),
      isServed: (user) => (workersKnown ? this.#isServed(user) : undefined),
    });
    return {
      at: new Date(nowMs).toISOString(),
      users,
      ...(tenants && {
        tenants: topTenants(users, { ...tenants, inForce: (tenant) => policy.forTenant(tenant, nowMs) }),
      }),
      workers: [...this.#workers.values()].map((heard) =>
        this.#worker(heard, rates.workers.get(heard.presence.name) ?? 0, at),
      ),
      policyRevision: this.#policy.isKnown ? policy.document.revision : null,
      workersKnown,
      perSecond: [...rates.users.values()].reduce((sum, rate) => sum + rate, 0),
      backlog: queues === undefined ? null : queues.reduce((sum, { ready }) => sum + ready, 0),
      listedSecondsAgo: age === null ? null : age / 1_000,
    };
  }

  /** Why the queues could not be listed when that was tried last; undefined where they could. */
  get trouble(): FairqError | undefined {
    return this.#listing.trouble;
  }

  /** Somebody has changed the policy: it is read again at once. */
  policyChanged(): void {
    this.#policy.changed();
  }

  /** Lists the queues now, whatever it costs. */
  async listNow(): Promise<void> {
    await this.#listing.now();
  }

  close(): void {
    for (const reader of this.#readers) reader.close();
  }

  #askWhatRuns(): void {
    const channel = this.#questions?.current;
    if (channel === undefined || this.deps.asking.blocked) return;
    this.#request = this.deps.newId();
    const question = { kind: 'running', request: this.#request, longerThanMs: 0, limit: MOST_TOLD } as const;
    announce(channel, this.deps.names, question);
  }

  #heard(presence: WorkerPresence): void {
    const { id, include, exclude, also } = presence;
    const serves = this.#workers.get(id)?.serves ?? queueFilter(this.deps.names, include, exclude, also);
    this.#workers.set(id, { presence, serves, heardAt: this.deps.now() });
  }

  #isServed(row: string): boolean {
    const queue = this.#listing.queueOf(row);
    for (const { serves } of this.#workers.values()) if (serves.matches(queue)) return true;
    return false;
  }

  #worker({ presence, heardAt }: HeardWorker, perSecond: number, at: number): TopWorker {
    const { id, name, slots, ready, longest, policy = null } = presence;
    return {
      id,
      name,
      slots,
      idle: idleSlots(presence),
      ready,
      perSecond,
      longest:
        longest === undefined
          ? null
          : {
              id: longest.id,
              user: longest.user,
              task: longest.type,
              seconds: Math.max(0, this.deps.epochMs() - longest.started / 1_000) / 1_000,
            },
      heardSecondsAgo: Math.max(0, at - heardAt) / 1_000,
      policyRevision: policy,
    };
  }

  /** The stream is made by the first publisher or worker: until then there is nothing to read. */
  async #follow(): Promise<void> {
    if (this.#tail !== undefined) return;
    const { connection, names, now } = this.deps;
    try {
      this.#tail = await tailEvents(connection, names, {
        onCompletions: (events) => {
          this.#window.add(events, now());
          this.#backlog.ended(events);
        },
        onSent: (note) => this.#backlog.sent(note, now()),
        onRunRecord: (record) => this.#backlog.recorded(record, now()),
        onFailure: (error) => {
          // Deleted: another is made, and read from then on.
          if (replyCode(error) === 404) this.#tail = undefined;
          else this.#failure = error;
        },
      });
      this.#readers.push(this.#tail);
    } catch (error) {
      if (replyCode(error) !== 404) throw error;
    }
  }
}
