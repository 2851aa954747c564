import type { Connection } from '../../../broker/connection/connection.js';
import { makeFixedQueues } from '../../../broker/publishing/fixed-queues.js';
import type { NotTaken } from '../../../broker/publishing/publisher.js';
import type { QueueKind } from '../../../broker/queues/topology.js';
import { FairqError, messageOf, refusedError } from '../../../core/errors/errors.js';
import { QueueFull } from '../../../core/errors/queue-full.js';
import { unpaced } from '../../../core/load/pacing.js';
import { STEPS_MS } from '../../../core/message/postponed.js';
import { delayQueueOf, encodeText, type Names } from '../../../core/queues/names.js';
import type { Clock } from '../../../core/values/clock.js';
import { openTelemetry } from '../../../tracing/open-telemetry.js';
import { sendWithin } from '../../../tracing/send-span.js';
import type { TracedTask } from '../../../tracing/task-attributes.js';
import type { Target } from '../destination.js';
import type { PlannedTask } from '../planned-task.js';
import { PublishRun } from '../publish-run.js';
import { Outbox } from './outbox.js';

export interface DispatcherDeps {
  readonly connection: Connection;
  readonly names: Names;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly target: Target;
}

export interface DispatcherOptions {
  /** That its tasks are of. */
  readonly run: string;
  /** Of users' queues that it makes. */
  readonly queueKind: QueueKind;
  /** No full queue is waited for, whoever has limited it; otherwise only none at a backlog limit. */
  readonly isImpatient?: boolean;
}

/** A task with an id of its own. */
export type DispatchedTask = PlannedTask & { readonly id: string };

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Sends tasks that come one by one, for as long as it is open; each is confirmed by the broker. Of one user they keep
 * their order. After a failure the next task begins anew.
 */
export class Dispatcher {
  #outbox = new Outbox();
  /** Who waits for a task of this id to be confirmed, first sent first. */
  readonly #waiting = new Map<string, Waiting[]>();
  #unconfirmed = 0;
  #ended: Promise<void> | undefined;
  #isGivenUp = false;
  #delayQueues: Promise<void> | undefined;

  constructor(
    private readonly deps: DispatcherDeps,
    private readonly options: DispatcherOptions,
  ) {}

  /** Tasks that nobody has confirmed yet. */
  get unconfirmed(): number {
    return this.#unconfirmed;
  }

  /**
   * Resolves when the broker has confirmed the task.
   *
   * @throws QueueFull, or FairqError `TASK_NOT_TAKEN`, where it was not sent; `OUTCOME_UNKNOWN` where it may have been
   */
  async send(task: DispatchedTask): Promise<void> {
    const api = openTelemetry();
    if (api === undefined) return this.#send(task);
    const { trace: given, ...untraced } = task;
    return sendWithin(api, this.#traced(task), given, (trace) =>
      this.#send(trace === undefined ? untraced : { ...untraced, trace }),
    );
  }

  async #send(task: DispatchedTask): Promise<void> {
    if (task.dueAt !== undefined) await this.#makeDelayQueues();
    await this.#enqueue(task);
  }

  #enqueue(task: DispatchedTask): Promise<void> {
    const confirmed = new Promise<void>((resolve, reject) => {
      const others = this.#waiting.get(task.id);
      if (others === undefined) this.#waiting.set(task.id, [{ resolve, reject }]);
      else others.push({ resolve, reject });
    });
    this.#unconfirmed++;
    this.#outbox.add(task);
    this.#ended ??= this.#publish();
    return confirmed;
  }

  /** Takes no more, and resolves when all that was sent is confirmed and written down for reports. */
  async close(): Promise<void> {
    this.#outbox.end();
    await this.#ended;
  }

  /** What waits to be confirmed is told that nobody knows what became of it. */
  giveUp(reason: unknown, { isLasting = true } = {}): void {
    this.#isGivenUp ||= isLasting;
    const all = [...this.#waiting];
    this.#waiting.clear();
    this.#unconfirmed = 0;
    for (const [id, waiting] of all) for (const { reject } of waiting) reject(unknownOutcome(id, reason));
  }

  #traced({ id, type, user, queue }: DispatchedTask): TracedTask {
    const { names, target } = this.deps;
    const own = () => target.namedQueues?.queueOf(user) ?? names.userQueuePrefix + encodeText(user);
    return { id, type, user, run: this.options.run, attempt: 1, queue: queue ?? own() };
  }

  /** All that a task may wait in, one after the other, and workers are told of each. */
  async #makeDelayQueues(): Promise<void> {
    const { connection, names } = this.deps;
    const queues = STEPS_MS.map((delayMs) => delayQueueOf(names, delayMs));
    this.#delayQueues ??= makeFixedQueues(connection, names, this.options.queueKind, queues);
    try {
      await this.#delayQueues;
    } catch (error) {
      this.#delayQueues = undefined; // the next task tries again
      throw error;
    }
  }

  /** Sends until `close`, or until it cannot go on; the next task that is sent begins anew. */
  async #publish(): Promise<void> {
    const { connection } = this.deps;
    for (;;) {
      const outbox = this.#outbox;
      try {
        await Promise.race([this.#publishRun(outbox).run(), connection.lost]);
        return;
      } catch (error) {
        // Cut off before it has taken a task: it waits for the next connection, and none is lost.
        if (!(error instanceof FairqError) && !outbox.hasHandedOn && !this.#isGivenUp) continue;
        this.#outbox = new Outbox();
        this.#ended = undefined;
        this.giveUp(error, { isLasting: false });
        return;
      }
    }
  }

  #publishRun(outbox: Outbox): PublishRun {
    const { run, queueKind, isImpatient = false } = this.options;
    const batches = () => outbox.batches();
    const source = { name: 'the application', total: undefined, batches, close: async () => {} };
    return new PublishRun(
      {
        ...this.deps,
        isImpatient,
        onConfirmed: ({ id }) => this.#next(id)?.resolve(),
        onNotTaken: ({ id }, reason) => this.#next(id)?.reject(notTaken(id, reason)),
      },
      {
        run,
        total: undefined,
        users: [],
        common: {},
        batches,
        source,
        pacing: unpaced,
        queueKind,
        shared: false,
        isEndless: true,
      },
    );
  }

  #next(id: string): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    const first = waiting?.shift();
    if (waiting?.length === 0) this.#waiting.delete(id);
    if (first !== undefined) this.#unconfirmed--;
    return first;
  }
}

function unknownOutcome(id: string, reason: unknown): FairqError {
  const kind = reason instanceof FairqError ? reason.kind : 'unreachable';
  const text = `nobody knows whether the task ${id} was sent: ${messageOf(reason)}`;
  return new FairqError(kind, 'OUTCOME_UNKNOWN', text, {
    hint: 'Ask for it with task(id), or send it again: it may then run twice.',
    cause: reason,
  });
}

function notTaken(id: string, { kind, text, limit, isUnsure }: NotTaken): FairqError {
  if (isUnsure) return unknownOutcome(id, refusedError('TASK_NOT_TAKEN', text));
  const message = `the broker does not take the task ${id}: ${text}`;
  if (kind === 'backlog-full' || kind === 'queue-full') {
    const raise = limit === undefined ? '' : ', or raise the limit: fairq policy set NAME --backlog N';
    const hint = `It was not sent. Send it again when workers have run some of what waits${raise}.`;
    return new QueueFull(message, limit, hint);
  }
  return refusedError('TASK_NOT_TAKEN', message, {
    hint: 'It was not sent. Send it again when that is mended.',
  });
}
