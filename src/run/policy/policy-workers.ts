import type { Connection } from '../../broker/connection/connection.js';
import type { ReconnectingChannel } from '../../broker/connection/reconnecting-channel.js';
import { within } from '../../broker/connection/within.js';
import {
  announce,
  type ControlMessage,
  listen,
  WORKER_GONE_AFTER_MS,
  type WorkerPresence,
} from '../../broker/control/control.js';
import type { GoesBy } from '../../broker/control/policy-messages.js';
import type { Names } from '../../core/queues/names.js';
import { deferred } from '../../core/values/deferred.js';

/** A worker that was heard, and what it goes by. */
export interface HeardWorker {
  readonly id: string;
  readonly name: string;
  /** The revision that it goes by; undefined: it has not said that it knows of any. */
  readonly revision: number | undefined;
  /** It has taken up what there is: one that goes by no revision then is of an older fairq. */
  readonly ready: boolean;
  /** What it has said of the revision, with the tasks that still run of paused users. */
  readonly said: GoesBy | undefined;
}

interface Heard extends HeardWorker {
  /** Milliseconds; it only grows. */
  readonly at: number;
}

/** Hears the workers, and asks them which revision of the policy they go by. */
export class PolicyWorkers {
  readonly #heard = new Map<string, Heard>();
  #channel: ReconnectingChannel | undefined;
  #onChange: () => void = () => {};

  private constructor(
    private readonly names: Names,
    private readonly newId: () => string,
    private readonly now: () => number,
  ) {}

  static async open(
    connection: Connection,
    names: Names,
    newId: () => string,
    now: () => number,
  ): Promise<PolicyWorkers> {
    const workers = new PolicyWorkers(names, newId, now);
    workers.#channel = await listen(connection, names, {
      onMessage: (message) => workers.#message(message),
      onFailure: () => {}, // fewer are heard, and the connection's own failure ends the command
    });
    return workers;
  }

  /** Workers that have said something within the last ten seconds. */
  get heard(): readonly HeardWorker[] {
    const since = this.now() - WORKER_GONE_AFTER_MS;
    return [...this.#heard.values()].filter(({ at }) => at >= since);
  }

  /** Each worker answers as soon as it goes by this revision, or by a newer one. */
  ask(revision: number): void {
    const channel = this.#channel?.current;
    if (channel === undefined) return;
    announce(channel, this.names, { kind: 'policy-asked', request: this.newId(), revision });
  }

  /** Resolves when a worker has said something, or after so long. */
  async change(waitMs: number): Promise<void> {
    const { promise, resolve } = deferred();
    this.#onChange = resolve;
    await within(waitMs, promise);
  }

  close(): void {
    this.#channel?.close();
  }

  #message(message: ControlMessage): void {
    if (message.kind === 'bye') this.#heard.delete(message.id);
    else if (message.kind === 'worker') this.#present(message.worker);
    else if (message.kind === 'goes-by') this.#answered(message);
    else return;
    this.#onChange();
  }

  #present({ id, name, policy, ready }: WorkerPresence): void {
    const said = this.#heard.get(id)?.said;
    this.#heard.set(id, { id, name, revision: policy, ready, said, at: this.now() });
  }

  #answered(said: GoesBy): void {
    const { worker: id, name, revision } = said;
    this.#heard.set(id, { id, name, revision, ready: true, said, at: this.now() });
  }
}
