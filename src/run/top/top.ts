import { type Connection, replyCode } from '../../broker/connection/connection.js';
import {
  idleSlots,
  listen,
  ROLL_CALL_MS,
  WORKER_GONE_AFTER_MS,
  type WorkerPresence,
} from '../../broker/control/control.js';
import type { Management } from '../../broker/management/management.js';
import { tailEvents } from '../../broker/streams/event-stream.js';
import type { StreamReader } from '../../broker/streams/stream-reader.js';
import type { FairqError } from '../../core/errors/errors.js';
import type { Policy } from '../../core/policy/policy.js';
import { TopBacklog } from '../../core/top/top-backlog.js';
import type { TopLight } from '../../core/top/top-light.js';
import type { TopSample, TopShared, TopWorker } from '../../core/top/top-sample.js';
import { topShared } from '../../core/top/top-shared.js';
import { type Tenancy, topTenants } from '../../core/top/top-tenants.js';
import { type LightFacts, TopWindow, topUsers } from '../../core/top/top-window.js';
import { type QueueFilter, queueFilter } from '../worker/discovery/queue-filter.js';
import { QueueRecount } from './queue-recount.js';
import { TopListing } from './top-listing.js';
import { TopPolicy } from './top-policy.js';
import { TopQuestions, type TopQuestionsDeps } from './top-questions.js';

export interface TopDeps extends TopQuestionsDeps {
  readonly connection: Connection;
  readonly management: Management;
  /** Milliseconds; it only grows. */
  readonly now: () => number;
  readonly epochMs: () => number;
  readonly weightOf: (user: string) => number;
  /** Whom users belong to, and the weight of each tenant; undefined where nobody has said so. */
  readonly tenants?: Pick<Tenancy, 'tenantOf' | 'weightOf'> | undefined;
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
  readonly #workers = new Map<string, HeardWorker>();
  readonly #readers: { close(): void }[] = [];
  /** Undefined until it is open. */
  #questions: TopQuestions | undefined;
  #tail: StreamReader | undefined;
  #hearsSince = 0;
  #failure: Error | undefined;

  private constructor(private readonly deps: TopDeps) {
    this.#window = new TopWindow(deps.rowOf);
    this.#backlog = new TopBacklog(deps.rowOf);
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
        else top.#questions?.heard(message);
      },
      onOpen: () => {
        top.#hearsSince = deps.now();
      },
      onFailure,
    });
    // `listen` has made what it publishes to.
    const questions = await TopQuestions.open(deps, onFailure);
    top.#questions = questions;
    top.#readers.push(control, questions);
    questions.ask(true);
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
    const questions = this.#questions!;
    questions.keepOnly(new Set(this.#workers.keys()));
    // Of the answers to the question before this one: nobody waits for them.
    const running = workersKnown ? questions.running.counts(this.#workers.keys()) : undefined;
    const shared = this.#shared(questions.light, workersKnown, at);
    const light = shared === null ? undefined : this.#lightFacts(questions.light, workersKnown, nowMs);
    questions.ask(this.#backlog.sharedQueues > 0 || !this.#listing.hasListed || shared !== null);
    const users = topUsers({
      queues,
      listedUsers: this.#backlog.listedUsers,
      light,
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
      backlog:
        queues === undefined ? null : queues.reduce((sum, { ready }) => sum + ready, shared?.backlog ?? 0),
      shared,
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

  #shared(light: TopLight, workersKnown: boolean, at: number): TopShared | null {
    const serves = (queue: string) => [...this.#workers.values()].some((one) => one.serves.matches(queue));
    return topShared({
      listed: this.#backlog.sharedQueues,
      served: light.queues,
      contents: this.#backlog.shared(at, this.#listing.knownForMs),
      totals: workersKnown ? light.totals(this.#workers.keys()) : undefined,
      unserved: workersKnown && !this.#listing.sharedThatWait.every(serves),
    });
  }

  #lightFacts(light: TopLight, workersKnown: boolean, nowMs: number): LightFacts {
    // Who is not heard may have tasks of anybody.
    const workers = workersKnown ? [...this.#workers.keys()] : ['not heard yet'];
    return {
      rows: light.rows,
      of: (row) => light.of(row, workers),
      isListed: this.#backlog.isListed,
      nowMs,
    };
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
