import type { Connection } from '../../broker/connection/connection.js';
import { type NotTaken, type OutgoingTask, Publisher } from '../../broker/publishing/publisher.js';
import type {
  FullQueuesOptions,
  PublisherOptions,
  PublisherUnits,
} from '../../broker/publishing/publisher-contract.js';
import { assertTopology } from '../../broker/queues/topology.js';
import { FairqError, usageError } from '../../core/errors/errors.js';
import { LATE_MS } from '../../core/measures/sending-report.js';
import { delayOfQueue, type Names, ownQueue } from '../../core/queues/names.js';
import type { PublishProgress, PublishReport } from '../../core/reports/publish-report.js';
import type { Clock } from '../../core/values/clock.js';
import { compareNatural } from '../../core/values/natural-order.js';
import { BadLine, badLine, noTasks } from './bad-line.js';
import type { Target } from './destination.js';
import { NextTasks, SourceFailure } from './next-tasks.js';
import { NotTakenByUser } from './not-taken-tasks.js';
import type { PlannedTask } from './planned-task.js';
import type { PublishPlan } from './publish-plan.js';
import { RunNotes } from './run-notes.js';
import { Sequences } from './sequences.js';
import { waitOf } from './wait-of.js';

/** Tasks sent before the event loop gets its turn, where no pacing asks for one. */
const BURST = 256;

/** So many tasks of a file are said one by one, with whose each is; of more only those that were given an id. */
const MOST_SAID = 10_000;
/** The same of those of a stream that come at once. */
const MOST_SAID_AT_ONCE = 256;

/** How often it is said again whose tasks these are, and how many of a stream. */
const SAY_AGAIN_EVERY_MS = 60_000;

export interface PublishDeps {
  readonly connection: Connection;
  readonly names: Names;
  readonly clock: Clock;
  readonly newId: () => string;
  /** A task is about to be sent. */
  readonly onTask?: (task: OutgoingTask) => void;
  /** The broker does not take one; why, as a sentence. */
  readonly onNotTaken?: (task: OutgoingTask, reason: NotTaken) => void;
  /** No full queue is waited for, whoever has limited it. */
  readonly isImpatient?: boolean;
  readonly onConfirmed?: (task: OutgoingTask) => void;
  /** Resolves when whoever is told of confirmed tasks can be told of more; undefined: now. */
  readonly room?: () => Promise<void> | undefined;
  /** Where the tasks go. */
  readonly target: Target;
  /** Sets up what has a queue, where somebody has said so; otherwise what is set up is followed. */
  readonly setUpUnits?: (() => Promise<PublisherUnits>) | undefined;
  /** Which of the queues are streams; left out by who knows where its tasks go. */
  readonly streamsAmong?: (queues: readonly string[]) => Promise<readonly string[] | null>;
}

/** Sends a load and records in the event stream what of it was confirmed. */
export class PublishRun {
  #sent = 0;
  #confirmed = 0;
  #late = 0;
  #stopped = false;
  #next: NextTasks | undefined;
  readonly #notes: RunNotes;
  #start = { now: 0, micros: 0 };
  /** When its ids were said and its tasks recorded last; milliseconds. */
  #saidAt = 0;
  readonly #sequences: Sequences;
  /** Ids that were given, of tasks that are not confirmed: what comes back is known by its id. */
  readonly #underWay = new Set<string>();
  /** Of the first task. */
  #firstId: string | null = null;
  readonly #notTaken = new NotTakenByUser();
  /** On their way: tasks that were sent before, and saved. */
  readonly #restored = new Set<OutgoingTask>();
  #restoredCount = 0;
  readonly #restoredRuns = new Set<string>();

  constructor(
    private readonly deps: PublishDeps,
    private readonly plan: PublishPlan,
  ) {
    this.#sequences = new Sequences(plan.isEndless === true);
    this.#notes = new RunNotes(
      {
        ...deps,
        isForeign: deps.target.isForeign,
        queueOf: deps.target.namedQueues?.queueOf.bind(deps.target.namedQueues),
      },
      plan,
    );
  }

  progress(): PublishProgress {
    return { sent: this.#sent, confirmed: this.#confirmed, total: this.plan.total };
  }

  /** Sends nothing new; what is on its way is still confirmed and recorded. */
  stop(): void {
    this.#stopped = true;
    this.#next?.stop();
  }

  async run(): Promise<PublishReport> {
    const { connection, names, clock } = this.deps;
    const options = await setUp(this.deps, this.plan);
    const users = new Set<string>();
    const { queues } = this.#notes;
    const publisher = await Publisher.open(
      connection,
      names,
      {
        ...options,
        makesAllQueues: true,
        ...(this.plan.isEndless && { isEndless: true }),
        namedQueues: this.deps.target.namedQueues,
        ...(this.plan.shared && { sharedQueue: names.sharedQueue }),
        onConfirmed: (task) => {
          this.#confirmed++;
          const { user } = task.envelope;
          // A run that a task was saved from has counted it.
          const isRestored = this.#restored.delete(task);
          if (isRestored) this.#countRestored(task);
          this.#notes.count(user, isRestored);
          if (!this.plan.isEndless) users.add(user);
          const queue = task.toQueue ?? (this.plan.shared ? names.sharedQueue : undefined);
          if (queue !== undefined && delayOfQueue(names, queue) === undefined) queues.add(queue);
          this.#underWay.delete(task.id);
          this.deps.onConfirmed?.(task);
        },
        onNotTaken: (task, reason) => this.#onNotTaken(task, reason),
        fullQueues: fullQueuesOf(this.deps),
        onFailure: (error) => this.#next?.fail(error),
      },
      clock.now,
    );
    await this.#notes.saySeries(publisher);
    await this.deps.target.prepare(this.plan.users);
    this.#start = { now: clock.now(), micros: clock.epochMicros() };
    const { now, micros: startedAt } = this.#start;
    this.#saidAt = now;
    const silence = this.#notes.begin(publisher, startedAt);
    const { source } = this.plan;
    this.#next = new NextTasks(this.plan.batches());
    if (this.#stopped) this.#next.stop();
    let failure: SourceFailure | undefined;
    try {
      failure = await this.#sendFrom(this.#next, publisher);
      await publisher.settled();
    } finally {
      silence();
      await this.#notes.record(publisher);
      await source?.close();
    }
    if (!this.#stopped) await this.#notes.sayEnded(publisher);
    if (failure !== undefined) throw this.#explained(failure);
    if (source !== undefined && this.#sent === 0 && !this.#stopped) throw noTasks(source.name);
    const fixed = [...queues]
      .filter(
        (queue) =>
          ownQueue(names, queue) === undefined && ![names.priorityQueue, names.sharedQueue].includes(queue),
      )
      .sort(compareNatural);
    const finishedAt = clock.epochMicros();
    const streams = (await this.deps.streamsAmong?.(fixed)) ?? null;
    return this.#report(users.size, { queues: fixed, streams }, publisher.sentAgain, startedAt, finishedAt);
  }

  /** What is wrong with where the tasks come from, and what was sent of them. */
  #explained({ reason }: SourceFailure): unknown {
    const what =
      this.#confirmed === 0
        ? 'nothing was sent'
        : `what is before it was sent: ${this.#confirmed} confirmed, in run ${this.plan.run}; nothing from there on was`;
    if (reason instanceof BadLine) return badLine(this.plan.source?.name ?? '', reason, what);
    if (!(reason instanceof FairqError)) return reason;
    const { code, message, hint, cause } = reason;
    return usageError(code, `${message}; ${what}`, { ...(hint !== undefined && { hint }), cause });
  }

  /** Sends all, or what comes before something that is no task, and resolves with that. */
  async #sendFrom(next: NextTasks, publisher: Publisher): Promise<SourceFailure | undefined> {
    for (;;) {
      const found = await next.next(() => this.#sayAgain(publisher), SAY_AGAIN_EVERY_MS);
      if (found === undefined || found instanceof SourceFailure) return found;
      const tasks = this.#areSaid(found)
        ? found.map((task) => ({ ...task, id: task.id ?? this.deps.newId() }))
        : found;
      await this.#notes.sayTasks(publisher, tasks);
      await this.#sendAll(publisher, tasks);
      if (this.#stopped) return undefined;
    }
  }

  async #sendAll(publisher: Publisher, tasks: readonly PlannedTask[]): Promise<void> {
    const { clock, onTask, room } = this.deps;
    const { pacing } = this.plan;
    const { now: start, micros: startMicros } = this.#start;
    const arrived = clock.now() - start;
    for (const task of tasks) {
      const index = this.#sent;
      const due = pacing.dueAt(index);
      const early = due - (clock.now() - start);
      if (early >= 1) await new Promise((resolve) => setTimeout(resolve, early));
      else if (index % BURST === BURST - 1) await new Promise((resolve) => setImmediate(resolve));
      if (index % BURST === 0) await room?.();
      if (!publisher.hasRoom) await publisher.ready();
      if (task.id !== undefined && this.#underWay.has(task.id)) await publisher.settled();
      if (this.#stopped) return;
      if (clock.now() - this.#saidAt > SAY_AGAIN_EVERY_MS) await this.#sayAgain(publisher);
      const sentAt = clock.epochMicros();
      // What came after it was due was not late here.
      const wanted = this.plan.source === undefined ? due : Math.max(due, arrived);
      const intendedAt = due === 0 ? sentAt : Math.min(sentAt, Math.round(startMicros + wanted * 1000));
      if (sentAt - intendedAt > LATE_MS * 1000) this.#late++;
      const sequence = this.#sequences.next(task.user);
      const outgoing = this.#outgoing(task, sequence, intendedAt, sentAt);
      if (task.envelope !== undefined) this.#restored.add(outgoing);
      if (task.id !== undefined) this.#underWay.add(task.id);
      this.#firstId ??= outgoing.id;
      onTask?.(outgoing);
      publisher.send(outgoing);
      this.#sent++;
    }
  }

  #onNotTaken(task: OutgoingTask, reason: NotTaken): void {
    this.#restored.delete(task);
    this.#underWay.delete(task.id);
    this.deps.onNotTaken?.(task, reason);
    if (!this.plan.isEndless) this.#notTaken.add(task, reason); // else whoever sent it knows
  }

  /** Who looks for a task reads no further back than some minutes; and who is killed has said what was sent. */
  async #sayAgain(publisher: Publisher): Promise<void> {
    this.#saidAt = this.deps.clock.now();
    // First: a publisher that has recorded what it has sent has ended, unless it speaks again.
    if (this.plan.total === undefined) await this.#notes.record(publisher);
    await this.#notes.saySeries(publisher);
  }

  /** Whether whose each of them is can be known before it has started. */
  #areSaid(tasks: readonly PlannedTask[]): boolean {
    const { source, total } = this.plan;
    if (source === undefined) return false;
    return total === undefined ? tasks.length <= MOST_SAID_AT_ONCE : total <= MOST_SAID;
  }

  #countRestored({ isBare, envelope }: OutgoingTask): void {
    this.#restoredCount++;
    if (isBare !== true) this.#restoredRuns.add(envelope.run);
  }

  #outgoing(task: PlannedTask, sequence: number, intendedAt: number, sentAt: number): OutgoingTask {
    const { newId, target } = this.deps;
    const id = task.id ?? newId();
    const { user, priority, properties, headers, envelope } = task;
    const wait = waitOf(task, sentAt, this.deps.names);
    // The dwell of a task counts from when it is due.
    const times =
      wait === undefined ? { intendedAt, sentAt } : { intendedAt: task.dueAt!, sentAt: task.dueAt! };
    const outgoing: OutgoingTask = {
      id,
      ...target.partsOf(id),
      type: task.type,
      contentType: task.contentType,
      payload: task.payload,
      ...(task.line !== undefined && { line: task.line }),
      ...(task.queue !== undefined && { toQueue: task.queue }),
      ...(headers !== undefined && { headers }),
      ...wait,
      ...((properties ?? priority) !== undefined && {
        properties: { ...properties, ...(priority !== undefined && { priority }) },
      }),
      ...(envelope === null && { isBare: true }),
      envelope: envelope ?? { user, run: this.plan.run, sequence, ...times, attempt: 1 },
    };
    if (task.trace === undefined) return outgoing;
    return { ...outgoing, headers: { ...outgoing.headers, ...task.trace } };
  }

  #report(
    users: number,
    fixed: Pick<PublishReport, 'queues' | 'streams'>,
    sentAgain: number,
    startedAt: number,
    finishedAt: number,
  ): PublishReport {
    const seconds = (finishedAt - startedAt) / 1e6;
    return {
      run: this.plan.run,
      id: this.#sent === 1 ? this.#firstId : null,
      published: this.#sent,
      confirmed: this.#confirmed,
      sentAgain,
      seconds,
      perSecond: seconds > 0 ? this.#confirmed / seconds : 0,
      users,
      restored: this.#restoredCount,
      restoredRuns: [...this.#restoredRuns].sort(compareNatural),
      ...fixed,
      late: this.#late,
      interrupted: this.#stopped,
      notTaken: this.#notTaken.all(),
    };
  }
}

/** Makes what has to be there before anything is sent, and says what the publisher is to know of it. */
async function setUp(
  { connection, names, setUpUnits }: PublishDeps,
  { queueKind, tasksOf }: PublishPlan,
): Promise<Pick<PublisherOptions, 'queueKind' | 'units' | 'tasksOf'>> {
  const units = await setUpUnits?.();
  await assertTopology(connection, names, queueKind.type);
  return { queueKind, units, tasksOf };
}

function fullQueuesOf({ clock, isImpatient = false }: PublishDeps): FullQueuesOptions {
  return { nowMs: () => clock.epochMicros() / 1000, isImpatient };
}
