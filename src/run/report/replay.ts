import type { Connection } from '../../broker/connection.js';
import { replayEvents } from '../../broker/event-stream.js';
import type { Names } from '../../core/names.js';
import { RunCatalog, type RunSummary } from '../../core/run-catalog.js';
import { RunMeasures } from '../../core/run-measures.js';
import { usageError } from '../../errors.js';

export interface ReplayDeps {
  readonly connection: Connection;
  readonly names: Names;
  readonly newId: () => string;
}

export async function listRuns({ connection, names, newId }: ReplayDeps): Promise<RunSummary[]> {
  const catalog = new RunCatalog();
  await replayEvents(connection, names, newId(), {
    onCompletions: (events) => {
      for (const event of events) catalog.add(event);
    },
    onRunRecord: (record) => catalog.addRecord(record),
  });
  return catalog.list();
}

/** The run with the latest activity. */
export async function latestRun({ connection, names, newId }: ReplayDeps): Promise<string> {
  let latest: string | undefined;
  let time = Number.NEGATIVE_INFINITY;
  const seen = (run: string, at: number) => {
    if (at < time) return;
    time = at;
    latest = run;
  };
  await replayEvents(connection, names, newId(), {
    onCompletions: (events) => {
      for (const event of events) seen(event.run, event.finished);
    },
    onRunRecord: (record) => seen(record.run, record.finished),
  });
  if (latest === undefined) {
    throw usageError('NO_RUN', 'there is no run to report on', {
      hint: 'Publish tasks with "fairq publish" and run them with "fairq worker" first.',
    });
  }
  return latest;
}

/** Replays one run and measures it against shares by weight; throws for a run that nobody has heard of. */
export async function measureRun(
  { connection, names, newId }: ReplayDeps,
  run: string,
  weightOf: (user: string) => number,
): Promise<RunMeasures> {
  const measures = new RunMeasures(weightOf);
  let found = false;
  await replayEvents(connection, names, newId(), {
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
  });
  if (!found) {
    throw usageError('NO_SUCH_RUN', `there is no run ${JSON.stringify(run)} in the event stream`, {
      hint: '"fairq report --list" names the runs; old ones are dropped after 7 days.',
    });
  }
  return measures;
}
