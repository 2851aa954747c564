import type { Connection } from '../../broker/connection.js';
import { type NamedQueues, type NotTaken, type OutgoingTask, Publisher } from '../../broker/publisher.js';
import { assertTopology, type QueueKind } from '../../broker/topology.js';
import type { CarriedProperties } from '../../core/carried.js';
import type { Clock } from '../../core/clock.js';
import type { Envelope } from '../../core/envelope.js';
import { encodePublishedIds, encodeRunRecords, PUBLISHED_IDS, RUN_RECORD } from '../../core/event-codec.js';
import { encodeText, type Names, ownQueue } from '../../core/names.js';
import { compareNatural } from '../../core/natural-order.js';
import type { Pacing } from '../../core/pacing.js';
import type { NotTakenTasks, PublishProgress, PublishReport } from '../../core/publish-report.js';
import type { SentProperties } from '../../core/saved-message.js';
import { LATE_MS } from '../../core/sending-report.js';
import { SENT, SentNotes } from '../../core/sent-notes.js';
import type { AboutTask, AnnouncedTask, RunRecord } from '../../core/task-event.js';
import { idSeries } from '../../core/task-id.js';

/** Tasks sent before the event loop gets its turn, where no pacing asks for one. */
const BURST = 256;

/** So many tasks of a list are said one by one, with whose each is; of more only those that were given an id. */
const MOST_SAID = 10_000;

/** How often it is said again whose tasks these are: who looks for one reads no further back than some minutes. */
const SAY_IDS_EVERY_MS = 60_000;
const SAY_SENT_EVERY_MS = 2_000;

export interface PlannedTask {
  /** Given to it; one is made where it has none. */
  readonly id?: string | undefined;
  readonly user: string;
  /** The queue that it goes to, if not its user's own. */
  readonly queue?: string;
  readonly priority?: number;
  readonly type: string;
  readonly contentType: string;
  readonly payload: Buffer;
  /** Of the file that it was read from, for messages. */
  readonly line?: number;
  /** Of a task that was sent before and is sent again as it was; null: one that never had an envelope. */
  readonly envelope?: Envelope | null;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly properties?: SentProperties;
}

export interface PublishPlan {
  readonly run: string;
  readonly total: number;
  readonly users: readonly string[];
  tasks(): Iterable<PlannedTask>;
  /** What all of its tasks have in common. */
  readonly common: Pick<PlannedTask, 'queue'> & Partial<Pick<PlannedTask, 'user' | 'type'>>;
  /** All of its tasks, where they are a list. */
  readonly listed?: readonly PlannedTask[];
  readonly pacing: Pacing;
  readonly queueKind: QueueKind;
  /** One queue for all users, as in strategy `fifo`. */
  readonly shared: boolean;
}

/** Tasks for an application's own workers, in its own queues. */
export interface ForeignTasks extends NamedQueues {
  /** Before the first of them is sent: makes the queues, and lets workers know. */
  prepare(users: readonly string[]): Promise<void>;
  headers(id: string): Record<string, unknown>;
  properties(id: string): CarriedProperties;
}

export interface PublishDeps {
  readonly connection: Connection;
  readonly names: Names;
  readonly clock: Clock;
  readonly newId: () => string;
  /** A task is about to be sent. */
  readonly onTask?: (task: OutgoingTask) => void;
  /** The broker does not take one; why, as a sentence. */
  readonly onNotTaken?: (task: OutgoingTask, reason: string) => void;
  readonly foreign?: ForeignTasks | undefined;
}

/** Sends a load and records in the event stream what of it was confirmed. */
export class PublishRun {
  #sent = 0;
  #confirmed = 0;
  #late = 0;
  #stopped = false;
  /** Of the first task. */
  #firstId: string | null = null;
  /** By why and whose they are. */
  readonly #notTaken = new Map<string, NotTakenTasks>();
  readonly #idSeries: string | undefined;
  /** Tasks that are said one by one. */
  readonly #said: readonly AnnouncedTask[];
  readonly #tasks: () => Iterable<PlannedTask>;
  /** On their way: tasks that were sent before, and saved. */
  readonly #restored = new Set<OutgoingTask>();
  #restoredCount = 0;
  readonly #restoredRuns = new Set<string>();

  constructor(
    private readonly deps: PublishDeps,
    private readonly plan: PublishPlan,
  ) {
    this.#idSeries = idSeries(deps.newId());
    const listed = plan.listed ?? [];
    const areFew = listed.length <= MOST_SAID;
    const named = areFew ? listed.map((task) => ({ ...task, id: task.id ?? deps.newId() })) : listed;
    this.#tasks = areFew && plan.listed !== undefined ? () => named : plan.tasks;
    this.#said = named.flatMap(({ id, ...task }) => (id === undefined ? [] : { id, ...this.#about(task) }));
  }

  progress(): PublishProgress {
    return { sent: this.#sent, confirmed: this.#confirmed, total: this.plan.total };
  }

  /** Sends nothing new; what is on its way is still confirmed and recorded. */
  stop(): void {
    this.#stopped = true;
  }

  async run(): Promise<PublishReport> {
    const { connection, names, clock } = this.deps;
    await assertTopology(connection, names, this.plan.queueKind.type);
    const counts = new Map<string, number>();
    const users = new Set<string>();
    const queues = new Set<string>();
    const publisher = await Publisher.open(
      connection,
      names,
      {
        queueKind: this.plan.queueKind,
        makesAllQueues: true,
        namedQueues: this.deps.foreign,
        ...(this.plan.shared && { sharedQueue: names.sharedQueue }),
        onConfirmed: (task) => {
          this.#confirmed++;
          const { user } = task.envelope;
          // A run that a task was saved from has counted it.
          if (this.#restored.delete(task)) this.#countRestored(task);
          else counts.set(user, (counts.get(user) ?? 0) + 1);
          users.add(user);
          const queue = task.toQueue ?? (this.plan.shared ? names.sharedQueue : undefined);
          if (queue !== undefined) queues.add(queue);
        },
        onNotTaken: (task, reason) => this.#onNotTaken(task, reason),
      },
      clock.now,
    );
    await this.#sayIds(publisher, this.#said);
    await this.deps.foreign?.prepare(this.plan.users);
    const startedAt = clock.epochMicros();
    const record = this.deps.newId();
    const isOwn = !this.plan.shared && this.deps.foreign === undefined;
    const notes = isOwn ? this.#sayWhatIsSent(publisher, new SentNotes(record, counts, queues)) : undefined;
    try {
      await this.#sendAll(publisher);
      await publisher.settled();
    } finally {
      clearInterval(notes);
      const finishedAt = clock.epochMicros();
      const fields = { run: this.plan.run, record, started: startedAt, finished: finishedAt, tasks: counts };
      if (counts.size > 0) await this.#record(publisher, { ...fields, queues: [...queues] });
    }
    const fixed = [...queues]
      .filter(
        (queue) =>
          ownQueue(names, queue) === undefined && ![names.priorityQueue, names.sharedQueue].includes(queue),
      )
      .sort(compareNatural);
    return this.#report(users.size, fixed, publisher.sentAgain, startedAt, clock.epochMicros());
  }

  async #sendAll(publisher: Publisher): Promise<void> {
    const { clock } = this.deps;
    const { pacing } = this.plan;
    const sequences = new Map<string, number>();
    const start = clock.now();
    const startMicros = clock.epochMicros();
    let index = 0;
    let idsSaidAt = start;
    for (const task of this.#tasks()) {
      const due = pacing.dueAt(index);
      const early = due - (clock.now() - start);
      if (early >= 1) await new Promise((resolve) => setTimeout(resolve, early));
      else if (index % BURST === BURST - 1) await new Promise((resolve) => setImmediate(resolve));
      if (!publisher.hasRoom) await publisher.ready();
      if (this.#stopped) return;
      if (clock.now() - idsSaidAt > SAY_IDS_EVERY_MS) {
        idsSaidAt = clock.now();
        await this.#sayIds(publisher, []);
      }
      const sentAt = clock.epochMicros();
      const intendedAt = due === 0 ? sentAt : Math.min(sentAt, Math.round(startMicros + due * 1000));
      if (sentAt - intendedAt > LATE_MS * 1000) this.#late++;
      const sequence = (sequences.get(task.user) ?? 0) + 1;
      sequences.set(task.user, sequence);
      const outgoing = this.#outgoing(task, sequence, intendedAt, sentAt);
      if (task.envelope !== undefined) this.#restored.add(outgoing);
      this.#firstId ??= outgoing.id;
      this.deps.onTask?.(outgoing);
      publisher.send(outgoing);
      this.#sent++;
      index++;
    }
  }

  #onNotTaken(task: OutgoingTask, { kind, text: reason }: NotTaken): void {
    const { user } = task.envelope;
    this.#restored.delete(task);
    const key = JSON.stringify([kind, user]);
    const { tasks, ...first } = this.#notTaken.get(key) ?? {
      ...{ user, tasks: 0, reason, firstId: task.id, firstLine: task.line ?? null },
    };
    this.#notTaken.set(key, { ...first, tasks: tasks + 1 });
    this.deps.onNotTaken?.(task, reason);
  }

  #countRestored({ isBare, envelope }: OutgoingTask): void {
    this.#restoredCount++;
    if (isBare !== true) this.#restoredRuns.add(envelope.run);
  }

  #outgoing(task: PlannedTask, sequence: number, intendedAt: number, sentAt: number): OutgoingTask {
    const { newId, foreign } = this.deps;
    const id = task.id ?? newId();
    const { user, priority, properties, headers, envelope } = task;
    return {
      id,
      ...(foreign && { headers: foreign.headers(id), properties: foreign.properties(id) }),
      type: task.type,
      contentType: task.contentType,
      payload: task.payload,
      ...(task.queue !== undefined && { toQueue: task.queue }),
      ...(headers !== undefined && { headers }),
      ...((properties ?? priority) !== undefined && {
        properties: { ...properties, ...(priority !== undefined && { priority }) },
      }),
      ...(envelope === null && { isBare: true }),
      ...(task.line !== undefined && { line: task.line }),
      envelope: envelope ?? { user, run: this.plan.run, sequence, intendedAt, sentAt, attempt: 1 },
    };
  }

  /** So that a task that nobody has run yet is known to be on its way. */
  async #sayIds(publisher: Publisher, tasks: readonly AnnouncedTask[]): Promise<void> {
    // What other workers run, nobody could say more of than that it was sent.
    if (this.deps.foreign !== undefined) return;
    const { clock } = this.deps;
    const said = {
      ...(this.#idSeries !== undefined && { series: this.#idSeries }),
      ...{ at: clock.epochMicros(), all: this.#about(this.plan.common), tasks },
    };
    for (const body of encodePublishedIds(said)) await publisher.record(PUBLISHED_IDS, Buffer.from(body));
  }

  /** For who asks after a task that nobody has started. */
  #about({ user, type, queue }: PublishPlan['common']): AboutTask {
    const { names } = this.deps;
    const { run, shared } = this.plan;
    const own = user === undefined ? undefined : names.userQueuePrefix + encodeText(user);
    const place = queue ?? (shared ? names.sharedQueue : own);
    return {
      ...{ run },
      ...(user !== undefined && { user }),
      ...(type !== undefined && { task: type }),
      ...(place !== undefined && { queue: place }),
    };
  }

  async #record(publisher: Publisher, record: RunRecord): Promise<void> {
    for (const body of encodeRunRecords(record)) await publisher.record(RUN_RECORD, Buffer.from(body));
  }

  /** So that who looks on counts tasks that wait before the publisher has ended. */
  #sayWhatIsSent(publisher: Publisher, notes: SentNotes): NodeJS.Timeout {
    return setInterval(() => {
      for (const body of notes.take(SAY_SENT_EVERY_MS)) {
        // Nobody misses a note: what is wrong with the connection, the next task meets as well.
        publisher.record(SENT, Buffer.from(body)).catch(() => {});
      }
    }, SAY_SENT_EVERY_MS);
  }

  #report(
    users: number,
    queues: readonly string[],
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
      queues,
      late: this.#late,
      interrupted: this.#stopped,
      notTaken: [...this.#notTaken.values()],
    };
  }
}
