import { CLASSIC, type QueueType } from '../broker/queues/topology.js';
import { FairqError, messageOf, refusedError, usageError } from '../core/errors/errors.js';
import { unpaced } from '../core/load/pacing.js';
import { republishableText } from '../core/message/republishable.js';
import { BY_USER } from '../core/queues/grouping.js';
import { losslessJson } from '../core/values/lossless-json.js';
import { newRunId } from '../process/identity.js';
import { OWN_QUEUES } from '../run/publish/own-destination.js';
import { Places } from '../run/publish/places.js';
import type { PlannedTask } from '../run/publish/planned-task.js';
import { PublishRun } from '../run/publish/publish-run.js';
import type { LibraryDeps } from './library-deps.js';
import { checkOptions, PUBLISHER_OPTIONS, SEND_OPTIONS } from './options.js';
import { Outbox } from './outbox.js';

export interface PublisherOptions {
  /** Shown in reports; one is made, if not given. */
  readonly run?: string;
  /** Of users' queues that this makes. */
  readonly queueType?: QueueType;
  /** Users' queues that this makes hand out one task at a time, in their order. */
  readonly ordered?: boolean;
}

export interface SendOptions {
  /** 1 to 255 bytes; one is made, if not given. A second task with it is another task. */
  readonly id?: string;
  /** A queue that belongs to no user, instead of the user's own. */
  readonly queue?: string;
}

/** A task that the broker has confirmed. */
export interface SentTask {
  readonly id: string;
  readonly user: string;
  readonly run: string;
}

interface Waiting {
  readonly resolve: (sent: SentTask) => void;
  readonly reject: (error: unknown) => void;
}

/** Sends tasks to their users' queues, each confirmed by the broker. Of one user they keep their order. */
export class TaskPublisher {
  /** The run that the tasks are of. */
  readonly run: string;
  readonly #places: Places;
  #outbox = new Outbox();
  /** Who waits for a task of this id to be confirmed, first sent first. */
  readonly #waiting = new Map<string, Waiting[]>();
  #ended: Promise<void> | undefined;
  #isClosed = false;
  #isGivenUp = false;

  constructor(
    private readonly deps: LibraryDeps,
    private readonly options: PublisherOptions,
  ) {
    checkOptions(PUBLISHER_OPTIONS, options, 'a publisher');
    this.run = options.run ?? newRunId(deps);
    this.#places = new Places(deps.config.names, { grouping: BY_USER, shared: false });
  }

  /**
   * Sends a task, and resolves when the broker has confirmed it. The user's queue is made where it is missing, and a
   * worker takes it up at once.
   *
   * @param task its name, by which a worker finds the handler
   * @param payload bytes go as they are, anything else as JSON; undefined: none
   * @throws FairqError where it cannot be sent as it is, or the broker does not take it
   */
  async send(user: string, task: string, payload?: unknown, options: SendOptions = {}): Promise<SentTask> {
    if (this.#isClosed) {
      throw usageError('PUBLISHER_CLOSED', 'the publisher has been closed', { hint: 'Connect again.' });
    }
    checkOptions(SEND_OPTIONS, options, 'send');
    const { id = this.deps.newId() } = options;
    const planned = this.#planned(id, user, task, payload, options.queue);
    const confirmed = new Promise<SentTask>((resolve, reject) => {
      const others = this.#waiting.get(id);
      if (others === undefined) this.#waiting.set(id, [{ resolve, reject }]);
      else others.push({ resolve, reject });
    });
    this.#outbox.add(planned);
    this.#ended ??= this.#publish();
    return confirmed;
  }

  /** Takes no more, and resolves when all that was sent is confirmed and written down for reports. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#outbox.end();
    await this.#ended;
  }

  #planned(id: string, user: string, task: string, payload: unknown, queue?: string): PlannedTask {
    if (typeof user !== 'string' || typeof task !== 'string') {
      throw usageError('BAD_TASK', 'a user and the name of a task are texts', {
        hint: 'Write a number as a text: send(String(userId), …).',
      });
    }
    if (id === '' || republishableText(id) === undefined || !id.isWellFormed()) {
      throw usageError('BAD_TASK_ID', "a task's id has 1 to 255 bytes, and is valid Unicode", {
        hint: 'Give another one, or none.',
      });
    }
    if (task === '' || republishableText(task) === undefined || !task.isWellFormed()) {
      throw usageError('BAD_TASK_NAME', "a task's name has 1 to 255 bytes, and is valid Unicode", {
        hint: 'Give the name of one of the handlers.',
      });
    }
    return { id, ...this.#places.of(task, user, queue), type: task, ...contentOf(payload) };
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

  /** What waits to be confirmed is told that nobody knows what became of it. */
  giveUp(reason: unknown, { isLasting = true } = {}): void {
    this.#isGivenUp ||= isLasting;
    const all = [...this.#waiting];
    this.#waiting.clear();
    for (const [id, waiting] of all) for (const { reject } of waiting) reject(unknownOutcome(id, reason));
  }

  #publishRun(outbox: Outbox): PublishRun {
    const { connection, config, clock, newId } = this.deps;
    const { queueType = CLASSIC.type, ordered = false } = this.options;
    const batches = () => outbox.batches();
    const source = { name: 'the application', total: undefined, batches, close: async () => {} };
    return new PublishRun(
      {
        connection,
        names: config.names,
        clock,
        newId,
        target: OWN_QUEUES,
        onConfirmed: ({ id, envelope: { user } }) => this.#next(id)?.resolve({ id, user, run: this.run }),
        onNotTaken: ({ id }, reason) => this.#next(id)?.reject(notTaken(id, reason)),
      },
      {
        run: this.run,
        total: undefined,
        users: [],
        common: {},
        batches,
        source,
        pacing: unpaced,
        queueKind: { type: queueType, ordered },
        shared: false,
      },
    );
  }

  #next(id: string): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    const first = waiting?.shift();
    if (waiting?.length === 0) this.#waiting.delete(id);
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

function notTaken(id: string, reason: string): FairqError {
  return refusedError('TASK_NOT_TAKEN', `the broker does not take the task ${id}: ${reason}`, {
    hint: 'It was not sent. Send it again when that is mended.',
  });
}

function contentOf(payload: unknown): Pick<PlannedTask, 'payload' | 'contentType'> {
  // A handler is given undefined for it.
  if (payload === undefined) return { payload: Buffer.alloc(0), contentType: 'application/json' };
  const bytes = bytesOf(payload);
  if (bytes !== undefined) return { payload: bytes, contentType: 'application/octet-stream' };
  let text: string | undefined;
  let why = `JSON has no ${typeof payload}`;
  try {
    text = losslessJson(payload);
  } catch (error) {
    why = messageOf(error).split('\n', 1)[0]!;
  }
  if (text === undefined) {
    throw usageError('BAD_PAYLOAD', `the payload cannot be sent as JSON: ${why}`, {
      hint: 'Give a value that JSON has, or bytes.',
    });
  }
  return { payload: Buffer.from(text), contentType: 'application/json' };
}

/** A copy: the application may go on with its own. */
function bytesOf(payload: unknown): Buffer | undefined {
  if (payload instanceof ArrayBuffer) return Buffer.from(payload.slice(0));
  if (!ArrayBuffer.isView(payload)) return undefined;
  const { buffer, byteOffset, byteLength } = payload;
  return Buffer.from(new Uint8Array(buffer, byteOffset, byteLength));
}
