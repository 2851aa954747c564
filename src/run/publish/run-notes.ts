import type { Publisher } from '../../broker/publishing/publisher.js';
import {
  encodePublishedIds,
  encodeRunRecords,
  PUBLISHED_IDS,
  RUN_RECORD,
} from '../../core/events/event-codec.js';
import { SENT, SentNotes } from '../../core/events/sent-notes.js';
import type { AboutTask, PublishedIds } from '../../core/events/task-event.js';
import { idSeries } from '../../core/message/task-id.js';
import { encodeText, type Names } from '../../core/queues/names.js';
import type { Clock } from '../../core/values/clock.js';
import type { PlannedTask } from './planned-task.js';
import type { PublishPlan } from './publish-plan.js';

const SAY_SENT_EVERY_MS = 2_000;

export interface NotesDeps {
  readonly names: Names;
  readonly clock: Clock;
  readonly newId: () => string;
  /** Tasks for an application's own workers: nobody could say more of them than that they were sent. */
  readonly isForeign: boolean;
  /** The queue of a user, where it is not fairq's own. */
  readonly queueOf?: ((user: string) => string) | undefined;
}

/**
 * What a publisher writes into the event stream: whose its tasks are, before they are sent; how many were confirmed,
 * while it goes on; and the same once more as a record, which is what reports count.
 */
export class RunNotes {
  /** Queues that tasks went to and that are no user's own. */
  readonly queues = new Set<string>();
  readonly #series: string | undefined;
  /** Confirmed and not recorded yet, by user; and the name that the record of them will have. */
  #counts = new Map<string, number>();
  #record: string;
  #notes: SentNotes;
  #since = 0;
  /** It has spoken, and has recorded nothing since. */
  #isAtWork = false;
  /** The run that these are from has recorded them. */
  readonly #restored = new Map<string, number>();
  readonly #notesOfRestored: SentNotes;

  constructor(
    private readonly deps: NotesDeps,
    private readonly plan: Pick<PublishPlan, 'run' | 'shared' | 'common'>,
  ) {
    this.#series = idSeries(deps.newId());
    this.#record = deps.newId();
    this.#notes = new SentNotes(this.#record, this.#counts, this.queues);
    this.#notesOfRestored = new SentNotes(deps.newId(), this.#restored, this.queues);
  }

  /** What all tasks have in common that are given no id. Who looks for one reads no further back than some minutes. */
  async saySeries(publisher: Publisher): Promise<void> {
    if (this.#series === undefined) return;
    this.#isAtWork = true;
    await this.#say(publisher, { series: this.#series, all: this.#about(this.plan.common) });
  }

  /** Says that all is sent where no record does, such as of tasks as they were saved: reports take it to be at work before. */
  async sayEnded(publisher: Publisher): Promise<void> {
    if (this.#series === undefined || !this.#isAtWork) return;
    await this.#say(publisher, { series: this.#series, all: this.#about(this.plan.common), ended: true });
  }

  /** Whose each of these is that has an id, before it is sent. */
  async sayTasks(publisher: Publisher, tasks: readonly PlannedTask[]): Promise<void> {
    const said = tasks.flatMap(({ id, ...task }) => (id === undefined ? [] : { id, ...this.#about(task) }));
    if (said.length > 0) await this.#say(publisher, { tasks: said });
  }

  /**
   * Begins to say what is sent, so that who looks on counts tasks that wait before the publisher has ended.
   *
   * @param at when the first task is sent; microseconds since the epoch
   * @returns ends it
   */
  begin(publisher: Publisher, at: number): () => void {
    this.#since = at;
    if (this.plan.shared || this.deps.isForeign) return () => {};
    const timer = setInterval(() => {
      for (const notes of [this.#notes, this.#notesOfRestored]) {
        for (const body of notes.take(SAY_SENT_EVERY_MS, this.deps.clock.epochMicros())) {
          // Nobody misses a note: what is wrong with the connection, the next task meets as well.
          publisher.record(SENT, Buffer.from(body)).catch(() => {});
        }
      }
    }, SAY_SENT_EVERY_MS);
    return () => clearInterval(timer);
  }

  /** A task is confirmed. */
  count(user: string, isRestored: boolean): void {
    const counts = isRestored ? this.#restored : this.#counts;
    counts.set(user, (counts.get(user) ?? 0) + 1);
  }

  /** Records what has been confirmed since the last time. */
  async record(publisher: Publisher): Promise<void> {
    const tasks = this.#counts;
    if (tasks.size === 0) return;
    this.#isAtWork = false;
    const { clock, newId } = this.deps;
    const finished = clock.epochMicros();
    const queues = [...this.queues];
    const record = {
      run: this.plan.run,
      record: this.#record,
      started: this.#since,
      finished,
      tasks,
      queues,
    };
    this.#since = finished;
    this.#counts = new Map();
    this.#record = newId();
    this.#notes = new SentNotes(this.#record, this.#counts, this.queues);
    for (const body of encodeRunRecords(record)) await publisher.record(RUN_RECORD, Buffer.from(body));
  }

  async #say(publisher: Publisher, said: PublishedIds): Promise<void> {
    if (this.deps.isForeign) return;
    const bodies = encodePublishedIds({ ...said, at: this.deps.clock.epochMicros() });
    for (const body of bodies) await publisher.record(PUBLISHED_IDS, Buffer.from(body));
  }

  /** For who asks after a task that nobody has started. */
  #about({
    user,
    type,
    queue,
    envelope,
    dueAt,
  }: PublishPlan['common'] & Pick<PlannedTask, 'envelope' | 'dueAt'>): AboutTask {
    const { run, shared } = this.plan;
    const { names } = this.deps;
    const { queueOf = (name: string) => names.userQueuePrefix + encodeText(name) } = this.deps;
    const own = user === undefined ? undefined : queueOf(user);
    const place = queue ?? (shared ? names.sharedQueue : own);
    return {
      // One that never had an envelope is in no run.
      ...(envelope !== null && { run: envelope?.run ?? run }),
      ...(user !== undefined && { user }),
      ...(type !== undefined && { task: type }),
      ...(place !== undefined && { queue: place }),
      ...(dueAt !== undefined && { due: dueAt }),
    };
  }
}
