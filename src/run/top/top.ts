import { type Connection, replyCode } from '../../broker/connection.js';
import { idleSlots, listen, WORKER_GONE_AFTER_MS, type WorkerPresence } from '../../broker/control.js';
import { tailEvents } from '../../broker/event-stream.js';
import type { Management } from '../../broker/management.js';
import type { StreamReader } from '../../broker/stream-reader.js';
import { type Names, ownQueue } from '../../core/names.js';
import type { TopQueue, TopSample } from '../../core/top-sample.js';
import { TopWindow, topUsers } from '../../core/top-window.js';
import { FairqError } from '../../errors.js';

/**
 * Of a processor of the broker, which spends up to twice the time that a listing takes: with 1,000 queues and a share
 * of 0.02 it took 2.2 % of one.
 */
const BROKER_SHARE = 0.01;

export interface TopDeps {
  readonly connection: Connection;
  readonly management: Management;
  readonly names: Names;
  /** Milliseconds; it only grows. */
  readonly now: () => number;
  readonly epochMs: () => number;
  readonly weightOf: (user: string) => number;
  /** Which queue's row a user's completions count in, by the name of its user or group. */
  readonly rowOf: (user: string) => string;
}

/**
 * Looks on: hears the workers, reads completions as they are written, and asks the broker for its queues as
 * often as two in a hundred of a processor of the broker allow.
 */
export class Top {
  readonly #window: TopWindow;
  readonly #workers = new Map<string, { presence: WorkerPresence; heardAt: number }>();
  readonly #readers: { close(): void }[] = [];
  #tail: StreamReader | undefined;
  #queues: readonly TopQueue[] = [];
  #listedAt: number | null = null;
  #listNotBefore = 0;
  #failure: Error | undefined;

  private constructor(private readonly deps: TopDeps) {
    this.#window = new TopWindow(deps.rowOf);
  }

  static async open(deps: TopDeps): Promise<Top> {
    const top = new Top(deps);
    top.#window.begin(deps.now());
    const onFailure = (error: Error) => {
      top.#failure = error;
    };
    const control = await listen(deps.connection, deps.names, {
      onMessage: (message) => {
        if (message.kind === 'bye') top.#workers.delete(message.id);
        if (message.kind !== 'worker') return;
        top.#workers.set(message.worker.id, { presence: message.worker, heardAt: deps.now() });
      },
      onFailure,
    });
    top.#readers.push(control);
    return top;
  }

  /** How it is now. Throws what ended it. */
  async sample(): Promise<TopSample> {
    if (this.#failure !== undefined) throw this.#failure;
    await this.#follow();
    await this.#list();
    const { now, epochMs, weightOf } = this.deps;
    const at = now();
    const rates = this.#window.rates(at);
    for (const [id, { heardAt }] of this.#workers) {
      if (at - heardAt > WORKER_GONE_AFTER_MS) this.#workers.delete(id);
    }
    return {
      at: new Date(epochMs()).toISOString(),
      users: topUsers(this.#queues, rates.users, weightOf, (user) => this.#window.waitMs(user)),
      workers: [...this.#workers.values()].map(({ presence }) => ({
        ...{ name: presence.name, slots: presence.slots, idle: idleSlots(presence), ready: presence.ready },
        perSecond: rates.workers.get(presence.name) ?? 0,
      })),
      perSecond: [...rates.users.values()].reduce((sum, rate) => sum + rate, 0),
      backlog: this.#queues.reduce((sum, { ready }) => sum + ready, 0),
      listedSecondsAgo: this.#listedAt === null ? null : Math.max(0, at - this.#listedAt) / 1_000,
    };
  }

  close(): void {
    for (const reader of this.#readers) reader.close();
  }

  /** The stream is made by the first publisher or worker: until then there is nothing to read. */
  async #follow(): Promise<void> {
    if (this.#tail !== undefined) return;
    const { connection, names, now } = this.deps;
    try {
      this.#tail = await tailEvents(connection, names, {
        onCompletions: (events) => this.#window.add(events, now()),
        onFailure: (error) => {
          // Deleted: another is made, and read from then on.
          if (replyCode(error) === 404) this.#tail = undefined;
          else this.#failure = error;
        },
      });
      this.#readers.push(this.#tail);
    } catch (error) {
      if (replyCode(error) !== 404) throw error;
    }
  }

  async #list(): Promise<void> {
    const { management, names, now } = this.deps;
    const begun = now();
    if (begun < this.#listNotBefore) return;
    try {
      const listed = await management.queues();
      const fixed = new Set([...this.#workers.values()].flatMap(({ presence }) => presence.also));
      this.#queues = listed.flatMap(({ name, ready, unacknowledged, consumers }) => {
        const user = ownQueue(names, name)?.name ?? (fixed.has(name) ? name : undefined);
        return user === undefined ? [] : [{ user, ready, unacknowledged, consumers }];
      });
      this.#listedAt = now();
    } catch (error) {
      // How old the figures are is shown.
      if (!(error instanceof FairqError && error.kind === 'unreachable')) throw error;
    }
    this.#listNotBefore = now() + (now() - begun) / BROKER_SHARE;
  }
}
