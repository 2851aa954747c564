import { cpuUsage } from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from '../../broker/connection/connection.js';
import type { RunningTask } from '../../broker/control/control.js';
import type { EventSearch } from '../../broker/control/event-search.js';
import type { Management } from '../../broker/management/management.js';
import type { BriefQueue } from '../../broker/management/queue-figures.js';
import { makeFixedQueues } from '../../broker/publishing/fixed-queues.js';
import { assertTopology, SINGLE_ACTIVE_CONSUMER } from '../../broker/queues/topology.js';
import { FairqError, interruptedError, messageOf } from '../../core/errors/errors.js';
import type { TaskEvent } from '../../core/events/task-event.js';
import type { TasksAtWorker } from '../../core/events/whereabouts.js';
import { completeEnvelope, decodeEnvelope, type Envelope } from '../../core/message/envelope.js';
import { delaysOf } from '../../core/message/retry-policy.js';
import { Unrunnable, WorkerKiller } from '../../core/message/unrunnable.js';
import { delayQueueOf, type Names } from '../../core/queues/names.js';
import type { BrokerTells } from '../../core/queues/noticing.js';
import type { TaskAges, WorkerReport, WorkerSnapshot } from '../../core/reports/worker-report.js';
import { ArrivalScheduler } from '../../core/scheduling/arrival-scheduler.js';
import { expectedCharge } from '../../core/scheduling/charging.js';
import { FairScheduler } from '../../core/scheduling/fair-scheduler.js';
import { PREFETCH_REASONS, type Prefetch } from '../../core/scheduling/prefetch.js';
import type { Lane } from '../../core/scheduling/scheduler.js';
import { TaskTimes } from '../../core/scheduling/task-times.js';
import { CHECK_EVERY_MS } from '../../core/scheduling/tuning.js';
import { describeRule, type FoundWeight } from '../../core/scheduling/weights.js';
import type { Clock } from '../../core/values/clock.js';
import { CrashWatch } from './crashes/crash-watch.js';
import { Suspects } from './crashes/suspects.js';
import { BrokerEar } from './discovery/broker-ear.js';
import { NewQueues } from './discovery/new-queues.js';
import { type QueueFilter, queueFilter } from './discovery/queue-filter.js';
import { QueuesOfWork } from './discovery/queues-of-work.js';
import { Drain } from './drain.js';
import type { Handlers } from './handlers/handlers.js';
import type { ConsumedQueue } from './intake/consumed-queue.js';
import { Intake } from './intake/intake.js';
import { SlowStart } from './intake/slow-start.js';
import { Listings } from './listings.js';
import { LARGE_BYTES, LargeMessages } from './outcomes/large-messages.js';
import { Results } from './outcomes/results.js';
import { Settlement } from './outcomes/settlement.js';
import { TaskMoves } from './outcomes/task-moves.js';
import { type OwnState, Presence } from './peers/presence.js';
import { Rebalancer } from './peers/rebalancer.js';
import { HeldBack } from './retries/held-back.js';
import { RetryReturns } from './retries/retry-returns.js';
import type { LongCall } from './slots/handler-calls.js';
import { Runner, type RunnerListener } from './slots/runner.js';
import { agesOf, longestRunning, told } from './slots/running-now.js';
import { SlotsInUse } from './slots/slots-in-use.js';
import { type Stall, StallWatch } from './slots/stall-watch.js';
import type { TaskRun } from './slots/task-run.js';
import type { DeliveredTask } from './task/delivered-task.js';
import type { RunFailure } from './task/run-failure.js';
import type { Answer } from './task/task-form.js';
import { tasksHere } from './tasks-here.js';
import type { WorkerListener, WorkerOptions } from './worker-contract.js';

/** What a unit of a text may take in UTF-8. */
const MOST_BYTES_A_UNIT = 3;
/** A batch of completions goes out at this size, or after this time; at once where every prefetch is full of them. */
const FLUSH_AT = 512;
const FLUSH_WITHIN_MS = 5;
const WATCH_EVERY_MS = 25;
/** On its way from one queue to another, or to here, a task is in no queue for a moment. */
const EMPTY_LOOKS = 5;
const LOST_WITHIN_MS = 500;
const STALL_SAID_EVERY_MS = 60_000;

/**
 * A worker's life: it opens its channels, takes up every queue that there is, says that it is ready,
 * runs tasks until it is stopped or has an end of its own, gives back what it holds and reports.
 */
export class Worker {
  readonly #scheduler: Suspects;
  readonly #crashes: CrashWatch | undefined;
  readonly #filter: QueueFilter;
  readonly #work: QueuesOfWork;
  readonly #presence: Presence;
  readonly #brokerEar: BrokerEar;
  /** Queues may have been made between the first listing and the first event of the broker. */
  #unheardQueues = false;
  readonly #newQueues: NewQueues;
  readonly #runner: Runner;
  readonly #intake: Intake;
  readonly #times = new TaskTimes();
  readonly #slowStart: SlowStart;
  readonly #rebalancer: Rebalancer;
  readonly #slotsInUse: SlotsInUse;
  readonly #results: Results;
  #settlement: Settlement | undefined;
  #moves: TaskMoves | undefined;
  #returns: RetryReturns | undefined;
  readonly #heldBack = new HeldBack((task, attempt) => this.#intake.again(task, attempt));
  #ready = false;
  #startRequested = false;
  #stopping = false;
  #stop: () => void = () => {};
  #fail: (error: Error) => void = () => {};
  /** Resolves when the worker is to stop. */
  readonly #stopped: Promise<void>;
  #leave: () => void = () => {};
  /** Resolves when it is to wait for the broker no longer. */
  readonly #left: Promise<undefined>;
  /** Rejects when it cannot go on. */
  readonly #failed: Promise<never>;
  readonly #stalls: StallWatch;
  #stallSaidAt = Number.NEGATIVE_INFINITY;
  #flushTimer: NodeJS.Timeout | undefined;
  readonly #listings: Listings;
  /** The last listing has failed, and somebody was told. */
  #listFailed = false;
  #pulse: NodeJS.Timeout | undefined;
  #warnedOfEnvelope = false;
  #begunAt = 0;
  #readyAt: number | null = null;

  constructor(
    private readonly connection: Connection,
    private readonly management: Management,
    private readonly names: Names,
    id: string,
    private readonly options: WorkerOptions,
    handlers: Handlers,
    private readonly clock: Clock,
    newId: () => string,
    private readonly listener: WorkerListener,
    events: Omit<EventSearch, 'connection' | 'management'>,
  ) {
    this.#stopped = new Promise((resolve) => {
      this.#stop = resolve;
    });
    this.#left = new Promise((resolve) => {
      this.#leave = () => resolve(undefined);
    });
    this.#failed = new Promise((_, reject) => {
      this.#fail = reject;
    });
    this.#failed.catch(() => {}); // `run` awaits it, unless it has ended before
    const fail = (error: Error) => this.#fail(error);
    this.#results = new Results(options.results, (event, reason) => listener.onResultDropped(event, reason));
    this.#scheduler = new Suspects(
      options.strategy === 'fair' ? this.#fairScheduler() : new ArrivalScheduler<DeliveredTask>(),
      clock,
    );
    this.#crashes = this.#watchCrashes(id);
    const slots: RunnerListener = {
      onEnvelopeFault: (run, fault) => this.#warnOfEnvelope(run, fault),
      onFinished: (run, event, failure, value) => this.#finished(run, event, failure, value),
      waitMs: () => this.#intake.waitMs(),
      onTick: () => this.#tick(),
    };
    const runner = { ...options, times: this.#times };
    const parts = { scheduler: this.#scheduler, handlers, gate: this.#crashes };
    this.#runner = new Runner(runner, parts, clock, slots);
    this.#slotsInUse = new SlotsInUse(this.#runner, options.concurrency, clock);
    this.#stalls = new StallWatch(options.stallMs);
    this.#filter = queueFilter(names, options.include, options.exclude, options.also);
    this.#work = new QueuesOfWork(names, this.#filter, (text) => this.listener.onWarning(text));
    const intake = {
      ...options,
      times: this.#times,
      filter: this.#filter,
      newId,
      workers: () => this.#presence.peers.count,
    };
    this.#intake = new Intake(connection, intake, this.#scheduler, clock, {
      onDelivery: () => this.#runner.wake(),
      onNotDue: (task, dueAt) => this.#postpone(task, dueAt),
      onDoneBefore: (task, completion) => {
        this.#settlement?.finished(task, completion);
        this.#flushSoon();
      },
      onPrefetch: (queue, prefetch) => listener.onDetail(describePrefetch(queue, prefetch)),
      onWarning: (text) => this.listener.onWarning(text),
      onFailure: fail,
      onTaken: (queue) => this.#presence.peers.took(queue),
      onDropped: (queue) => this.#presence.peers.dropped(queue),
      unsettled: () => this.#unsettled(),
    });
    const adapts = options.strategy === 'fair' && options.prefetch === undefined;
    this.#slowStart = new SlowStart(
      this.#runner,
      this.#intake,
      this.#times,
      adapts ? options.concurrency : 0,
      {
        onFilled: () => this.#scheduler.arrange(this.#firstTurns()),
        onFailure: fail,
      },
    );
    this.#presence = new Presence(
      connection,
      names,
      {
        id,
        name: options.name,
        slots: options.concurrency,
        include: options.include,
        exclude: options.exclude,
        also: options.also,
      },
      () => this.#ownState(),
      clock,
      {
        queues: () => this.#intake.served.byName.keys(),
        onQueue: (queue) => this.#newQueues.add(queue),
        onLeave: (queues) => this.#intake.leaving.leave(queues),
        onTask: (id) => this.#runningTask(id),
        onHeldTask: (id) => this.#crashes?.heldBack(id),
        onWorker: (worker) => this.#crashes?.heard(worker),
        onRunning: (longerThanMs, limit) =>
          longestRunning(this.#runner.tasks, clock.epochMicros() - longerThanMs * 1_000, limit),
        onCensus: () => this.#tasksHere(),
        onPeers: () => this.#startWhenAllReady(),
        onHearAgain: () => {
          this.#listings.soon(0);
          void this.#brokerEar.look();
        },
        onFailure: fail,
      },
    );
    this.#listings = new Listings(() => this.#list(), options.discoverEveryMs, clock);
    this.#newQueues = new NewQueues(clock, (queues) => this.#takeAnnounced(queues).catch(fail));
    this.#brokerEar = new BrokerEar(
      { ...events, connection, management },
      {
        onCreated: (queue) => this.#created(queue),
        onDeleted: (queue) => this.#newQueues.forget(queue),
        onHearAgain: () => this.#listings.soon(0),
        onFound: (broker) => this.#brokerTells(broker),
      },
    );
    this.#rebalancer = new Rebalancer(
      {
        slots: this.#runner,
        scheduler: this.#scheduler,
        givingBack: this.#intake.givingBack,
        presence: this.#presence,
      },
      this.#times,
      clock,
    );
  }

  #watchCrashes(worker: string): CrashWatch | undefined {
    const { maxCrashes, form } = this.options;
    if (maxCrashes === undefined) return undefined;
    const options = { worker, maxCrashes, form };
    return new CrashWatch(this.connection, this.names, options, this.#scheduler, this.clock, {
      onReady: () => this.#runner.wake(),
      onDetail: (text) => this.listener.onDetail(text),
      onWarning: (text) => this.listener.onWarning(text),
    });
  }

  #fairScheduler(): FairScheduler<DeliveredTask> {
    const { weights, charging } = this.options;
    return new FairScheduler<DeliveredTask>(
      (user) => {
        const found = weights.find(user);
        const detail = describeChoice(user, found);
        if (detail !== undefined) this.listener.onDetail(detail);
        return found.weight;
      },
      charging === 'count' ? undefined : (lane) => expectedCharge(lane, this.#times.allMs),
    );
  }

  /** What it is doing, for progress. */
  snapshot(): WorkerSnapshot {
    const { running, counts } = this.#runner;
    const { completed, failed, retried } = counts;
    return {
      completed,
      failed,
      retried,
      running,
      held: this.#scheduler.prefetched + this.#scheduler.waiting,
      queues: this.#intake.served.byName.size,
      active: this.#intake.activeUsers,
    };
  }

  ages(): TaskAges {
    return agesOf(this.#runner.tasks, this.#intake.served.byName.values(), this.clock.epochMicros());
  }

  /** Why it consumes nothing now, in words; undefined where it consumes. */
  get unready(): string | undefined {
    if (this.#stopping) return 'stopping';
    if (!this.connection.isConnected) return 'no connection to the broker';
    if (!this.#ready) return 'starting';
    return undefined;
  }

  /** Whether the queue is one of those that it is for. */
  serves(queue: string): boolean {
    return this.#filter.matches(queue);
  }

  /** Takes up a queue that somebody has just named; resolves with whether it is there. */
  async takeUp(queue: string): Promise<boolean> {
    await this.#takeAnnounced([queue]);
    return this.#intake.served.serves(queue);
  }

  async #takeAnnounced(queues: readonly string[]): Promise<void> {
    if (this.#stopping) return;
    await this.#intake.takeAnnounced(queues.filter((queue) => !this.#work.isStream(queue)));
  }

  /** The broker says so. A name that only a glob matches may be another prefix's own, which a listing shows. */
  #created(queue: string): void {
    if (!this.#filter.matches(queue)) return;
    if (this.#work.isUsers(queue)) this.#newQueues.add(queue);
    else this.#listings.afterHint();
  }

  /** Takes nothing new; `run` finishes what runs and reports. */
  stop(): void {
    this.#stop();
  }

  /** Tasks that run, whose programs may be ending. */
  get running(): number {
    return this.#runner.tasks.size;
  }

  /** Tasks that have ended here and that the broker has not confirmed yet. */
  get unconfirmed(): number {
    return (this.#settlement?.pending ?? 0) + (this.#moves?.pending ?? 0);
  }

  /** After `stop`, where the broker does not answer: `run` waits for it no longer, and reports. */
  leave(): void {
    this.#leave();
  }

  /** Gives up what runs, too: those tasks are delivered again. */
  abort(): void {
    const { running } = this.#runner;
    this.#runner.abandon();
    this.#fail(interruptedError(`${running} running tasks were given up; they will be delivered again`));
  }

  async run(): Promise<WorkerReport> {
    this.#begunAt = this.clock.epochMicros();
    try {
      return await Promise.race([this.#live(), this.#failed, this.connection.lost]);
    } catch (error) {
      // What was asked of a connection that goes fails a moment before it is known why it went.
      if (!(error instanceof FairqError)) await Promise.race([this.connection.lost, delay(LOST_WITHIN_MS)]);
      throw error;
    } finally {
      this.#stopping = true;
      this.#runner.abandon();
      this.#slowStart.cancel();
      this.#heldBack.clear();
      this.#presence.close();
      this.#newQueues.close();
      this.#crashes?.end();
      this.#moves?.close();
      this.#returns?.close();
      this.#listings.close();
      clearInterval(this.#pulse);
      clearTimeout(this.#flushTimer);
      this.#intake.closing();
      await this.#brokerEar.close();
    }
  }

  async #live(): Promise<WorkerReport> {
    const opening = this.#open().then(() => true);
    opening.catch(() => {}); // what goes wrong after a stop stops nobody
    // Before it is ready it has started nothing: there is nothing to finish.
    const isOpen = await Promise.race([opening, this.#stopped.then(() => false)]);
    if (!isOpen) return this.#report(0);
    await this.#stopped;
    return this.#close();
  }

  async #open(): Promise<void> {
    await assertTopology(this.connection, this.names, this.options.queueKind.type);
    await makeFixedQueues(this.connection, this.names, this.options.queueKind, this.options.also);
    const [returns, all] = await Promise.all([
      this.#openReturns(),
      this.#findQueues(),
      this.#intake.open(),
      this.#crashes?.open(),
    ]);
    this.#returns = returns;
    returns.take(all.map(({ name }) => name));
    const found = this.#work.among(all);
    for (const queue of this.options.also) {
      if (!found.includes(queue) && !this.#work.isStream(queue)) found.push(queue); // not listed yet
    }
    if (this.options.ordered) await this.#checkOrdered(found);
    await this.#slowStart.prepare(found);
    this.#ready = true;
    this.#readyAt = this.clock.epochMicros();
    this.#presence.say();
    this.#lookForStall();
    this.#pulse = setInterval(() => this.#look(), CHECK_EVERY_MS);
    this.#listings.soon(this.#unheardQueues ? 0 : this.options.discoverEveryMs);
    for (const rule of this.options.weights.unused) {
      this.listener.onWarning(`--weight ${describeRule(rule)}: no user matches so far`);
    }
    this.listener.onReady(found.length);
    this.#startWhenAllReady();
  }

  /** What cannot be brought back has to be written down, so there is a settlement before. */
  async #openReturns(): Promise<RetryReturns> {
    const large = new LargeMessages(this.connection);
    const troubles = {
      onWarning: (text: string) => this.listener.onWarning(text),
      onFailure: (error: Error) => this.#fail(error),
    };
    this.#settlement = await Settlement.open(this.connection, this.names, this.options, large, {
      acknowledgedSoFar: () => this.#intake.acknowledgedSoFar,
      onSettled: (tasks, acknowledgedBefore) => {
        this.#intake.settled(tasks, acknowledgedBefore);
        this.#tick();
      },
      ...troubles,
    });
    this.#moves = await TaskMoves.open(this.connection, this.names, this.options, large, troubles);
    const options = { queueKind: this.options.queueKind, delaysMs: delaysOf(this.options.retry) };
    return RetryReturns.open(this.connection, this.names, options, this.clock, {
      onBuried: (id, envelope, reason) => this.#buried(id, envelope, reason),
      onDead: (id, { user }, reason) => {
        this.#runner.counts.failedElsewhere();
        this.listener.onTaskFailed(user, id, reason, undefined);
      },
      ...troubles,
    });
  }

  /** The worker hears of new queues before it asks for those that there are, so that none falls between. */
  async #findQueues(): Promise<BriefQueue[]> {
    // The broker's events are a help, and hearing them takes a while: no start waits for that.
    void this.#brokerEar.look();
    await this.#presence.open();
    return this.management.queuesInBrief();
  }

  #brokerTells(broker: BrokerTells): void {
    this.listener.onBrokerTells(broker);
    if (broker.vhost === undefined) return;
    // What was made after the last listing and before the broker's events were heard.
    this.#unheardQueues = true;
    if (this.#ready) this.#listings.soon(0);
  }

  async #checkOrdered(queues: readonly string[]): Promise<void> {
    const ordered = await this.management.queuesWithArgument(SINGLE_ACTIVE_CONSUMER);
    const others = queues.filter((queue) => !ordered.has(queue));
    if (others.length === 0) return;
    this.listener.onWarning(
      `${others.length} of ${queues.length} queues, such as ${JSON.stringify(others[0])}, were not made with "publish --ordered": their order holds only while a single worker serves them`,
    );
  }

  async #list(): Promise<void> {
    try {
      const queues = await this.management.queuesInBrief();
      this.#listFailed = false;
      this.#returns?.take(queues.map(({ name }) => name));
      await this.#intake.take(this.#work.among(queues));
    } catch (error) {
      if (!this.#listFailed) {
        this.listener.onWarning(
          `the queues could not be listed, new ones may be missed: ${messageOf(error)}`,
        );
      }
      this.#listFailed = true;
      throw error;
    }
  }

  *#unsettled(): Iterable<DeliveredTask> {
    yield* this.#runner.tasks.delivered();
    yield* this.#heldBack.tasks();
    if (this.#settlement !== undefined) yield* this.#settlement.unsettled();
    if (this.#moves !== undefined) yield* this.#moves.tasks();
  }

  #tasksHere(): TasksAtWorker[] {
    const queues = [...this.#intake.served.byName.values()];
    return tasksHere({
      running: this.#unsettled(),
      prefetched: [...queues.flatMap(({ lane }) => [...lane.prefetched]), ...this.#scheduler.apart],
      retrying: this.#returns?.held() ?? [],
    });
  }

  /** A task that runs here now, for who asks. */
  #runningTask(id: string): RunningTask | undefined {
    const run = this.#runner.tasks.find(id);
    if (run === undefined) return undefined;
    const { user, run: load, attempt, intendedAt } = run.envelope;
    return { user, run: load, attempt, enqueued: intendedAt, started: run.startedAt };
  }

  #ownState(): OwnState {
    const [longest] = this.#runner.tasks;
    return {
      free: Math.max(0, Math.min(this.#rebalancer.idleSlots, this.#runner.free)),
      busy: this.#slotsInUse.measure(),
      ready: this.#ready,
      longest: longest && told(longest),
    };
  }

  #startWhenAllReady(): void {
    if (this.#stopping || !this.#ready || this.#startRequested) return;
    if (this.#presence.peers.ready + 1 < this.options.waitForWorkers) return;
    this.#startRequested = true;
    this.#start().catch((error) => this.#fail(error));
  }

  async #start(): Promise<void> {
    await this.#intake.served.filled();
    if (this.#stopping) return;
    this.#scheduler.arrange(this.#firstTurns());
    this.#slowStart.start();
    if (this.options.exitWhen !== undefined) this.#watchForEnd().catch((error) => this.#fail(error));
  }

  /** Workers that start together begin at different users, so that they do not march in step. */
  #firstTurns(): Lane<DeliveredTask>[] {
    const { peers } = this.#presence;
    const lanes = [...this.#intake.served.byName.entries()]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, { lane }]) => lane);
    const shift = Math.floor((peers.rank * lanes.length) / peers.count);
    return [...lanes.slice(shift), ...lanes.slice(0, shift)];
  }

  async #watchForEnd(): Promise<void> {
    const drain = new Drain(this.connection, this.clock);
    let timesEmpty = 0;
    while (!this.#stopping) {
      if (this.options.exitWhen === 'idle') {
        if (drain.idleFor(this.#busy) >= this.options.idleForMs) return this.#stop();
      } else {
        const isEmpty = this.#hasNone && (await drain.empty(this.#queuesOfWork())) && this.#hasNone;
        timesEmpty = isEmpty ? timesEmpty + 1 : 0;
        if (timesEmpty === EMPTY_LOOKS) return this.#stop();
      }
      await delay(WATCH_EVERY_MS);
    }
  }

  /** Every queue in which a task may wait that this worker is to run. */
  #queuesOfWork(): string[] {
    const { names } = this;
    const delays = delaysOf(this.options.retry).map((delayMs) => delayQueueOf(names, delayMs));
    return [...delays, ...this.#intake.served.byName.keys()];
  }

  /** No task is here, be it one that waits for its next attempt. */
  get #hasNone(): boolean {
    return !this.#busy && (this.#returns?.waiting ?? 0) === 0;
  }

  get #busy(): boolean {
    return (
      this.#slowStart.hasMore ||
      this.#runner.running > 0 ||
      this.#scheduler.prefetched + this.#scheduler.waiting > 0 ||
      (this.#returns?.pending ?? 0) > 0 ||
      this.#heldBack.size > 0 ||
      this.unconfirmed > 0
    );
  }

  /** @returns whether it waits here for its next attempt */
  #finished(run: TaskRun, event: TaskEvent, failure: RunFailure | undefined, value: unknown): boolean {
    const answers = this.options.form.answers(run.task, failure, value);
    if (failure !== undefined || !answers.some(({ body }) => body.length > LARGE_BYTES / MOST_BYTES_A_UNIT)) {
      return this.#ended(run, event, failure, value, answers);
    }
    this.#settlement?.answerFirst(run.task, answers, (limit) => {
      if (limit === undefined) {
        this.#ended(run, event, undefined, value, []);
      } else {
        const reason = `what it returned is too large: the broker takes messages of at most ${limit} bytes`;
        const tooLarge = { reason, thrown: new Unrunnable(reason), retryAfterMs: undefined };
        this.#runner.counts.failedAfterAll();
        const failed = this.options.form.answers(run.task, tooLarge, undefined);
        this.#ended(run, { ...event, outcome: 'failed' }, tooLarge, undefined, failed);
      }
      this.#flushSoon();
    });
    return false;
  }

  #ended(
    run: TaskRun,
    ended: TaskEvent,
    failure: RunFailure | undefined,
    value: unknown,
    answers: readonly Answer[],
  ): boolean {
    const result = this.#results.lineOf(ended, failure, value);
    const event = result === undefined ? ended : { ...ended, hasResult: true };
    if (result !== undefined) this.#settlement?.result(result);
    this.listener.onTaskEnded(event, failure?.thrown instanceof WorkerKiller);
    for (const answer of answers) this.#settlement?.answer(answer);
    if (failure === undefined) this.#settlement?.finished(run.task, event);
    else return this.#taskFailed(run, event, failure);
    return false;
  }

  /** @returns whether it waits here for its next attempt */
  #taskFailed(run: TaskRun, event: TaskEvent, failure: RunFailure): boolean {
    const { task, envelope } = run;
    const attempt = {
      queue: task.queue.name,
      envelope,
      startedAt: event.started,
      endedAt: event.finished,
    };
    const { retryAfterMs } = failure;
    const { user, id } = event;
    const tell = () => this.listener.onTaskFailed(user, id, failure.reason, retryAfterMs);
    // What failed is said and written down as failed when the next attempt, or the dead letter, is safe.
    const fate = {
      onSafe: () => {
        tell();
        this.#settlement?.finished(task, event);
        this.#flushSoon();
      },
      onStuck: (queue: string) => this.listener.onFailureStuck(user, id, failure.reason, queue),
    };
    if (retryAfterMs === undefined) {
      this.#moves?.deadLetter(task, attempt, failure, fate);
    } else if (this.options.ordered) {
      tell();
      this.#heldBack.wait(task, retryAfterMs, event.attempt + 1);
      this.#settlement?.attempted(event);
      return true;
    } else {
      this.#moves?.retry(task, attempt, retryAfterMs, fate);
    }
    return false;
  }

  /** A task whose next attempt cannot be: whoever waits for it, and the report, are to know. */
  #buried(id: string, { user, run, sequence, attempt, intendedAt, sentAt }: Envelope, reason: string): void {
    const now = this.clock.epochMicros();
    const ended: TaskEvent = {
      ...{ id, user, run, sequence, attempt, outcome: 'failed', worker: this.options.name },
      ...{ enqueued: intendedAt, sentLate: sentAt - intendedAt, started: now, finished: now },
      ...{ redelivered: false, hasResult: false },
    };
    const result = this.#results.lineOf(ended, { reason, retryAfterMs: undefined }, undefined);
    const event = result === undefined ? ended : { ...ended, hasResult: true };
    if (result !== undefined) this.#settlement?.result(result);
    this.#settlement?.attempted(event);
    this.#flushSoon();
  }

  /** Once: whoever writes one wrong envelope writes many. */
  #warnOfEnvelope({ task: { id, queue } }: TaskRun, fault: string): void {
    if (this.#warnedOfEnvelope) return;
    this.#warnedOfEnvelope = true;
    this.listener.onWarning(
      `task ${id} of the queue ${JSON.stringify(queue.name)} has a wrong x-fairq header: ${fault}. It runs as if what is wrong were not there, and more of them are not said`,
    );
  }

  #postpone(task: DeliveredTask, dueAt: number): boolean {
    if (this.#moves === undefined || this.#stopping) return false;
    const found = decodeEnvelope(task.message.properties.headers);
    const envelope = completeEnvelope(found, task.lane.user, task.arrivedAt);
    this.#moves.postpone(task, envelope, dueAt, this.clock.epochMicros(), () => {
      this.#intake.settled([task]);
      this.#tick();
    });
    return true;
  }

  /** After a burst of starts, the end of a task, or a confirmation. */
  #tick(): void {
    this.#flushSoon();
    this.#slowStart.check();
    if (this.#slowStart.over) this.#intake.adjust(this.#runner.free);
    if (this.#runner.reachedCount && this.#runner.running === 0) this.#stop();
  }

  #look(): void {
    this.#lookForStall();
    this.#runner.sweep();
    this.#intake.sweep();
    // The other strategies are there to be compared with: they hold what a plain consumer holds.
    // Where order counts a queue stays with its worker.
    const { strategy, ordered } = this.options;
    if (strategy === 'fair' && !ordered && !this.#stopping) this.#rebalancer.check();
  }

  #lookForStall(): void {
    const { user, system } = cpuUsage();
    const now = this.clock.now();
    const stall = this.#stalls.check(now, (user + system) / 1_000);
    if (stall === undefined || now - this.#stallSaidAt < STALL_SAID_EVERY_MS) return;
    this.#stallSaidAt = now;
    this.listener.onWarning(describeStall(stall, this.#runner.calls.takeLongest()));
  }

  /** Many small batches cost the broker more than the wait of a moment costs anybody. */
  #flushSoon(): void {
    const settlement = this.#settlement;
    if (settlement === undefined || settlement.collected === 0) return;
    if (settlement.collected >= FLUSH_AT || this.#outOfWork()) {
      settlement.flush();
      return;
    }
    this.#flushTimer ??= setTimeout(() => {
      this.#flushTimer = undefined;
      settlement.flush();
    }, FLUSH_WITHIN_MS);
  }

  /** Nothing is at hand, and more comes only when the broker hears of what is done. */
  #outOfWork(): boolean {
    return this.#runner.running === 0 && this.#scheduler.prefetched === 0 && this.#intake.prefetchFilled;
  }

  async #close(): Promise<WorkerReport> {
    this.#stopping = true;
    this.#listings.close();
    this.#slowStart.cancel();
    void this.#brokerEar.close();
    this.#runner.end();
    // A broker that is away has all that was held, and would be told nothing.
    if (!this.connection.isConnected && !this.#hasUnfinished) return this.#report(0);
    const finishing = this.#finish();
    finishing.catch(() => {}); // it may be left
    const givenBack = await Promise.race([finishing, this.#left]);
    if (givenBack === undefined) this.connection.abandon();
    return this.#report(givenBack ?? 0);
  }

  /** Something runs here, or has ended and is not safe on the broker. */
  get #hasUnfinished(): boolean {
    return this.#runner.running > 0 || this.unconfirmed > 0 || (this.#returns?.pending ?? 0) > 0;
  }

  /** @returns how many tasks were given back */
  async #finish(): Promise<number> {
    // Where order counts, nobody else is to have a user's next task before the one that runs has ended.
    const { ordered } = this.options;
    let givenBack = ordered ? 0 : await this.#intake.givingBack.all();
    while (this.#runner.running > 0) {
      await new Promise<void>((resolve) => this.#runner.whenOneEnds(resolve));
    }
    this.#heldBack.clear();
    await Promise.all([this.#moves?.settled(), this.#returns?.finish()]);
    await this.#settlement?.settled(); // what came back to nowhere meanwhile
    if (ordered) givenBack = await this.#intake.givingBack.all();
    this.#intake.closing();
    this.#presence.sayGoodbye();
    this.#crashes?.end();
    await this.connection.close();
    return givenBack;
  }

  #report(givenBack: number): WorkerReport {
    const { completed, failed, retried, timedOut, firstStartAt, lastFinishAt, users } = this.#runner.counts;
    const { smallest, largest } = this.#intake.prefetch;
    const seconds =
      firstStartAt === undefined || lastFinishAt === undefined ? 0 : (lastFinishAt - firstStartAt) / 1e6;
    return {
      name: this.options.name,
      completed,
      // What no dead letter was written of is delivered again.
      failed: failed - (this.#moves?.stuckLetters ?? 0),
      retried,
      timedOut,
      readyAt: this.#readyAt,
      startUpSeconds: firstStartAt === undefined ? null : (firstStartAt - this.#begunAt) / 1e6,
      seconds,
      perSecond: seconds > 0 ? (completed + failed + retried) / seconds : 0,
      users,
      givenBack,
      unconfirmed: this.unconfirmed,
      notMoved: (this.#moves?.stuck ?? 0) + (this.#returns?.stuck ?? 0),
      leftToOthers: this.#rebalancer.shared,
      holding: {
        most: this.#intake.mostPrefetched,
        smallestWindow: smallest ?? null,
        largestWindow: largest?.size ?? null,
        reason: largest?.reason ?? null,
      },
    };
  }
}

function describeStall({ ms, wasBusy }: Stall, longest: LongCall | undefined): string {
  const seconds = `${Math.round(ms / 1_000)} s`;
  const effect =
    'Meanwhile no heartbeat went out: the broker may drop the connection, and deliver again what was not acknowledged';
  // On a busy machine a handler that works gets little of the processor, and is the cause all the same.
  const task = longest !== undefined && longest.ms > ms / 2 ? longest.task : undefined;
  if (task === undefined && !wasBusy) {
    return `this process did not run for ${seconds}: it was frozen, or the machine had no time for it. ${effect}`;
  }
  const whose =
    task === undefined
      ? 'a handler'
      : `the handler of task ${task.id} of user ${JSON.stringify(task.lane.user)}`;
  return `${whose} kept the event loop busy for ${seconds}. ${effect}. Do such work in a program (--exec), in a worker thread, or in pieces`;
}

function describePrefetch(queue: ConsumedQueue, { size, reason }: Prefetch): string {
  return `user ${JSON.stringify(queue.lane.user)}: ${size} tasks may be unacknowledged here, ${PREFETCH_REASONS[reason]}`;
}

/** Said only where there was something to choose. */
function describeChoice(user: string, { rule, passedOver }: FoundWeight): string | undefined {
  if (rule === undefined || passedOver.length === 0) return undefined;
  const others = passedOver.map(describeRule).join(', ');
  return `user ${JSON.stringify(user)}: weight ${rule.weight}, since ${describeRule(rule)} is more exact than ${others}`;
}
