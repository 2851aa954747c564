import { WORKER_GONE_AFTER_MS, type WorkerPresence } from '../../broker/control.js';
import type { Names } from '../../core/names.js';
import { type QueueFilter, queueFilter } from './queue-filter.js';

interface Peer {
  readonly presence: WorkerPresence;
  readonly serves: QueueFilter;
  /** Slots that it said are free, less what was left to it since. */
  free: number;
  readonly at: number;
}

/** The other workers, as far as they have been heard of. Latency and windows depend on it, correctness never. */
export class Peers {
  readonly #heard = new Map<string, Peer>();

  /** @param own id of this worker, whose own messages come back to it */
  constructor(
    private readonly own: string,
    private readonly names: Names,
  ) {}

  /** @returns whether this worker was not known yet */
  heard(presence: WorkerPresence, now: number): boolean {
    if (presence.id === this.own) return false;
    const known = this.#heard.get(presence.id);
    const { include, exclude, also } = presence;
    const serves = known?.serves ?? queueFilter(this.names, include, exclude, also);
    const free = presence.ready ? presence.free : 0;
    this.#heard.set(presence.id, { presence, serves, free, at: now });
    return known === undefined;
  }

  gone(id: string): void {
    this.#heard.delete(id);
  }

  forgetSilent(now: number): void {
    for (const [id, { at }] of this.#heard) if (now - at > WORKER_GONE_AFTER_MS) this.#heard.delete(id);
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

  /** Slots of all others that could start a task and have none. */
  get freeSlots(): number {
    let free = 0;
    for (const peer of this.#heard.values()) free += peer.free;
    return free;
  }

  /** Whether one that has free slots consumes this queue. */
  wants(queue: string): boolean {
    for (const { free, serves } of this.#heard.values()) if (free > 0 && serves.matches(queue)) return true;
    return false;
  }

  /** So many tasks have been left to them, and will fill as many of their slots. */
  left(tasks: number): void {
    let more = tasks;
    for (const peer of this.#heard.values()) {
      const taken = Math.min(more, peer.free);
      peer.free -= taken;
      more -= taken;
    }
  }

  /** This worker's place among all, from 0: different for each while they know of each other. */
  get rank(): number {
    let rank = 0;
    for (const id of this.#heard.keys()) if (id < this.own) rank++;
    return rank;
  }
}
