import type { Connection } from '../../broker/connection.js';
import { type EventReader, ReplayInterrupted, replayEvents } from '../../broker/event-stream.js';
import type { Names } from '../../core/names.js';
import { RunCatalog, type RunSummary } from '../../core/run-catalog.js';
import { RunMeasures } from '../../core/run-measures.js';
import { usageError } from '../../errors.js';

export interface ReplayDeps {
  readonly connection: Connection;
  readonly names: Names;
  readonly newId: () => string;
}

/** Replays with a fresh reader; over again with another when the connection goes in the middle. */
async function replay({ connection, names, newId }: ReplayDeps, newReader: () => EventReader): Promise<void> {
  for (;;) {
    try {
      return await replayEvents(connection, names, newId(), newReader());
    } catch (error) {
      if (!(error instanceof ReplayInterrupted)) throw error;
    }
  }
}

export async function listRuns(deps: ReplayDeps): Promise<RunSummary[]> {
  let catalog = new RunCatalog();
  await replay(deps, () => {
    catalog = new RunCatalog();
    return {
      onCompletions: (events) => {
        for (const event of events) catalog.add(event);
      },
      onRunRecord: (record) => catalog.addRecord(record),
    };
  });
  return catalog.list();
}

/** The run with the latest activity. */
export async function latestRun(deps: ReplayDeps): Promise<string> {
  let latest: string | undefined;
  let time = Number.NEGATIVE_INFINITY;
  const seen = (run: string, at: number) => {
    if (at < time) return;
    time = at;
    latest = run;
  };
  // What is read twice changes nothing here.
  await replay(deps, () => ({
    onCompletions: (events) => {
      for (const event of events) seen(event.run, event.finished);
    },
    onRunRecord: (record) => seen(record.run, record.finished),
  }));
  if (latest === undefined) {
    throw usageError('NO_RUN', 'there is no run to report on', {
      hint: 'Publish tasks with "fairq publish" and run them with "fairq worker" first.',
    });
  }
  return latest;
}

/** Replays one run and measures it against shares by weight; throws for a run that nobody has heard of. */
export async function measureRun(
  deps: ReplayDeps,
  run: string,
  weightOf: (user: string) => number,
): Promise<RunMeasures> {
  let measures = new RunMeasures(weightOf);
  let found = false;
  await replay(deps, () => {
    measures = new RunMeasures(weightOf);
    return {
      onBeginning: (at) => measures.historyBegins(at),
      onCompletions: (events) => {
        for (const event of events) {
          if (event.run !== run) continue;
          found = true;
          measures.add(event);
        }
      },
      onRunRecord: (record) => {
        if (record.run !== run) return;
        found = true;
        measures.addRecord(record);
      },
    };
  });
  if (!found) {
    throw usageError('NO_SUCH_RUN', `there is no run ${JSON.stringify(run)} in the event stream`, {
      hint: '"fairq report --list" names the runs; old ones are dropped after 7 days.',
    });
  }
  return measures;
}
