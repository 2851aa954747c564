import type { Connection } from '../../broker/connection/connection.js';
import { ReconnectingChannel } from '../../broker/connection/reconnecting-channel.js';
import { announce, type ControlMessage } from '../../broker/control/control.js';
import { MOST_TOLD } from '../../broker/control/running-question.js';
import type { Names } from '../../core/queues/names.js';
import { TopLight } from '../../core/top/top-light.js';
import { TopRunning } from '../../core/top/top-running.js';

export interface TopQuestionsDeps {
  /**
   * On which workers are asked, and nothing else: under an alarm the broker reads nothing more of a connection that has
   * published.
   */
  readonly asking: Connection;
  readonly names: Names;
  readonly newId: () => string;
  /** Which queue's row a user counts in. */
  readonly rowOf: (user: string) => string;
}

/** Asks all workers at each look what runs there, and what waits there of light users. Nobody waits for an answer: it counts from the next look on. */
export class TopQuestions {
  readonly running: TopRunning;
  readonly light: TopLight;
  #channel: ReconnectingChannel | undefined;
  /** The last questions. */
  #runningRequest = '';
  #lightRequest = '';

  private constructor(private readonly deps: TopQuestionsDeps) {
    this.running = new TopRunning(deps.rowOf);
    this.light = new TopLight(deps.rowOf);
  }

  /** The control exchange is there. */
  static async open(deps: TopQuestionsDeps, onFailure: (error: Error) => void): Promise<TopQuestions> {
    const questions = new TopQuestions(deps);
    questions.#channel = await ReconnectingChannel.open(
      () => deps.asking.channel(),
      async () => {},
      { onFailure },
    );
    return questions;
  }

  /** @param aboutLight light users may share queues */
  ask(aboutLight: boolean): void {
    const { asking, names, newId } = this.deps;
    const channel = this.#channel?.current;
    if (channel === undefined || asking.blocked) return;
    this.#runningRequest = newId();
    const running = { request: this.#runningRequest, longerThanMs: 0, limit: MOST_TOLD };
    announce(channel, names, { kind: 'running', ...running });
    if (!aboutLight) return;
    this.#lightRequest = newId();
    announce(channel, names, { kind: 'light', request: this.#lightRequest });
  }

  heard(message: ControlMessage): void {
    if (message.kind === 'all-running' && message.request === this.#runningRequest) {
      const { worker, tasks, total } = message;
      const users = tasks.map(({ user }) => user);
      this.running.answered(worker, users, total);
    } else if (message.kind === 'light-here' && message.request === this.#lightRequest) {
      this.light.answered(message.worker, message);
    }
  }

  /** Nobody waits for the answers of workers that have gone. */
  keepOnly(workers: ReadonlySet<string>): void {
    this.running.keepOnly(workers);
    this.light.keepOnly(workers);
  }

  close(): void {
    this.#channel?.close();
  }
}
