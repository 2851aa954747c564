import type { GivenUpAttempt } from '../events/given-up.js';
import type { RunRecord, TaskEvent } from '../events/task-event.js';
import { RunMeasures } from './run-measures.js';

/** Runs whose measures are kept while it is not known which is the latest. */
const RUNS_KEPT = 2;

/** Measures the run with the latest activity while it is looked for. */
export class LatestRun {
  /** The last one is the one that was added to last. */
  readonly #kept = new Map<string, RunMeasures>();
  readonly #dropped = new Set<string>();
  #beginning: number | undefined;
  #run: string | undefined;
  #at = Number.NEGATIVE_INFINITY;

  /** @param newMeasures empty ones */
  constructor(private readonly newMeasures: () => RunMeasures = () => new RunMeasures()) {}

  /** Undefined where there was none. */
  get run(): string | undefined {
    return this.#run;
  }

  /** Undefined where its beginning is not in them any more: more than a few runs were written in turns. */
  get measures(): RunMeasures | undefined {
    return this.#run === undefined || this.#dropped.has(this.#run) ? undefined : this.#kept.get(this.#run);
  }

  /** Before anything else; see `RunMeasures.historyBegins`. */
  historyBegins(at: number): void {
    this.#beginning = at;
  }

  add(events: readonly TaskEvent[]): void {
    let run: string | undefined;
    let measures: RunMeasures | undefined;
    for (const event of events) {
      this.#seen(event.run, event.finished);
      if (measures === undefined || event.run !== run) measures = this.#measuresOf(event.run);
      run = event.run;
      measures.add(event);
    }
  }

  addRecord(record: RunRecord): void {
    this.#seen(record.run, record.finished);
    this.#measuresOf(record.run).addRecord(record);
  }

  addGivenUp(attempts: readonly GivenUpAttempt[]): void {
    for (const attempt of attempts) this.#measuresOf(attempt.run).addGivenUp(attempt);
  }

  #seen(run: string, at: number): void {
    if (at < this.#at) return;
    this.#at = at;
    this.#run = run;
  }

  #measuresOf(run: string): RunMeasures {
    let measures = this.#kept.get(run);
    this.#kept.delete(run);
    if (measures === undefined) {
      measures = this.newMeasures();
      if (this.#beginning !== undefined) measures.historyBegins(this.#beginning);
    }
    this.#kept.set(run, measures);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > RUNS_KEPT && oldest !== undefined) {
      this.#kept.delete(oldest);
      this.#dropped.add(oldest);
    }
    return measures;
  }
}
