import type { WorkerNote } from './worker-notes.js';

interface Life {
  /** When somebody took it for dead; undefined while it lives. Microseconds since the epoch. */
  diedAt: number | undefined;
  /** How long nothing had been heard of it when somebody last said so; milliseconds. */
  silentMs: number;
  /** What it has noted that it starts, and has not taken back. */
  readonly tasks: Set<string>;
}

/** What is known of the deaths that a task was there for. */
export interface CrashRecord {
  /** Workers that died, or were cut off, while it ran at them. */
  readonly crashes: number;
  /** Workers that have noted its start and may live. */
  readonly at: readonly string[];
  /** When the last of those deaths was noted, microseconds since the epoch; undefined where there is none. */
  readonly lastAt: number | undefined;
}

/** A dead letter's reason begins so where its task ended its workers. */
export const CRASH_REASON = 'its worker died';

export function crashReason(deaths: number): string {
  return `${CRASH_REASON} ${deaths} times`;
}

const NONE: CrashRecord = { crashes: 0, at: [], lastAt: undefined };

/**
 * What the notes of workers come to, read in the order of their stream. A start that was noted and not taken back,
 * by a worker that is dead, is a crash of that task.
 */
export class CrashLedger {
  readonly #lives = new Map<string, Life>();
  /** Who has noted the start of a task. */
  readonly #starts = new Map<string, Set<string>>();

  take(note: WorkerNote): void {
    if (note.kind !== 'died') this.#spoke(note.worker);
    switch (note.kind) {
      case 'began':
        this.#forgetTasksOf(note.worker);
        this.#lifeOf(note.worker).diedAt = undefined;
        return;
      case 'lives':
        this.#lifeOf(note.worker).diedAt = undefined;
        return;
      case 'ended':
        this.#forgetTasksOf(note.worker);
        this.#lives.delete(note.worker);
        return;
      case 'died':
        // Of one that is not known it ended orderly, or its notes are too old to be here.
        for (const worker of note.workers) {
          const life = this.#lives.get(worker);
          if (life !== undefined) life.diedAt ??= note.at;
        }
        return;
      case 'silent':
        for (const [worker, ms] of note.silences) {
          const life = this.#lives.get(worker);
          if (life !== undefined) life.silentMs = Math.max(life.silentMs, ms);
        }
        return;
      case 'starts':
        for (const task of note.tasks) this.#start(note.worker, task);
        return;
      case 'ends':
        for (const task of note.tasks) this.#forget(task);
        return;
      case 'guilty':
        for (const task of note.tasks) this.#blame(task);
        return;
      case 'releases':
        for (const task of note.tasks) this.#takeBack(note.worker, task);
        return;
    }
  }

  of(task: string): CrashRecord {
    const workers = this.#starts.get(task);
    if (workers === undefined) return NONE;
    const at: string[] = [];
    let lastAt: number | undefined;
    for (const worker of workers) {
      const diedAt = this.#lives.get(worker)?.diedAt;
      if (diedAt === undefined) at.push(worker);
      else lastAt = Math.max(lastAt ?? diedAt, diedAt);
    }
    return { crashes: workers.size - at.length, at, lastAt };
  }

  /** Workers that have died since then while this task did not run at them. @param since microseconds since the epoch */
  otherDeaths(task: string, since: number): number {
    let count = 0;
    for (const { diedAt, tasks } of this.#lives.values()) {
      if (diedAt !== undefined && diedAt >= since && !tasks.has(task)) count++;
    }
    return count;
  }

  isDead(worker: string): boolean {
    return this.#lives.get(worker)?.diedAt !== undefined;
  }

  /** How long nothing had been heard of it when somebody last said so, and it has said nothing since; milliseconds. */
  silentMs(worker: string): number {
    return this.#lives.get(worker)?.silentMs ?? 0;
  }

  /** Workers that are not known to have ended or died. */
  *living(): Iterable<string> {
    for (const [worker, { diedAt }] of this.#lives) if (diedAt === undefined) yield worker;
  }

  #lifeOf(worker: string): Life {
    let life = this.#lives.get(worker);
    if (life === undefined) {
      life = { diedAt: undefined, silentMs: 0, tasks: new Set() };
      this.#lives.set(worker, life);
    }
    return life;
  }

  #spoke(worker: string): void {
    const life = this.#lives.get(worker);
    if (life !== undefined) life.silentMs = 0;
  }

  #start(worker: string, task: string): void {
    const life = this.#lifeOf(worker);
    life.diedAt = undefined; // it speaks
    life.tasks.add(task);
    const workers = this.#starts.get(task);
    if (workers === undefined) this.#starts.set(task, new Set([worker]));
    else workers.add(worker);
  }

  #takeBack(worker: string, task: string): void {
    this.#lives.get(worker)?.tasks.delete(task);
    const workers = this.#starts.get(task);
    workers?.delete(worker);
    if (workers?.size === 0) this.#starts.delete(task);
  }

  /** Whoever ran beside it is cleared of those deaths. */
  #blame(task: string): void {
    for (const worker of [...(this.#starts.get(task) ?? [])]) {
      if (!this.isDead(worker)) continue;
      this.#forgetTasksOf(worker);
      this.#lives.delete(worker);
    }
    this.#forget(task);
  }

  #forget(task: string): void {
    for (const worker of this.#starts.get(task) ?? []) this.#lives.get(worker)?.tasks.delete(task);
    this.#starts.delete(task);
  }

  #forgetTasksOf(worker: string): void {
    for (const task of [...(this.#lives.get(worker)?.tasks ?? [])]) this.#takeBack(worker, task);
  }
}

/**
 * How many deaths a task is given up for, or undefined while it may run again. The worker at which it ran first has
 * noted nothing, since the task was delivered for the first time; that death is taken for the task's own, unless
 * more workers have died without the task than with it. Then somebody else kills workers: only what was noted
 * counts, and the more die, the more often chance alone has a task run at one of them, so the more it takes.
 */
export function deathsOf(crashes: number, otherDeaths: number, most: number): number | undefined {
  if (otherDeaths > crashes)
    return crashes >= most + Math.floor(Math.log2(otherDeaths)) ? crashes : undefined;
  const deaths = crashes + (otherDeaths > 0 ? 1 : 0);
  return deaths >= most ? deaths : undefined;
}
