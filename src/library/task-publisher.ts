import { CLASSIC, type QueueType } from '../broker/queues/topology.js';
import { messageOf, usageError } from '../core/errors/errors.js';
import { republishableText } from '../core/message/republishable.js';
import { readTraceContext } from '../core/message/trace-context.js';
import { BY_USER } from '../core/queues/grouping.js';
import { losslessJson } from '../core/values/lossless-json.js';
import { newRunId } from '../process/identity.js';
import { type DispatchedTask, Dispatcher } from '../run/publish/dispatch/dispatcher.js';
import { OWN_QUEUES } from '../run/publish/own-destination.js';
import { Places } from '../run/publish/places.js';
import type { PlannedTask } from '../run/publish/planned-task.js';
import type { LibraryDeps } from './library-deps.js';
import { checkOptions, PUBLISHER_OPTIONS, SEND_OPTIONS } from './options.js';

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
  /** Where a trace goes on: W3C Trace Context. What is none is left out. */
  readonly traceparent?: string | undefined;
  readonly tracestate?: string | undefined;
}

/** A task that the broker has confirmed. */
export interface SentTask {
  readonly id: string;
  readonly user: string;
  readonly run: string;
}

/** Sends tasks to their users' queues, each confirmed by the broker. Of one user they keep their order. */
export class TaskPublisher {
  /** The run that the tasks are of. */
  readonly run: string;
  readonly #places: Places;
  readonly #dispatcher: Dispatcher;
  #isClosed = false;

  constructor(
    private readonly deps: LibraryDeps,
    options: PublisherOptions,
  ) {
    checkOptions(PUBLISHER_OPTIONS, options, 'a publisher');
    const { config, connection, clock, newId } = deps;
    const { names } = config;
    const { queueType = CLASSIC.type, ordered = false } = options;
    this.run = options.run ?? newRunId(deps);
    this.#places = new Places(names, { grouping: BY_USER, shared: false });
    this.#dispatcher = new Dispatcher(
      { connection, names, clock, newId, target: OWN_QUEUES },
      { run: this.run, queueKind: { type: queueType, ordered } },
    );
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
    const trace = readTraceContext(options.traceparent, options.tracestate);
    await this.#dispatcher.send(trace === undefined ? planned : { ...planned, trace });
    return { id, user: planned.user, run: this.run };
  }

  /** Takes no more, and resolves when all that was sent is confirmed and written down for reports. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#dispatcher.close();
  }

  /** What waits to be confirmed is told that nobody knows what became of it. */
  giveUp(reason: unknown): void {
    this.#dispatcher.giveUp(reason);
  }

  #planned(id: string, user: string, task: string, payload: unknown, queue?: string): DispatchedTask {
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
