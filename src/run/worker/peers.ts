import type { WorkerPresence } from '../../broker/control.js';

/** A worker that has said nothing for so long is gone. */
const FORGET_AFTER_MS = 10_000;

/** The other workers, as far as they have been heard of. Latency and windows depend on it, correctness never. */
export class Peers {
  readonly #heard = new Map<string, { presence: WorkerPresence; at: number }>();

  /** @param own id of this worker, whose own messages come back to it */
  constructor(private readonly own: string) {}

  /** @returns whether this worker was not known yet */
  heard(presence: WorkerPresence, now: number): boolean {
    if (presence.id === this.own) return false;
    const isNew = !this.#heard.has(presence.id);
    this.#heard.set(presence.id, { presence, at: now });
    return isNew;
  }

  gone(id: string): void {
    this.#heard.delete(id);
  }

  forgetSilent(now: number): void {
    for (const [id, { at }] of this.#heard) if (now - at > FORGET_AFTER_MS) this.#heard.delete(id);
  }

  /** Workers that share the load, this one included. */
  get count(): number {
    return this.#heard.size + 1;
  }

  /** How many are ready to start, this one not included. */
  get ready(): number {
    let ready = 0;
    for (const { presence } of this.#heard.values()) if (presence.ready) ready++;
    return ready;
  }

  /** This worker's place among all, from 0: different for each while they know of each other. */
  get rank(): number {
    let rank = 0;
    for (const id of this.#heard.keys()) if (id < this.own) rank++;
    return rank;
  }
}
