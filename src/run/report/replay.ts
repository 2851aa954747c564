import type { Connection } from '../../broker/connection.js';
import { type EventReader, ReplayInterrupted, replayEvents } from '../../broker/event-stream.js';
import type { EventFileHead } from '../../core/event-line.js';
import { LatestRun } from '../../core/latest-run.js';
import type { Names } from '../../core/names.js';
import { RunCatalog, type RunSummary } from '../../core/run-catalog.js';
import type { RunMeasures } from '../../core/run-measures.js';
import { type FairqError, usageError } from '../../errors.js';
import { readEventFile, readEventFileHead } from './event-file.js';

/**
 * Where events come from: hands them, from the first to the last, to a reader; over again to another where
 * it was interrupted.
 */
export interface EventSource {
  replay(newReader: () => EventReader): Promise<void>;
  /** The run that it is of, where it is of one. */
  readonly onlyRun: string | undefined;
}

export interface ReplayDeps {
  readonly connection: Connection;
  readonly names: Names;
}

/** The event stream of a broker. */
export function streamSource({ connection, names }: ReplayDeps): EventSource {
  return {
    onlyRun: undefined,
    replay: async (newReader) => {
      for (;;) {
        try {
          return await replayEvents(connection, names, newReader());
        } catch (error) {
          if (!(error instanceof ReplayInterrupted)) throw error;
        }
      }
    },
  };
}

/** Saved runs, one after the other, as if they were one. */
export async function fileSource(
  paths: readonly string[],
): Promise<EventSource & { readonly heads: readonly EventFileHead[] }> {
  const heads: EventFileHead[] = [];
  for (const path of paths) heads.push(await readEventFileHead(path));
  const runs = new Set(heads.map(({ run }) => run));
  const [only] = runs;
  return {
    heads,
    onlyRun: runs.size === 1 ? (only ?? undefined) : undefined,
    replay: async (newReader) => {
      const reader = newReader();
      for (const path of paths) await readEventFile(path, reader);
    },
  };
}

export async function listRuns(source: EventSource): Promise<RunSummary[]> {
  let catalog = new RunCatalog();
  await source.replay(() => {
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

/**
 * The run with the latest activity, measured while it is looked for: a second replay is needed only where more
 * than a few runs are written in turns.
 *
 * @param newMeasures empty ones
 */
export async function measureLatestRun(
  source: EventSource,
  newMeasures: () => RunMeasures,
): Promise<{ run: string; measures: RunMeasures }> {
  let latest = new LatestRun(newMeasures);
  await source.replay(() => {
    latest = new LatestRun(newMeasures);
    return {
      onBeginning: (at) => latest.historyBegins(at),
      onCompletions: (events) => latest.add(events),
      onRunRecord: (record) => latest.addRecord(record),
    };
  });
  const { run, measures } = latest;
  if (run === undefined) throw noRun();
  return { run, measures: measures ?? (await measureRun(source, run, newMeasures)) };
}

function noRun(): FairqError {
  return usageError('NO_RUN', 'there is no run to report on', {
    hint: 'Publish tasks with "fairq publish" and run them with "fairq worker" first.',
  });
}

/** Whoever is to have what a run's measures are made from, too. */
export interface EventCopy extends EventReader {
  startOver(): void;
}

/**
 * Replays one run and measures it; throws for a run that nobody has heard of.
 *
 * @param newMeasures empty ones
 */
export async function measureRun(
  source: EventSource,
  run: string,
  newMeasures: () => RunMeasures,
  copy?: EventCopy,
): Promise<RunMeasures> {
  let measures = newMeasures();
  let found = false;
  let isSecondTime = false;
  await source.replay(() => {
    measures = newMeasures();
    if (isSecondTime) copy?.startOver();
    isSecondTime = true;
    return {
      onBeginning: (at) => {
        measures.historyBegins(at);
        copy?.onBeginning?.(at);
      },
      onCompletions: (events) => {
        const own = events.filter((event) => event.run === run);
        if (own.length === 0) return;
        found = true;
        for (const event of own) measures.add(event);
        copy?.onCompletions(own);
      },
      onRunRecord: (record) => {
        if (record.run !== run) return;
        found = true;
        measures.addRecord(record);
        copy?.onRunRecord(record);
      },
    };
  });
  if (!found) {
    throw usageError('NO_SUCH_RUN', `there is no run ${JSON.stringify(run)} in what was read`, {
      hint: '"fairq report --list" names the runs; in the event stream old ones are dropped after 7 days.',
    });
  }
  return measures;
}
