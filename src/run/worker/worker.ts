import { setTimeout as delay } from 'node:timers/promises';
import type { ControlMessage } from '../../broker/control/control.js';
import type { BriefQueue } from '../../broker/management/queue-figures.js';
import { makeFixedQueues } from '../../broker/publishing/fixed-queues.js';
import { assertTopology } from '../../broker/queues/topology.js';
import { FairqError, interruptedError } from '../../core/errors/errors.js';
import {
  reportOfNothing,
  type TaskAges,
  type WorkerReport,
  type WorkerSnapshot,
} from '../../core/reports/worker-report.js';
import { CHECK_EVERY_MS } from '../../core/scheduling/tuning.js';
import { describeRule } from '../../core/scheduling/weights.js';
import { deferred } from '../../core/values/deferred.js';
import { Discovery } from './discovery/discovery.js';
import { type QueueFilter, queueFilter } from './discovery/queue-filter.js';
import type { IdleWait } from './ends/idle-wait.js';
import { endOf } from './ends/worker-end.js';
import { FirstFailure } from './first-failure.js';
import type { Handlers } from './handlers/handlers.js';
import { OpenedParts } from './opened-parts.js';
import { CommonStart } from './peers/common-start.js';
import { Peers } from './peers/peers.js';
import { type OwnPresence, Presence } from './peers/presence.js';
import { WorkerPolicy } from './policy/worker-policy.js';
import { insideOf, type WorkerInside } from './report/inside.js';
import { WorkerAnswers } from './report/worker-answers.js';
import { NOTHING_YET, reportOf, snapshotOf } from './report/worker-figures.js';
import { agesOf } from './slots/running-now.js';
import { StallReport } from './slots/stall-report.js';
import { TaskPath, type TaskPathListener } from './task-path.js';
import type { WorkerDeps, WorkerListener, WorkerOptions } from './worker-contract.js';

/** Why a connection has gone is known so soon after what was asked of it has failed. */
const LOST_WITHIN_MS = 500;

/** What a worker consists of when its channels are open. */
interface Parts {
  readonly path: TaskPath;
  readonly discovery: Discovery;
  readonly presence: Presence;
  readonly ends: IdleWait;
  readonly common: CommonStart;
}

/**
 * A worker's life: it opens its channels, takes up every queue that there is, says that it is ready,
 * runs tasks until it is stopped or has an end of its own, gives back what it has prefetched and reports.
 */
export class Worker {
  readonly #filter: QueueFilter;
  readonly #opened = new OpenedParts();
  readonly policy: WorkerPolicy;
  /** Undefined until it is open. */
  #presence: Presence | undefined;
  /** Undefined until it is open. */
  #path: TaskPath | undefined;
  /** Resolves when every queue is taken up, or with undefined when that will not be. */
  readonly #ready = deferred<Discovery | undefined>();
  /** Resolves when the worker is to stop. */
  readonly #stopped = deferred<undefined>();
  /** Resolves when it is to wait for the broker no longer. */
  readonly #left = deferred<undefined>();
  /** Rejects when it cannot go on. */
  readonly #failed = new FirstFailure();
  #isStopping = false;
  /** Microseconds since the epoch. */
  #begunAt = 0;
  #readyAt: number | null = null;

  /** @param id by which other workers know it */
  constructor(
    private readonly deps: WorkerDeps,
    private readonly id: string,
    private readonly options: WorkerOptions,
    private readonly handlers: Handlers,
    private readonly listener: WorkerListener,
  ) {
    const { include, exclude, also } = options;
    this.#filter = queueFilter(deps.names, include, exclude, also);
    const running = () => this.#path?.runner.tasks ?? [];
    const tell = (message: ControlMessage) => this.#presence?.tell(message);
    this.policy = new WorkerPolicy(
      deps,
      { id, name: options.name, running, tell, tenantOf: options.tenants?.rule.tenantOf },
      { onWarning: listener.onWarning.bind(listener), onFailure: this.#failed.fail },
    );
    this.#opened.add(() => this.policy.close());
  }

  /** What it is doing, for progress. */
  snapshot(): WorkerSnapshot {
    return this.#path === undefined ? NOTHING_YET : snapshotOf(this.#path);
  }

  ages(): TaskAges {
    const { runner, intake } = this.#path ?? {};
    return agesOf(runner?.tasks ?? [], intake?.users() ?? [], this.deps.clock.epochMicros());
  }

  /** Why it consumes nothing now, in words; undefined where it consumes. */
  get unready(): string | undefined {
    if (this.#isStopping) return 'stopping';
    if (!this.deps.connection.isConnected) return 'no connection to the broker';
    if (this.#readyAt === null) return 'starting';
    return undefined;
  }

  /** Tasks that run, whose programs may be ending. */
  get running(): number {
    return this.#path?.runner.tasks.size ?? 0;
  }

  /** Tasks that have ended here and that the broker has not confirmed yet. */
  get unconfirmed(): number {
    return this.#path?.unconfirmed ?? 0;
  }

  /** What it has at the moment, for who looks into it; undefined before it is open. */
  inside(): WorkerInside | undefined {
    return this.#path && insideOf(this.#path);
  }

  /** Whether the queue is one of those that it is for. */
  serves(queue: string): boolean {
    return this.#filter.matches(queue);
  }

  /** Takes up a queue that somebody has just named, as soon as it is ready; resolves with whether it is there. */
  async takeUp(queue: string): Promise<boolean> {
    const discovery = await this.#ready.promise;
    return discovery === undefined ? false : discovery.takeUp(queue);
  }

  /** Takes nothing new; `run` finishes what runs and reports. */
  stop(): void {
    this.#stopped.resolve(undefined);
  }

  /** After `stop`, where the broker does not answer: `run` waits for it no longer, and reports. */
  leave(): void {
    this.#left.resolve(undefined);
  }

  /** Gives up what runs, too: those tasks are delivered again. */
  abort(): void {
    const running = this.#path?.runner.running ?? 0;
    this.#path?.runner.abandon();
    this.#failed.fail(
      interruptedError(`${running} running tasks were given up; they will be delivered again`),
    );
  }

  /** Resolves when it has ended in order; rejects where it cannot go on. */
  async run(): Promise<WorkerReport> {
    const { connection, clock } = this.deps;
    this.#begunAt = clock.epochMicros();
    try {
      return await Promise.race([this.#live(), this.#failed.promise, connection.lost]);
    } catch (error) {
      // What was asked of a connection that goes fails a moment before it is known why it went.
      if (!(error instanceof FairqError)) await Promise.race([connection.lost, delay(LOST_WITHIN_MS)]);
      throw error;
    } finally {
      this.#isStopping = true;
      this.#ready.resolve(undefined);
      await this.#opened.close();
    }
  }

  async #live(): Promise<WorkerReport> {
    // Before it is ready it has started nothing: there is nothing to finish. What goes wrong after a stop stops nobody.
    const parts = await Promise.race([this.#open(), this.#stopped.promise]);
    if (parts === undefined) return this.#report(0);
    await this.#stopped.promise;
    return this.#finish(parts);
  }

  async #open(): Promise<Parts> {
    const { connection, names, clock } = this.deps;
    const { queueKind, include, exclude, also, name, concurrency, tenants, waitForWorkers } = this.options;
    await assertTopology(connection, names, queueKind.type);
    await makeFixedQueues(connection, names, queueKind, also);

    const own = { id: this.id, name, slots: concurrency, include, exclude, also, ...saidOf(tenants) };
    const peers = new Peers(own, names);
    const troubles = { ...this.listener, onFailure: this.#failed.fail };
    const [path, { presence, listed }] = await Promise.all([
      this.#openPath(peers, { ...troubles, ...toldOthers((): Presence => presence) }),
      this.#hearAndList(own, peers),
    ]);
    this.#path = path;
    const discovery = new Discovery(this.deps, this.options, this.#filter, path, troubles);
    this.#opened.add(() => discovery.close());
    const ends = endOf(path, this.options, this.deps, (text) => this.listener.onWarning(text));
    const common = new CommonStart(peers, waitForWorkers, () => {
      this.#start(path, ends).catch(troubles.onFailure);
    });
    this.#opened.add(() => ends.close());
    // Before anything is consumed: what is set counts from the first task on.
    await this.policy.open();
    const about = { policy: this.policy, filter: this.#filter, peers };
    const answers = new WorkerAnswers(path, concurrency, clock, about);
    presence.begin(answers, {
      onQueue: (queue) => discovery.announced(queue),
      onWorker: (worker) => path.crashes?.heard(worker),
      onPeers: () => common.check(),
      onHearAgain: () => discovery.listAgain(),
      onPolicyAsked: (revision) => this.policy.asked(revision),
      onFailure: troubles.onFailure,
    });
    const queues = await discovery.among(listed);
    await path.prepare(queues);
    answers.isReady = true;
    presence.say();
    this.#sweepRegularly(path);
    discovery.begin();
    const parts: Parts = { path, discovery, presence, ends, common };
    this.#tellReady(parts, queues.length);
    return parts;
  }

  async #openPath(peers: Peers, listener: Omit<TaskPathListener, 'onCountReached'>): Promise<TaskPath> {
    const owner = { id: this.id, filter: this.#filter, peers, steering: this.policy.steering };
    const path = await TaskPath.open(this.deps, this.options, this.handlers, owner, {
      ...listener,
      onCountReached: () => this.stop(),
    });
    this.#opened.add(() => path.close());
    return path;
  }

  /** The worker hears of new queues before it asks for those that there are, so that none falls between. */
  async #hearAndList(own: OwnPresence, peers: Peers): Promise<{ presence: Presence; listed: BriefQueue[] }> {
    const presence = await Presence.open(this.deps, own, peers, this.#failed.fail);
    this.#opened.add(() => presence.close());
    this.#presence = presence;
    return { presence, listed: await this.deps.management.queuesInBrief() };
  }

  #sweepRegularly(path: TaskPath): void {
    const { deps, options, listener } = this;
    const stalls = new StallReport(options.stallMs, path.runner.calls, deps.clock, listener.onWarning);
    stalls.check();
    const sweeps = setInterval(() => {
      stalls.check();
      path.sweep();
    }, CHECK_EVERY_MS);
    this.#opened.add(() => clearInterval(sweeps));
  }

  /** @param queues how many it has taken up */
  #tellReady(parts: Parts, queues: number): void {
    this.#readyAt = this.deps.clock.epochMicros();
    for (const rule of this.options.weights.unused) {
      this.listener.onWarning(`--weight ${describeRule(rule)}: no user matches so far`);
    }
    this.listener.onReady(queues);
    this.#ready.resolve(parts.discovery);
    parts.common.ready();
  }

  async #start(path: TaskPath, ends: IdleWait): Promise<void> {
    await path.start();
    if (this.options.exitWhen !== undefined && (await ends.over())) this.stop();
  }

  async #finish({ path, discovery, presence, ends, common }: Parts): Promise<WorkerReport> {
    const { connection } = this.deps;
    this.#isStopping = true;
    common.close();
    ends.close();
    void discovery.close();
    path.end();
    // A broker that is away has all that was prefetched, and would be told nothing.
    if (!connection.isConnected && !path.hasUnfinished) return this.#report(0);
    const finishing = this.#sayGoodbye(path, presence);
    finishing.catch(() => {}); // it may be left
    const givenBack = await Promise.race([finishing, this.#left.promise]);
    if (givenBack === undefined) connection.abandon();
    return this.#report(givenBack ?? 0);
  }

  /** @returns how many tasks were given back */
  async #sayGoodbye(path: TaskPath, presence: Presence): Promise<number> {
    const givenBack = await path.finish();
    presence.sayGoodbye();
    await this.deps.connection.close();
    return givenBack;
  }

  #report(givenBack: number): WorkerReport {
    const { name } = this.options;
    if (this.#path === undefined) return reportOfNothing(name);
    return reportOf(this.#path, { name, begunAt: this.#begunAt, readyAt: this.#readyAt, givenBack });
  }
}

/** What others are told of, as it happens. @param presence once it is open */
function toldOthers(presence: () => Presence): Pick<TaskPathListener, 'onFreeSlots' | 'onQueueMade'> {
  return {
    onFreeSlots: () => presence().say(),
    onQueueMade: (queue) => presence().tell({ kind: 'queue', queue }),
  };
}

/** What others are told of whether it knows tenants. */
function saidOf(tenants: WorkerOptions['tenants']): Pick<OwnPresence, 'tenants'> {
  return tenants === undefined ? {} : { tenants: true };
}
