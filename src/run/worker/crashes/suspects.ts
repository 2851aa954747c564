import type { Gate } from '../../../core/scheduling/gate.js';
import type { Before, Lane, Scheduler, Tenants } from '../../../core/scheduling/scheduler.js';
import type { Clock } from '../../../core/values/clock.js';
import type { DeliveredTask } from '../task/delivered-task.js';

/** It waits for fresh tasks no longer than so: where there is always one, it would never run. */
const FRESH_FIRST_MS = 30_000;

/** What is known of a suspect. */
export interface Judgement {
  readonly crashes: number;
  /** So long ago somebody wrote down the last of them: it has waited since then, here or elsewhere. */
  readonly lastAgoMs: number;
}

/** Where a suspect stands in the second row. */
export interface SuspectPlace {
  /** It has been here for so long. */
  readonly forMs: number;
  /** It goes before fresh tasks in so long. */
  readonly freshFirstMs: number;
  /** Others that may go before it, one at a time. */
  readonly ahead: number;
  readonly crashes: number | undefined;
}

interface Suspect {
  readonly task: DeliveredTask;
  /** It is here. */
  readonly since: number;
  /** It waits for its turn, in this worker or in those before. */
  waitsSince: number;
  /** Undefined while it is not known whether a worker at which it ran has died. */
  crashes: number | undefined;
}

/**
 * A scheduler with a second row behind it: tasks that may have ended their worker. They start when no other task is
 * held, or when they have waited for long; those that were there when a worker died one at a time, so that the one
 * that did it is told from those that ran beside it. The fewest deaths go first, so who is innocent is soon done.
 */
// long because: it forwards each question to a scheduler that it wraps.
export class Suspects implements Scheduler<DeliveredTask> {
  readonly #waiting = new Set<Suspect>();
  /** Taken out of the first or second row, and not yet started: what becomes of them depends on a note. */
  readonly #starting = new Set<DeliveredTask>();
  /** The one that has a slot, of those that have a death on them. */
  #running: DeliveredTask | undefined;

  constructor(
    private readonly inner: Scheduler<DeliveredTask>,
    private readonly clock: Clock,
    /** A lane that was blocked may start again. */
    private readonly onLetGo: () => void = () => {},
  ) {}

  /** Of the first row: the second keeps no slot from tasks of others. */
  get prefetched(): number {
    return this.inner.prefetched;
  }

  get startable(): number {
    return this.inner.startable;
  }

  get tenants(): Tenants | undefined {
    const { tenants } = this.inner;
    if (tenants === undefined) return undefined;
    const { onLetGo } = this;
    const waking =
      <A extends unknown[]>(act: (...args: A) => void) =>
      (...args: A) => {
        act(...args);
        onLetGo();
      };
    return {
      of: (name) => tenants.of(name),
      setWeight: (tenant, weight) => tenants.setWeight(tenant, weight),
      reweigh: (weightOf) => tenants.reweigh(weightOf),
      setGate: waking((tenant, gate) => tenants.setGate(tenant, gate)),
      letGo: waking((tenant, credit) => tenants.letGo(tenant, credit)),
    };
  }

  /** In the second row. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Whether one waits of which enough is known for it to start. */
  get isOneJudged(): boolean {
    for (const { crashes } of this.#waiting) if (crashes !== undefined) return true;
    return false;
  }

  /** Whether one waits of which it is not known whether a worker at which it ran has died. */
  get isOneUnjudged(): boolean {
    for (const { crashes } of this.#waiting) if (crashes === undefined) return true;
    return false;
  }

  /** Tasks that are here and in no lane: of the second row, and taken out and not yet started. */
  get apart(): ReadonlySet<DeliveredTask> {
    return new Set([...[...this.#waiting].map(({ task }) => task), ...this.#starting]);
  }

  /** In the second row, since a worker that had started them has died or is not heard. The others there may start soon. */
  get heldBack(): ReadonlySet<DeliveredTask> {
    return new Set([...this.#waiting].flatMap(({ task, crashes }) => (crashes === 0 ? [] : [task])));
  }

  next(): DeliveredTask | undefined {
    if (this.#waiting.size === 0) return this.inner.next();
    const before = this.clock.now() - FRESH_FIRST_MS;
    return (
      this.#take((suspect) => suspect.waitsSince <= before) ?? this.inner.next() ?? this.#take(() => true)
    );
  }

  /** Puts a task that was next into the second row. */
  putBehind(task: DeliveredTask): void {
    const now = this.clock.now();
    this.#waiting.add({ task, since: now, waitsSince: now, crashes: undefined });
  }

  /**
   * @param find what is known of it, undefined while that is too little
   * @returns those that might not start before, by how many crashes they have
   */
  judge(
    find: (task: DeliveredTask, since: number) => Judgement | undefined,
  ): ReadonlyMap<number, DeliveredTask[]> {
    const judged = new Map<number, DeliveredTask[]>();
    for (const suspect of this.#waiting) {
      const { task, since, crashes: before } = suspect;
      const found = find(task, since);
      suspect.crashes = found?.crashes;
      if (found === undefined) continue;
      const { crashes, lastAgoMs } = found;
      if (crashes > 0) suspect.waitsSince = Math.min(suspect.waitsSince, this.clock.now() - lastAgoMs);
      if (before === undefined) judged.set(crashes, [...(judged.get(crashes) ?? []), task]);
    }
    return judged;
  }

  /** Whether it waits here, and too little is known of it. */
  isUnjudged(task: DeliveredTask): boolean {
    const suspect = this.#suspectOf(task);
    return suspect !== undefined && suspect.crashes === undefined;
  }

  /** The task with this id, if it waits here. */
  find(id: string): DeliveredTask | undefined {
    for (const { task } of this.#waiting) if (task.id === id) return task;
    return undefined;
  }

  placeOf(task: DeliveredTask): SuspectPlace | undefined {
    const now = this.clock.now();
    const place = this.#suspectOf(task);
    if (place === undefined) return undefined;
    const { since, waitsSince, crashes } = place;
    let ahead = this.#running === undefined ? 0 : 1;
    for (const other of this.#waiting) {
      if (other !== place && (other.crashes ?? 0) <= (crashes ?? Number.POSITIVE_INFINITY)) ahead++;
    }
    const freshFirstMs = Math.max(0, waitsSince + FRESH_FIRST_MS - now);
    return { forMs: now - since, freshFirstMs, ahead, crashes };
  }

  starting(task: DeliveredTask): void {
    this.#starting.add(task);
  }

  isStarting(task: DeliveredTask): boolean {
    return this.#starting.has(task);
  }

  /** @returns whether it is still here: its delivery may have been lost meanwhile */
  started(task: DeliveredTask): boolean {
    return this.#starting.delete(task);
  }

  /** Whether it is the one that has a slot, of those that have a death on them. */
  isSuspect(task: DeliveredTask): boolean {
    return this.#running === task;
  }

  /** Nothing that happens from here on can be its work. */
  ended(task: DeliveredTask): void {
    if (this.#running === task) this.#running = undefined;
  }

  lane(user: string, key?: string): Lane<DeliveredTask> {
    return this.inner.lane(user, key);
  }

  forget(lane: Lane<DeliveredTask>, key: string): void {
    this.inner.forget(lane, key);
  }

  push(lane: Lane<DeliveredTask>, task: DeliveredTask): void {
    this.inner.push(lane, task);
  }

  before(lane: Lane<DeliveredTask>): Before | undefined {
    return this.inner.before(lane);
  }

  takeBack(lane: Lane<DeliveredTask>): DeliveredTask | undefined {
    const task = this.inner.takeBack(lane);
    if (task !== undefined) return task;
    for (const suspect of this.#waiting) {
      if (suspect.task.lane !== lane) continue;
      this.#waiting.delete(suspect);
      return suspect.task;
    }
    return undefined;
  }

  dropUnless(keep: (task: DeliveredTask) => boolean): void {
    this.inner.dropUnless(keep);
    for (const suspect of this.#waiting) if (!keep(suspect.task)) this.#waiting.delete(suspect);
    for (const task of this.#starting) {
      if (keep(task)) continue;
      this.#starting.delete(task);
      this.ended(task);
    }
  }

  correct(lane: Lane<DeliveredTask>, difference: number): void {
    this.inner.correct(lane, difference);
  }

  rest(lane: Lane<DeliveredTask>): void {
    this.inner.rest(lane);
  }

  note(moment: number): void {
    this.inner.note(moment);
  }

  goOn(lane: Lane<DeliveredTask>, since: number): void {
    this.inner.goOn(lane, since);
  }

  arrange(lanes: readonly Lane<DeliveredTask>[]): void {
    this.inner.arrange(lanes);
  }

  setWeight(lane: Lane<DeliveredTask>, weight: number): void {
    this.inner.setWeight(lane, weight);
  }

  setGate(lane: Lane<DeliveredTask>, gate: Gate | undefined): void {
    this.inner.setGate(lane, gate);
    this.onLetGo();
  }

  letGo(lane: Lane<DeliveredTask>, credit: boolean): void {
    this.inner.letGo(lane, credit);
    this.onLetGo();
  }

  admits(lane: Lane<DeliveredTask>): boolean {
    return this.inner.admits(lane);
  }

  gateOf(lane: Lane<DeliveredTask>): Gate | undefined {
    return this.inner.gateOf(lane);
  }

  #suspectOf(task: DeliveredTask): Suspect | undefined {
    for (const suspect of this.#waiting) if (suspect.task === task) return suspect;
    return undefined;
  }

  #take(mayBe: (suspect: Suspect) => boolean): DeliveredTask | undefined {
    const candidates = [...this.#waiting].filter((suspect) => {
      const { crashes, task } = suspect;
      if (task.queue.paused) return false;
      return crashes !== undefined && (crashes === 0 || this.#running === undefined) && mayBe(suspect);
    });
    candidates.sort((a, b) => a.crashes! - b.crashes!);
    // No lane has it: its gate is asked here.
    const best = candidates.find(({ task }) => this.inner.admits(task.lane));
    if (best === undefined) return undefined;
    this.#waiting.delete(best);
    if (best.crashes! > 0) this.#running = best.task;
    return best.task;
  }
}
