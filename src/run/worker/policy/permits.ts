import type { Grant } from '../../../broker/policy/grant-queue.js';
import { Hand } from './hand.js';

/** One that was used for so long goes to another worker that waits. Milliseconds. */
const PASSED_ON_AFTER_MS = 1_000;
/** Where no other waits it goes back now and then all the same: the broker's `consumer_timeout` counts from its delivery on. */
const RENEWED_AFTER_MS = 60_000;

/** A user's permits: each task that runs has one. */
export class Permits extends Hand {
  readonly #used: Grant[] = [];
  /** Tasks that run without one: they had started before there was a cap, or it does not bind them. */
  #owed = 0;

  /** Tasks that run under one. */
  get running(): number {
    return this.#used.length;
  }

  /** There is one for the next start. */
  override get has(): boolean {
    this.#cover();
    return super.has;
  }

  /** So many tasks run that have none: they get the next ones. */
  owes(count: number): void {
    this.#owed += count;
    if (count > 0) this.want(count);
  }

  /** A task starts: under a permit, or without one where it is let go all the same. */
  start(): void {
    if (this.has) this.#used.push(this.use());
    else this.owes(1);
  }

  /** A task has ended. Permits are all alike: one is free for the next task. */
  ended(): void {
    if (this.#owed > 0) {
      this.#owed--;
      return;
    }
    const grant = this.#used.pop();
    if (grant === undefined) return;
    const heldForMs = this.deps.clock.now() - grant.since;
    const isLong = heldForMs > (this.othersWait ? PASSED_ON_AFTER_MS : RENEWED_AFTER_MS);
    if (isLong && grant.number! <= this.count) {
      this.queue.rotate(grant);
      return;
    }
    this.keep(grant);
    this.owner.onFree();
  }

  protected lost(): void {
    this.#used.length = 0;
    this.#owed = 0;
  }

  #cover(): void {
    while (this.#owed > 0 && super.has) {
      this.#owed--;
      this.#used.push(this.use());
    }
  }
}
