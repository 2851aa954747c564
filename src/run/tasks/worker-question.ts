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

/** Asks all workers who has a task. Only the one answers that runs it, or holds it back. */
export class WorkerQuestion {
  #connection: Connection | undefined;
  #channel: ReconnectingChannel | undefined;
  #request = '';
  #onAnswer: (answer: TaskAnswer | HeldAnswer) => void = () => {};
  #isTold = false;
  #hasFailed = false;

  constructor(private readonly deps: WorkerQuestionDeps) {}

  async ask(id: string): Promise<WorkersWord> {
    if (this.#hasFailed) return {};
    const channel = (await this.#open())?.current;
    if (channel === undefined || this.#connection?.blocked === true) return {};
    this.#request = this.deps.newId();
    const answered = new Promise<WorkersWord>((resolve) => {
      this.#onAnswer = (answer) => resolve(wordOf(answer));
    });
    announce(channel, this.deps.names, { kind: 'task', request: this.#request, id });
    return (await within(ANSWER_WITHIN_MS, answered)) ?? {};
  }

  async close(): Promise<void> {
    this.#channel?.close();
    await this.#connection?.close();
  }

  async #open(): Promise<ReconnectingChannel | undefined> {
    if (this.#channel !== undefined) return this.#channel;
    try {
      this.#connection = await this.deps.connect((reason) => this.#tell(`the broker is blocked (${reason})`));
      this.#channel = await listen(this.#connection, this.deps.names, {
        onMessage: (message) => {
          if (message.kind !== 'runs' && message.kind !== 'held') return;
          if (message.request === this.#request) this.#onAnswer(message);
        },
        onFailure: (error) => this.#giveUp(error),
      });
    } catch (error) {
      this.#giveUp(error);
    }
    return this.#channel;
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
