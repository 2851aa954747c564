import { WORKER_GONE_AFTER_MS } from '../../../broker/control/control.js';
import type { ToldHeldTask } from '../../../broker/control/held-answer.js';
import { CrashLedger, crashReason, deathsOf } from '../../../core/crashes/crash-ledger.js';
import { keyOfTask } from '../../../core/crashes/worker-notes.js';
import { messageOf } from '../../../core/errors/errors.js';
import { decodeEnvelope } from '../../../core/message/envelope.js';
import type { Admission, RedeliveryGate } from '../slots/redelivery-gate.js';
import type { DeliveredTask } from '../task/delivered-task.js';
import type { MessageFormat } from '../task/message-format.js';
import type { ChannelDeps } from '../worker-contract.js';
import { describeHeldBack, describeJudged, toldHeld } from './held-suspect.js';
import { NoteWriter } from './note-writer.js';
import type { Suspects } from './suspects.js';
import { WorkerLives } from './worker-lives.js';

/** What a worker said just before it died may come a moment after its tasks have. */
const SURELY_SINCE_MS = 1_000;
/** Ends are noted together; nobody waits for them. */
const NOTE_ENDS_WITHIN_MS = 20;
const ENDS_AT_ONCE = 500;

export interface CrashTrackerOptions {
  /** Id of this worker. */
  readonly worker: string;
  readonly maxCrashes: number;
  readonly format: MessageFormat;
}

export interface CrashTrackerListener {
  /** A task of the second row may start. */
  onReady(): void;
  /** Why a task waits, for who asks. */
  onDetail(text: string): void;
  onWarning(text: string): void;
}

/**
 * Finds the task that kills its worker. The broker does not tell it from others: `redelivered` says that a task may
 * have been here or elsewhere before, and an orderly give-back sets it too; classic queues count nothing.
 *
 * So a worker writes down that it begins and that it ends, and, before it starts a task that was delivered before,
 * that it starts this one (`NoteWriter`); when the task has ended it takes that back. A start that was not taken
 * back, by a worker of whom nothing is heard any more (`WorkerLives`), is a crash of that task (`CrashLedger`).
 * What merely waits at a worker that dies has no note, and no crash. A task that is delivered for the first time
 * needs no note, so nothing is written for it; nothing is read before the first that was delivered before.
 *
 * A task with a crash is a suspect (`Suspects`): it waits behind the others, and runs as the only suspect.
 */
export class CrashTracker implements RedeliveryGate {
  readonly #ledger = new CrashLedger();
  readonly #lives: WorkerLives;
  /** Undefined where notes cannot be written, and after the end. */
  #writer: NoteWriter | undefined;
  #following: Promise<void> | undefined;
  /** Why crashes are not counted: that is no reason not to work. */
  #isOff = false;
  /** Tasks that run, and whose start is noted, with their keys. */
  readonly #noted = new Map<DeliveredTask, string>();
  /** Of the second row, and next: it has been judged. */
  readonly #judged = new WeakSet<DeliveredTask>();
  #ends: string[] = [];
  #endsTimer: NodeJS.Timeout | undefined;

  private constructor(
    private readonly deps: ChannelDeps,
    private readonly options: CrashTrackerOptions,
    private readonly suspects: Suspects,
    private readonly listener: CrashTrackerListener,
  ) {
    this.#lives = new WorkerLives(deps, options.worker, this.#ledger, {
      onCheck: () => this.#judge(),
      isAwaiting: () => this.suspects.isOneUnjudged,
      onNote: (note) => void this.#writer?.write(note),
      onFailure: (error) => this.#turnOff(error),
    });
  }

  /** Before anything is consumed. Where the stream of starts cannot be used it says so, and lets every task start. */
  static async open(
    deps: ChannelDeps,
    options: CrashTrackerOptions,
    suspects: Suspects,
    listener: CrashTrackerListener,
  ): Promise<CrashTracker> {
    const tracker = new CrashTracker(deps, options, suspects, listener);
    await tracker.#begin();
    return tracker;
  }

  async #begin(): Promise<void> {
    const { connection, names } = this.deps;
    try {
      this.#writer = await NoteWriter.open(connection, names, this.options.worker, {
        running: () => [...this.#noted].filter(([task]) => task.channel.open).map(([, key]) => key),
        onFailure: (error) => this.#turnOff(error),
      });
    } catch (error) {
      this.#turnOff(error);
    }
  }

  /** A worker has spoken. */
  heard(worker: string): void {
    this.#lives.heard(worker);
  }

  async admit(tasks: readonly DeliveredTask[]): Promise<readonly Admission[]> {
    for (const task of tasks) this.suspects.starting(task);
    await this.#follow();
    const starts: DeliveredTask[] = [];
    const admissions = tasks.map((task): Admission => {
      const admission = this.suspects.isStarting(task) ? this.#admissionOf(task) : LATER;
      if (admission.kind === 'start') starts.push(task);
      else this.#notStarted(task);
      return admission;
    });
    this.#tellWhoIsHeldBack(tasks.filter((_, i) => admissions[i] === LATER));
    await this.#note(starts);
    const released: string[] = [];
    const settled = tasks.map((task, i): Admission => {
      const admission = admissions[i]!;
      if (admission.kind !== 'start' || this.suspects.started(task)) return admission;
      // Its delivery was lost while its start was noted.
      const key = this.#noted.get(task);
      if (key !== undefined) released.push(key);
      this.#noted.delete(task);
      return LATER;
    });
    this.#release(released);
    return settled;
  }

  /** Where the task with this id stands, if it is held back here. */
  heldBack(id: string): ToldHeldTask | undefined {
    const task = this.suspects.find(id);
    const place = task && this.suspects.placeOf(task);
    if (task === undefined || place === undefined) return undefined;
    const key = this.#keyOf(task);
    const at = key === undefined ? [] : this.#ledger.of(key).at;
    const others = at.filter((worker) => worker !== this.options.worker);
    const knownInMs = Math.max(0, ...others.map((worker) => this.#lives.knownInMs(worker)));
    return toldHeld(task, place, knownInMs, this.deps.clock.epochMicros());
  }

  ended(task: DeliveredTask, stays: boolean): void {
    if (this.#noted.size === 0) return;
    const key = this.#noted.get(task);
    if (key === undefined) return;
    this.#noted.delete(task);
    if (this.suspects.isSuspect(task)) {
      this.#suspectEnded(task, key, stays);
    } else if (stays) {
      this.#release([key]);
    } else {
      this.#ends.push(key);
      if (this.#ends.length >= ENDS_AT_ONCE) this.#noteEnds();
      else this.#endsTimer ??= setTimeout(() => this.#noteEnds(), NOTE_ENDS_WITHIN_MS);
    }
  }

  /** The next suspect may end this worker at once: it starts when this one can no longer be blamed for that. */
  #suspectEnded(task: DeliveredTask, key: string, stays: boolean): void {
    const note = { kind: stays ? 'releases' : 'ends', worker: this.options.worker, tasks: [key] } as const;
    const noted = this.#writer?.write(note) ?? Promise.resolve();
    void noted.then(() => {
      this.suspects.ended(task);
      this.listener.onReady();
    });
  }

  /** An orderly end: whatever is given up here is nobody's crash. Goes out before the connection is closed. */
  end(): void {
    clearTimeout(this.#endsTimer);
    this.#lives.close();
    void this.#writer?.write({ kind: 'ended', worker: this.options.worker });
    this.#writer?.close();
    this.#writer = undefined;
  }

  /** Of some enough is known at once. */
  #tellWhoIsHeldBack(tasks: readonly DeliveredTask[]): void {
    if (tasks.length === 0) return;
    this.#judge();
    const heldBack = tasks.filter((task) => this.suspects.isUnjudged(task));
    if (heldBack.length > 0) this.listener.onDetail(describeHeldBack(heldBack, WORKER_GONE_AFTER_MS));
  }

  #notStarted(task: DeliveredTask): void {
    this.suspects.started(task);
    this.suspects.ended(task);
  }

  #follow(): Promise<void> {
    this.#following ??= this.#isOff
      ? Promise.resolve()
      : this.#lives.follow().catch((error) => this.#turnOff(error));
    return this.#following;
  }

  #admissionOf(task: DeliveredTask): Admission {
    const key = this.#isOff ? undefined : this.#keyOf(task);
    if (key === undefined) return START;
    const { crashes, at } = this.#ledger.of(key);
    const { maxCrashes, worker } = this.options;
    const found = decodeEnvelope(task.message.properties.headers);
    const otherDeaths = crashes > 0 ? this.#ledger.otherDeaths(key, found.sentAt ?? 0) : 0;
    const deaths = crashes > 0 ? deathsOf(crashes, otherDeaths, maxCrashes) : undefined;
    if (deaths !== undefined) {
      void this.#writer?.write({ kind: 'guilty', worker, tasks: [key] });
      const attempt = (task.attempt ?? found.attempt ?? 1) + deaths - 1;
      return { kind: 'never', reason: crashReason(deaths), attempt };
    }
    const isCleared = crashes === 0 && at.every((other) => other === worker);
    if (!isCleared && !this.#judged.delete(task)) {
      this.#judged.add(task);
      this.suspects.putBehind(task);
      return LATER;
    }
    this.#noted.set(task, key);
    return START;
  }

  async #note(tasks: readonly DeliveredTask[]): Promise<void> {
    const keys = tasks.flatMap((task) => this.#noted.get(task) ?? []);
    if (keys.length === 0) return;
    await this.#writer?.write({ kind: 'starts', worker: this.options.worker, tasks: keys });
  }

  #noteEnds(): void {
    clearTimeout(this.#endsTimer);
    this.#endsTimer = undefined;
    void this.#writer?.write({ kind: 'ends', worker: this.options.worker, tasks: this.#ends });
    this.#ends = [];
  }

  #release(tasks: readonly string[]): void {
    if (tasks.length > 0) void this.#writer?.write({ kind: 'releases', worker: this.options.worker, tasks });
  }

  #judge(): void {
    if (this.suspects.waiting === 0) return;
    const judged = this.suspects.judge((task, since) => {
      const key = this.#isOff ? undefined : this.#keyOf(task);
      if (key === undefined) return NO_CRASH;
      const { crashes, at, lastAt } = this.#ledger.of(key);
      const isKnown = (worker: string) =>
        worker === this.options.worker || this.#lives.heardSince(worker, since + SURELY_SINCE_MS);
      if (!at.every(isKnown)) return undefined;
      const now = this.deps.clock.epochMicros();
      return { crashes, lastAgoMs: Math.max(0, now - (lastAt ?? now)) / 1000 };
    });
    for (const [crashes, tasks] of judged) this.listener.onDetail(describeJudged(tasks, crashes));
    if (!this.suspects.isOneJudged) return;
    this.listener.onReady();
  }

  /** Undefined where a message says no id: it cannot be told from another. */
  #keyOf({ queue, message }: DeliveredTask): string | undefined {
    const id = this.options.format.idOf(message);
    if (id === undefined) return undefined;
    return keyOfTask(queue.name, id, decodeEnvelope(message.properties.headers).attempt ?? 1);
  }

  #turnOff(error: unknown): void {
    if (this.#isOff) return;
    this.#isOff = true;
    this.#lives.close();
    this.listener.onWarning(
      `a task that kills its worker is not found out (--max-crashes), since "${this.deps.names.startStream}" cannot be used: ${messageOf(error)}`,
    );
    this.#judge();
  }
}

const NO_CRASH = { crashes: 0, lastAgoMs: 0 };
const START: Admission = { kind: 'start' };
const LATER: Admission = { kind: 'later' };
