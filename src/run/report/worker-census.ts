import type { Connection } from '../../broker/connection/connection.js';
import type { ReconnectingChannel } from '../../broker/connection/reconnecting-channel.js';
import { announce, listen, ROLL_CALL_MS } from '../../broker/control/control.js';
import type { TasksAtWorker } from '../../core/events/whereabouts.js';
import type { Names } from '../../core/queues/names.js';

/** Workers that nobody knows of have this time to answer. */
const AT_LEAST_MS = 400;
const LOOK_EVERY_MS = 20;

export interface Census {
  readonly tasks: readonly TasksAtWorker[];
  /** Every worker that was heard, and as many as are expected, have answered. */
  readonly allAnswered: boolean;
}

/** Asks all workers which tasks they have: what they have prefetched the broker counts in no queue. */
export class WorkerCensus {
  #channel: ReconnectingChannel | undefined;
  readonly #heard = new Set<string>();
  #request = '';
  #answers = new Map<string, readonly TasksAtWorker[]>();
  #failure: Error | undefined;

  private constructor(private readonly names: Names) {}

  static async open(connection: Connection, names: Names): Promise<WorkerCensus> {
    const census = new WorkerCensus(names);
    census.#channel = await listen(connection, names, {
      onMessage: (message) => {
        if (message.kind === 'worker') census.#heard.add(message.worker.id);
        else if (message.kind === 'bye') census.#heard.delete(message.id);
        else if (message.kind === 'here' && message.request === census.#request) {
          census.#answers.set(message.worker, message.tasks);
        }
      },
      onFailure: (error) => {
        census.#failure = error;
      },
    });
    return census;
  }

  /**
   * @param request unique to this question
   * @param consuming so many workers consume a queue: as many have to answer
   * @param connected so many may be there; when all of them have answered nobody else is waited for
   */
  async ask(request: string, consuming: number, connected: number): Promise<Census> {
    this.#request = request;
    this.#answers = new Map();
    const channel = this.#channel?.current;
    if (channel !== undefined) announce(channel, this.names, { kind: 'census', request });
    const from = performance.now();
    const enough = () =>
      this.#answers.size >= consuming && [...this.#heard].every((id) => this.#answers.has(id));
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
      if (this.#failure !== undefined) throw this.#failure;
      const past = performance.now() - from;
      if (past >= ROLL_CALL_MS) break;
      if (past >= AT_LEAST_MS && this.#answers.size >= connected && enough()) break;
    }
    return { tasks: [...this.#answers.values()].flat(), allAnswered: enough() };
  }

  close(): void {
    this.#channel?.close();
  }
}
