import { type EventSearch, type Heard, hearBroker } from '../../../broker/control/event-search.js';
import { messageOf } from '../../../core/errors/errors.js';
import type { BrokerTells } from '../../../core/queues/noticing.js';
import type { QueueEvent } from '../../../core/queues/queue-event.js';

export interface BrokerEventListener {
  /** A queue of this worker's vhost from which tasks may be taken. */
  onCreated(queue: string): void;
  onDeleted(queue: string): void;
  /** Events were not heard for a while, and now they are again. */
  onHearAgain(): void;
  /** Where the broker's events are heard, or why they are not; again when that has changed. */
  onFound(broker: BrokerTells): void;
}

/** Hears of queues that nobody announces from the broker's own events, where there are any. fairq works without them too. */
export class BrokerEventConsumer {
  #heard: Heard | undefined;
  #searching: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  constructor(
    private readonly events: EventSearch,
    private readonly listener: BrokerEventListener,
  ) {}

  /** Searches for the broker's events, unless they are heard already. */
  async search(): Promise<void> {
    if (this.#heard?.vhost !== undefined || this.#closed !== undefined) return;
    this.#searching ??= this.#findAndConsume().finally(() => {
      this.#searching = undefined;
    });
    await this.#searching;
  }

  close(): Promise<void> {
    this.#closed ??= Promise.resolve(this.#searching).then(() => this.#heard?.close());
    return this.#closed;
  }

  async #findAndConsume(): Promise<void> {
    const before = this.#heard;
    const heard = await hearBroker(this.events, {
      onEvent: (event) => this.#hears(event),
      onHearAgain: () => this.listener.onHearAgain(),
      onFailure: (error) => this.#lost(error),
    });
    this.#heard = heard;
    if (this.#closed !== undefined) return;
    const isSaid = heard.vhost === undefined && before?.vhost === undefined && before?.why === heard.why;
    if (!isSaid) this.listener.onFound(heard);
  }

  #hears({ vhost, kind, queue, isNoWork }: QueueEvent): void {
    if (vhost !== this.events.vhost || this.#closed !== undefined) return;
    if (kind === 'deleted') this.listener.onDeleted(queue);
    else if (!isNoWork) this.listener.onCreated(queue);
  }

  #lost(error: Error): void {
    const heard = this.#heard;
    if (heard === undefined || this.#closed !== undefined) return;
    const why = `the broker's events are not heard any more: ${messageOf(error)}`;
    this.#heard = { vhost: undefined, why, close: () => heard.close() };
    this.listener.onFound(this.#heard);
    void heard.close();
  }
}
