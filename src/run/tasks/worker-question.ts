import type { Connection } from '../../broker/connection/connection.js';
import type { ReconnectingChannel } from '../../broker/connection/reconnecting-channel.js';
import { within } from '../../broker/connection/within.js';
import { announce, listen, type TaskAnswer } from '../../broker/control/control.js';
import type { HeldAnswer } from '../../broker/control/held-answer.js';
import { messageOf } from '../../core/errors/errors.js';
import type { Held, Running } from '../../core/events/task-state.js';
import type { Names } from '../../core/queues/names.js';

/** A worker that has it, and is not busy with something that blocks it, has said so by then. */
const ANSWER_WITHIN_MS = 300;

export interface WorkerQuestionDeps {
  /** A connection for this alone: to ask is to publish, and a broker under an alarm reads nothing more of it then. */
  readonly connect: (onBlocked: (reason: string) => void) => Promise<Connection>;
  readonly names: Names;
  readonly newId: () => string;
  /** The workers cannot be asked, for this reason. Said once. */
  readonly onCannotAsk: (reason: string) => void;
}

/** What the one worker says that has the task. */
export interface WorkersWord {
  readonly running?: Running;
  readonly held?: Held;
}

/** Asks all workers who has a task. Only the one answers that runs it, or holds it back. Any number may be asked at once. */
export class WorkerQuestion {
  #connection: Connection | undefined;
  #opening: Promise<ReconnectingChannel | undefined> | undefined;
  /** Who waits for the answer to a request. */
  readonly #waiting = new Map<string, (word: WorkersWord) => void>();
  #isTold = false;
  #hasFailed = false;

  constructor(private readonly deps: WorkerQuestionDeps) {}

  async ask(id: string): Promise<WorkersWord> {
    if (this.#hasFailed) return {};
    this.#opening ??= this.#open();
    const channel = (await this.#opening)?.current;
    if (channel === undefined || this.#connection?.blocked === true) return {};
    const request = this.deps.newId();
    const answered = new Promise<WorkersWord>((resolve) => this.#waiting.set(request, resolve));
    announce(channel, this.deps.names, { kind: 'task', request, id });
    try {
      return (await within(ANSWER_WITHIN_MS, answered)) ?? {};
    } finally {
      this.#waiting.delete(request);
    }
  }

  async close(): Promise<void> {
    (await this.#opening)?.close();
    await this.#connection?.close();
  }

  async #open(): Promise<ReconnectingChannel | undefined> {
    try {
      this.#connection = await this.deps.connect((reason) => this.#tell(`the broker is blocked (${reason})`));
      return await listen(this.#connection, this.deps.names, {
        onMessage: (message) => {
          if (message.kind === 'runs' || message.kind === 'held')
            this.#waiting.get(message.request)?.(wordOf(message));
        },
        onFailure: (error) => this.#giveUp(error),
      });
    } catch (error) {
      this.#giveUp(error);
      return undefined;
    }
  }

  #giveUp(error: unknown): void {
    this.#hasFailed = true;
    this.#tell(messageOf(error));
  }

  #tell(reason: string): void {
    if (this.#isTold) return;
    this.#isTold = true;
    this.deps.onCannotAsk(reason);
  }
}

function wordOf(answer: TaskAnswer | HeldAnswer): WorkersWord {
  const { worker } = answer;
  if (answer.kind === 'runs') return { running: { worker, ...answer.task } };
  const { since, until, ahead, deaths, ...about } = answer.task;
  const heldBack = { worker, since, until, ahead, ...(deaths !== undefined && { deaths }) };
  return { held: { worker, ...about, heldBack } };
}
