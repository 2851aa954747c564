import {
  WORKER_GONE_AFTER_MS,
  WORKER_SAYS_EVERY_MS,
  type WorkerPresence,
} from '../../../broker/control/control.js';
import { MOST_SILENT } from '../../../broker/control/why.js';
import type { SilentPeer } from '../../../core/explain/told.js';
import type { Names } from '../../../core/queues/names.js';
import { type QueueFilter, queueFilter } from '../discovery/queue-filter.js';

/** A worker on a busy machine may miss one of its moments to speak. */
const SILENT_AFTER_MS = 2.5 * WORKER_SAYS_EVERY_MS;

interface Peer {
  readonly presence: WorkerPresence;
  readonly serves: QueueFilter;
  /** It was started with the same globs: it shares queues that neither has found yet. */
  readonly isAlike: boolean;
  /** How many of this worker's queues it serves too; not counted of one that is alike. */
  shared: number;
  /** Slots that it said are free, less what was left to it since. */
  free: number;
  readonly at: number;
}

/** What a worker says of the queues that it serves, and who it is. */
export type Serving = Pick<WorkerPresence, 'id' | 'include' | 'exclude' | 'also'>;

/**
 * The other workers, as far as they have been heard of. Latency and prefetch depend on it, correctness never. A peer
 * that serves none of this worker's queues takes no share of its load: it counts for nothing but the common start.
 */
export class Peers {
  readonly #heard = new Map<string, Peer>();
  /** Those that went without a goodbye, by id: when each was last heard. */
  readonly #silent = new Map<string, { readonly name: string; readonly at: number }>();
  /** Kept, for it is asked for with every task: how many of them share the load. */
  #sharing = 0;
  readonly #globs: string;

  /** Those that this worker has taken up, by name. */
  readonly #queues = new Set<string>();

  /** @param own this worker, whose own messages come back to it */
  constructor(
    private readonly own: Serving,
    private readonly names: Names,
  ) {
    this.#globs = globsOf(own);
  }

  /** @returns whether this worker was not known yet */
  heard(presence: WorkerPresence, now: number): boolean {
    if (presence.id === this.own.id) return false;
    this.#silent.delete(presence.id);
    const free = presence.ready ? presence.free : 0;
    const known = this.#heard.get(presence.id);
    if (known !== undefined) {
      this.#heard.set(presence.id, { ...known, presence, free, at: now });
      return false;
    }
    const { include, exclude, also } = presence;
    const serves = queueFilter(this.names, include, exclude, also);
    const isAlike = globsOf(presence) === this.#globs;
    let shared = 0;
    if (!isAlike) for (const queue of this.#queues) if (serves.matches(queue)) shared++;
    this.#heard.set(presence.id, { presence, serves, isAlike, shared, free, at: now });
    this.#countAnew();
    return true;
  }

  /** This worker has taken up a queue. */
  took(queue: string): void {
    if (this.#queues.has(queue)) return;
    this.#queues.add(queue);
    this.#changed(queue, 1);
  }

  /** This worker serves a queue no more. */
  dropped(queue: string): void {
    if (!this.#queues.delete(queue)) return;
    this.#changed(queue, -1);
  }

  gone(id: string): void {
    this.#silent.delete(id);
    this.#heard.delete(id);
    this.#countAnew();
  }

  forgetSilent(now: number): void {
    for (const [id, { presence, at }] of this.#heard) {
      if (now - at <= WORKER_GONE_AFTER_MS) continue;
      this.#heard.delete(id);
      this.#silent.set(id, { name: presence.name, at });
    }
    this.#countAnew();
    // Those of the longest silence go first: what has ended without a word is never heard again.
    for (const id of this.#silent.keys()) {
      if (this.#silent.size <= MOST_SILENT) break;
      this.#silent.delete(id);
    }
  }

  /** Workers that were heard, have not said goodbye, and are silent: for how long. */
  silent(now: number): SilentPeer[] {
    const late = [...this.#heard].flatMap(([id, { presence, at }]) =>
      now - at > SILENT_AFTER_MS ? [{ id, name: presence.name, forMs: now - at }] : [],
    );
    const gone = [...this.#silent].map(([id, { name, at }]) => ({ id, name, forMs: now - at }));
    return [...late, ...gone].slice(0, MOST_SILENT);
  }

  /** Workers that share the load, this one included. */
  get count(): number {
    return this.#sharing + 1;
  }

  /** How many are ready to start, this one not included. */
  get ready(): number {
    let ready = 0;
    for (const { presence } of this.#heard.values()) if (presence.ready) ready++;
    return ready;
  }

  /** Slots of all who share the load that could start a task and have none. */
  get freeSlots(): number {
    let free = 0;
    for (const peer of this.#heard.values()) if (shares(peer)) free += peer.free;
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
      if (!shares(peer)) continue;
      const taken = Math.min(more, peer.free);
      peer.free -= taken;
      more -= taken;
    }
  }

  /** This worker's place among those who share the load, from 0: different for each while they know of each other. */
  get rank(): number {
    let rank = 0;
    for (const [id, peer] of this.#heard) if (shares(peer) && id < this.own.id) rank++;
    return rank;
  }

  #changed(queue: string, by: 1 | -1): void {
    for (const peer of this.#heard.values()) {
      if (!peer.isAlike && peer.serves.matches(queue)) peer.shared += by;
    }
    this.#countAnew();
  }

  #countAnew(): void {
    this.#sharing = 0;
    for (const peer of this.#heard.values()) if (shares(peer)) this.#sharing++;
  }
}

function shares({ isAlike, shared }: Peer): boolean {
  return isAlike || shared > 0;
}

function globsOf({ include, exclude, also }: Serving): string {
  return JSON.stringify([include, exclude, also]);
}
