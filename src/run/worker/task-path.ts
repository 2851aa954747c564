import { delaysOf } from '../../core/message/retry-policy.js';
import { delayQueueOf } from '../../core/queues/names.js';
import type { Lane } from '../../core/scheduling/scheduler.js';
import { TaskTimes } from '../../core/scheduling/task-times.js';
import { CrashTracker } from './crashes/crash-tracker.js';
import { Suspects } from './crashes/suspects.js';
import type { QueueFilter } from './discovery/queue-filter.js';
import type { PausedQueue, Work } from './ends/idle-check.js';
import type { Handlers } from './handlers/handlers.js';
import { giveBack } from './intake/giving-back.js';
import { Intake } from './intake/intake.js';
import { SlowStart } from './intake/slow-start.js';
import { outcomeOf } from './outcomes/outcome.js';
import { Outcomes } from './outcomes/outcomes.js';
import type { Peers } from './peers/peers.js';
import { Rebalancer } from './peers/rebalancer.js';
import { LimitSteering } from './policy/limit-steering.js';
import { PauseSteering } from './policy/pause-steering.js';
import type { Steering } from './policy/steering.js';
import { TenantWeightSteering } from './policy/tenant-weight-steering.js';
import { WeightSteering } from './policy/weight-steering.js';
import { Demotions } from './promotion/demotions.js';
import { OwnQueueMoves } from './promotion/own-queue-moves.js';
import { OwnQueues } from './promotion/own-queues.js';
import { Promotions } from './promotion/promotions.js';
import { Retries } from './retries/retries.js';
import { EnvelopeWarning } from './slots/envelope-warning.js';
import { Runner, type RunnerListener } from './slots/runner.js';
import type { DeliveredTask } from './task/delivered-task.js';
import type { WorkerDeps, WorkerListener, WorkerOptions } from './worker-contract.js';
import { workerScheduler } from './worker-scheduler.js';

export interface TaskPathListener extends Omit<WorkerListener, 'onReady' | 'onBrokerTells'> {
  /** As many tasks have started as are to start, and all of them have ended. */
  onCountReached(): void;
  /** All workers are to be told of a queue, this one too. */
  onQueueMade(queue: string): void;
  /** The others are to be told of slots that are free here, or no longer are. */
  onFreeSlots(): void;
  /** The worker cannot go on. */
  onFailure(error: Error): void;
}

/** Who the worker is, and whom it works beside. */
export interface PathOwner {
  /** Id of the worker. */
  readonly id: string;
  readonly filter: QueueFilter;
  readonly peers: Peers;
  readonly steering: Steering;
}

/** The places that a task comes by, in their order. */
interface Places {
  readonly scheduler: Suspects;
  readonly intake: Intake;
  readonly promotions: Promotions;
  readonly demotions: Demotions;
  readonly moves: OwnQueueMoves;
  readonly crashes: CrashTracker | undefined;
  readonly runner: Runner;
  readonly outcomes: Outcomes;
  readonly retries: Retries;
  readonly slowStart: SlowStart;
  readonly times: TaskTimes;
  readonly limits: LimitSteering;
}

/**
 * The way of a task through a worker: taken in from its queue, started in a slot when its user's turn comes, and
 * settled. What happens at one place is told to the others here.
 */
// long because: each place of a task's way is tied to the others here, once.
export class TaskPath implements Work {
  readonly scheduler: Suspects;
  readonly intake: Intake;
  readonly promotions: Promotions;
  readonly demotions: Demotions;
  readonly #moves: OwnQueueMoves;
  /** Undefined where nobody counts crashes. */
  readonly crashes: CrashTracker | undefined;
  readonly runner: Runner;
  readonly outcomes: Outcomes;
  readonly retries: Retries;
  readonly rebalancer: Rebalancer;
  readonly times: TaskTimes;
  readonly limits: LimitSteering;
  readonly #slowStart: SlowStart;
  #isEnding = false;

  private constructor(
    places: Places,
    private readonly deps: WorkerDeps,
    private readonly options: WorkerOptions,
    private readonly peers: Peers,
    listener: TaskPathListener,
  ) {
    this.scheduler = places.scheduler;
    this.intake = places.intake;
    this.promotions = places.promotions;
    this.demotions = places.demotions;
    this.#moves = places.moves;
    this.crashes = places.crashes;
    this.runner = places.runner;
    this.outcomes = places.outcomes;
    this.retries = places.retries;
    this.times = places.times;
    this.limits = places.limits;
    const { runner, scheduler, intake, times } = places;
    this.rebalancer = new Rebalancer(
      {
        slots: runner,
        scheduler,
        givingBack: intake.givingBack,
        presence: { peers, say: () => listener.onFreeSlots() },
      },
      times,
      deps.clock,
    );
    this.#slowStart = places.slowStart;
  }

  /** Opens every channel that tasks need. Nothing is consumed yet but the delay queues. */
  static async open(
    deps: WorkerDeps,
    options: WorkerOptions,
    handlers: Handlers,
    { id, filter, peers, steering }: PathOwner,
    listener: TaskPathListener,
  ): Promise<TaskPath> {
    const { connection, names, clock, newId } = deps;
    const { maxCrashes, format, ordered, queueKind, weights } = options;
    const detail = (text: string) => listener.onDetail(text);
    const warn = (text: string) => listener.onWarning(text);
    const fail = (error: Error) => listener.onFailure(error);
    const times = new TaskTimes();
    const scheduler = new Suspects(workerScheduler(options, times, detail), clock, () => runner.wake());
    const taking = { ...options, times, filter, newId, workers: () => peers.count };
    const intake = new Intake(connection, taking, scheduler, clock, {
      onDelivery: () => runner.wake(),
      onNewQueue: (queue) => steering.newQueue(queue),
      onReceived: listener.onTaskReceived?.bind(listener),
      onNotDue: (task, dueAt) => path.#postpone(task, dueAt),
      onDoneBefore: (task, event) => outcomes.settle(task, { kind: 'done before', event }),
      onLightUser: (user) => promotions.met(user),
      movesOn: (task, user) => promotions.takes(task, user),
      onHeavy: (user) => promotions.promote(user),
      onChannelLost: (channel) => promotions.channelLost(channel),
      onPrefetch: (queue, prefetch) => listener.onPrefetch(filter.userOf(queue.name), prefetch),
      onWarning: warn,
      onFailure: fail,
      onTaken: (queue) => {
        peers.took(queue);
        promotions.taken(queue);
      },
      onDropped: (queue) => peers.dropped(queue),
      unsettled: () => unsettled(runner, outcomes, moves),
    });
    const own = new OwnQueues(connection, names, queueKind, filter.matches, (queue) =>
      listener.onQueueMade(queue),
    );
    const [moves, outcomes, crashes, retries] = await Promise.all([
      OwnQueueMoves.open(deps, {
        onMoved: (task) => {
          intake.settled([task]);
          tick();
        },
        makeQueue: async (queue) => {
          await own.make(queue);
        },
        onFailure: fail,
      }),
      Outcomes.open(deps, options, intake, {
        ...listener,
        onSettled: () => tick(),
        onFailedAfterAll: () => runner.counts.failedAfterAll(),
        outOfWork: () => runner.running === 0 && scheduler.startable === 0 && intake.prefetchFilled,
      }),
      maxCrashes === undefined
        ? undefined
        : CrashTracker.open(deps, { worker: id, maxCrashes, format }, scheduler, {
            onReady: () => runner.wake(),
            onDetail: detail,
            onWarning: warn,
          }),
      Retries.open(deps, options, {
        onNoWayBack: (id, envelope, reason) => outcomes.deadElsewhere(id, envelope, reason),
        onDead: (id, { user }, reason) => {
          runner.counts.failedElsewhere();
          listener.onTaskFailed(user, id, reason, undefined);
        },
        onWarning: warn,
        onFailure: fail,
      }),
    ]);
    const envelopes = new EnvelopeWarning(warn);
    const slots: RunnerListener = {
      ...(listener.onTaskStarted !== undefined && {
        onStarted: ({ task, type, startedAt }) => listener.onTaskStarted?.(task, type, startedAt),
      }),
      onEnvelopeFault: envelopes.say.bind(envelopes),
      onFinished: ({ task }, event, failure, value) => {
        const outcome = outcomeOf(event, failure, value, ordered);
        outcomes.settle(task, outcome);
        return outcome.kind === 'stays';
      },
      waitMs: () => intake.waitMs(),
      turnsAway: (task) => {
        if (task.queue.paused) crashes?.ended(task, false);
        return intake.pausing.turnsAway(task);
      },
      onGivenUp: (task) => intake.givenUp(task),
      onTick: () => tick(),
    };
    const parts = { scheduler, handlers, gate: crashes };
    const runner = new Runner({ ...options, times }, parts, clock, slots);
    const adapts = options.strategy === 'fair' && options.prefetch === undefined;
    const slowStart = new SlowStart(runner, intake, times, adapts ? options.concurrency : 0, {
      onFilled: () => scheduler.arrange(firstTurns(intake, peers)),
      onFailure: fail,
    });
    /** After a burst of starts, the end of a task, or a confirmation. */
    const tick = () => {
      outcomes.flushSoon();
      slowStart.check();
      if (slowStart.over) intake.adjust(runner.free);
      if (runner.reachedCount && runner.running === 0) listener.onCountReached();
    };
    const limits = new LimitSteering(
      {
        deps,
        worker: { id, name: options.name },
        scheduler,
        slots: options.concurrency,
        runner,
        queues: () => intake.userQueues(),
        hasActiveBeside: (isOne) => intake.hasActiveBeside(isOne),
        holdBack: (queue) => intake.holdBack(queue),
        writeGivenUp: (attempts) => outcomes.givenUp(attempts),
      },
      { onWarning: warn, onFailure: fail },
    );
    const promotions = new Promotions(
      { scheduler, served: intake.served, moves, own, always: ordered, now: clock.now },
      {
        inForce: (user) => steering.inForce(user),
        ofTenant: (user) => steering.ofTenant(user),
        ownWeight: (user) => weights.find(user).weight,
      },
      {
        onPromoted: (user) => detail(`user ${JSON.stringify(user)} has got a queue of its own`),
        onWarning: warn,
      },
    );
    const demotions = new Demotions(
      deps,
      {
        queues: () => intake.userQueues(),
        hasSpread: () => intake.served.spread.size > 0,
        mustHaveOne: (user) => promotions.mustHaveOne(user),
        isMine: () => peers.rank === 0,
        workers: () => peers.count,
      },
      options.demoteAfterMs,
      {
        onDemoted: (queues) => detail(`${queues} queues of users that have nothing left are taken away`),
        onWarning: warn,
      },
    );
    steering.begin(
      () => intake.userQueues(),
      [
        new WeightSteering((user) => options.weights.find(user).weight, scheduler),
        new TenantWeightSteering((tenant) => options.tenants?.weights.find(tenant).weight ?? 1, scheduler),
        new PauseSteering(intake.pausing),
        limits,
      ],
      () => promotions.policyChanged(),
    );
    // From here on a task may be due, and a channel may be lost: both need all that is above.
    await Promise.all([retries.begin(), intake.open()]);
    const places = {
      scheduler,
      intake,
      promotions,
      demotions,
      moves,
      crashes,
      runner,
      outcomes,
      retries,
      slowStart,
      times,
      limits,
    };
    const path = new TaskPath(places, deps, options, peers, listener);
    return path;
  }

  /** Tasks that have ended here, and what became of them is not safe. */
  get unconfirmed(): number {
    return this.outcomes.unconfirmed;
  }

  /** Something runs here, or has ended and is not safe on the broker. */
  get hasUnfinished(): boolean {
    return this.runner.running > 0 || this.unconfirmed + this.retries.pending + this.#moves.pending > 0;
  }

  get isBusy(): boolean {
    return (
      this.#slowStart.hasMore ||
      this.scheduler.prefetched + this.scheduler.waiting + this.promotions.held > 0 ||
      this.outcomes.waiting > 0 ||
      this.hasUnfinished
    );
  }

  /** Tasks that wait here for their next attempt, after one of this worker's delays. */
  get waiting(): number {
    return this.retries.waiting;
  }

  /** Names of the queues in which a task may wait that this worker is to run. */
  queues(): string[] {
    const delays = delaysOf(this.options.retry);
    return [...delays.map((ms) => delayQueueOf(this.deps.names, ms)), ...this.intake.served.byName.keys()];
  }

  paused(): PausedQueue[] {
    return [...this.intake.userQueues()].flatMap(({ name, paused, lane }) =>
      paused ? [{ queue: name, user: lane.user }] : [],
    );
  }

  allArrived(): Promise<void> {
    return this.intake.allArrived();
  }

  /** Takes up the queues, or the first of them. Nothing starts yet. */
  prepare(queues: readonly string[]): Promise<void> {
    return this.#slowStart.prepare(queues);
  }

  /** Resolves when the first tasks may start. */
  async start(): Promise<void> {
    await this.intake.served.filled();
    if (this.#isEnding) return;
    this.scheduler.arrange(firstTurns(this.intake, this.peers));
    this.#slowStart.start();
    this.demotions.begin();
  }

  /** Looks after what nobody tells of. Call it often. */
  sweep(): void {
    this.runner.sweep();
    this.intake.sweep();
    // The other strategies are there to be compared with: they hold what a plain consumer holds.
    // Where order counts a queue stays with its worker.
    const { strategy, ordered } = this.options;
    if (strategy === 'fair' && !ordered && !this.#isEnding) this.rebalancer.check();
  }

  /** Starts nothing new. */
  end(): void {
    this.#isEnding = true;
    this.#slowStart.cancel();
    this.runner.end();
  }

  /** After `end`: resolves when what runs has ended and is safe, with how many tasks were given back. */
  async finish(): Promise<number> {
    // Where order counts, nobody else is to have a user's next task before the one that runs has ended.
    const { ordered } = this.options;
    await Promise.all([this.promotions.settled(), this.demotions.close()]);
    let givenBack = ordered ? 0 : await this.#giveBackAll();
    while (this.runner.running > 0) {
      await new Promise<void>((resolve) => this.runner.whenOneEnds(resolve));
    }
    await Promise.all([
      this.outcomes.moved(),
      this.#moves.settled(),
      this.retries.finish(),
      this.limits.close(),
    ]);
    await this.outcomes.settled(); // what came back to nowhere meanwhile
    if (ordered) givenBack = await this.#giveBackAll();
    this.intake.closing();
    this.crashes?.end();
    return givenBack;
  }

  /** Gives up what is not finished: it is delivered again. */
  close(): void {
    this.end();
    this.runner.abandon();
    this.crashes?.end();
    void this.limits.close(); // the broker gives out what goes with the connection
    this.outcomes.close();
    this.#moves.close();
    void this.demotions.close(); // what it has begun ends with the connection
    this.retries.close();
    this.intake.closing();
  }

  async #giveBackAll(): Promise<number> {
    const prefetched = await this.intake.givingBack.all();
    const held = this.promotions.takeHeld();
    for (const task of held) giveBack(task);
    return prefetched + held.length;
  }

  #postpone(task: DeliveredTask, dueAt: number): boolean {
    if (this.#isEnding) return false;
    this.outcomes.settle(task, { kind: 'postponed', dueAt });
    return true;
  }
}

/** Tasks that run, have ended and are not acknowledged, or are moved to another queue. */
function* unsettled(runner: Runner, outcomes: Outcomes, moves: OwnQueueMoves): Iterable<DeliveredTask> {
  yield* runner.tasks.delivered();
  yield* outcomes.unsettled();
  yield* moves.tasks();
}

/** Workers that start together begin at different users, so that they do not march in step. */
function firstTurns({ served }: Intake, { rank, count }: Peers): Lane<DeliveredTask>[] {
  const queues = [...served.byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const lanes = queues.flatMap(({ users }) => Array.from(users, ({ lane }) => lane));
  const shift = Math.floor((rank * lanes.length) / count);
  return [...lanes.slice(shift), ...lanes.slice(0, shift)];
}
