import { readFileSync } from 'node:fs';

interface Line {
  readonly what: 'start' | 'end';
  readonly id: string;
  readonly user: string;
  readonly at: number;
}

export interface LoggedRun {
  readonly worker: string;
  readonly id: string;
  readonly user: string;
  readonly start: number;
  /** Infinity while it runs. */
  end: number;
}

/** What the handlers of `logged-tasks.mjs` have written, worker by worker. */
export function readHandlerLog(folder: string, workers: readonly string[]): LoggedRun[] {
  const runs: LoggedRun[] = [];
  for (const worker of workers) {
    const under = new Map<string, LoggedRun>();
    const text = readFileSync(`${folder}/${worker}.log`, 'utf8');
    for (const row of text.slice(0, text.lastIndexOf('\n') + 1).split('\n')) {
      if (row === '') continue;
      const { what, id, user, at } = JSON.parse(row) as Line;
      if (what === 'end') {
        under.get(id)!.end = at;
        continue;
      }
      const run = { worker, id, user, start: at, end: Number.POSITIVE_INFINITY };
      under.set(id, run);
      runs.push(run);
    }
  }
  return runs;
}

export function runningAt(runs: readonly LoggedRun[], at: number): LoggedRun[] {
  return runs.filter(({ start, end }) => start <= at && at < end);
}
