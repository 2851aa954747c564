import { IS_DOWN } from '../../broker/queues/queue-probe.js';
import { type EventReader, ReplayInterrupted, replayEvents } from '../../broker/streams/event-stream.js';
import { FairqError, usageError } from '../../core/errors/errors.js';
import type { EventFileHead } from '../../core/events/event-line.js';
import { RunCatalog, type RunSummary } from '../../core/events/run-catalog.js';
import { RunChoice } from '../../core/events/run-choice.js';
import {
  type FoundTasks,
  OtherRuns,
  unknownInsteadOfMissing,
  type Whereabouts,
  whereaboutsOf,
} from '../../core/events/whereabouts.js';
import { LatestRun } from '../../core/measures/latest-run.js';
import type { RunMeasures } from '../../core/measures/run-measures.js';
import { readEventFile, readEventFileHead } from './event-file.js';
import { type FindTasksDeps, findQueuesThatAreDown, findTasks } from './find-tasks.js';

/**
 * Where events come from: hands them, from the first to the last, to a reader; over again to another where
 * it was interrupted.
 */
export interface EventSource {
  replay(newReader: () => EventReader): Promise<void>;
  /** Looks for tasks of these users, and in these queues beside their own; undefined where there is no broker. */
  find?(users: readonly string[], queues: readonly string[]): Promise<FoundTasks>;
  /** Those of these users who may have tasks in a queue that does not answer: their own, one of these, or one of retries. */
  hidden?(users: readonly string[], queues: readonly string[]): Promise<ReadonlySet<string>>;
  /** The run that it is of, where it is of one. */
  readonly onlyRun: string | undefined;
}

export interface StreamSourceDeps extends FindTasksDeps {
  /** Queues may not be counted, workers not be asked, or queues do not answer. */
  onWarning(text: string): void;
}

/** The event stream of a broker. */
export function streamSource(deps: StreamSourceDeps): EventSource {
  const { connection, names } = deps;
  /** Who may only read the stream still has a report: of what is outstanding it is unknown where it is. */
  const ifNotRefused = async <T>(asked: Promise<T>, unknown: T): Promise<T> => {
    try {
      return await asked;
    } catch (error) {
      if (!(error instanceof FairqError) || error.kind !== 'refused') throw error;
      deps.onWarning(`where tasks wait could not be looked up: ${error.message}`);
      return unknown;
    }
  };
  return {
    find: (users, queues) =>
      ifNotRefused(findTasks(deps, users, queues), {
        ready: new Map(),
        shared: 0,
        retry: null,
        atWorkers: [],
        allAnswered: false,
      }),
    hidden: async (users, queues) => {
      const all = { queues: [], hidden: new Set(users) };
      const down = await ifNotRefused(findQueuesThatAreDown(deps, users, queues), all);
      if (down.queues.length > 0) deps.onWarning(areDown(down.queues));
      return down.hidden;
    },
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

function areDown([first, ...more]: readonly string[]): string {
  const others = more.length === 0 ? '' : ` (and ${more.length} more)`;
  return `the queue "${first}"${others} does not answer: ${IS_DOWN}`;
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

export async function runNames(source: EventSource): Promise<string[]> {
  const runs = new Set<string>();
  await source.replay(() => ({
    onCompletions: (events) => {
      for (const { run } of events) runs.add(run);
    },
    onRunRecord: ({ run }) => runs.add(run),
  }));
  return [...runs];
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
  let found: ReadonlyMap<string, Whereabouts> | undefined;
  await source.replay(() => {
    latest = new LatestRun(newMeasures);
    return {
      onBeginning: (at) => latest.historyBegins(at),
      onCompletions: (events) => latest.add(events),
      onRunRecord: (record) => latest.addRecord(record),
      onGivenUp: (attempts) => latest.addGivenUp(attempts),
      onOutstanding: (users) => {
        found = users;
      },
    };
  });
  const { run, measures } = latest;
  if (run === undefined) throw noRun();
  if (measures === undefined) {
    return { run, measures: (await measureRuns(source, new RunChoice([run]), newMeasures)).measures };
  }
  if (found !== undefined && source.onlyRun === run) measures.found(found);
  return { run, measures };
}

function noRun(): FairqError {
  return usageError('NO_RUN', 'there is no run to report on', {
    hint: 'Publish tasks with "fairq publish" and run them with "fairq worker" first.',
  });
}

/** Whoever is to have what a run's measures are made from, too. */
export interface EventCopy extends EventReader {
  startOver(): void;
  outstanding(users: ReadonlyMap<string, Whereabouts>): void;
}

/** What was measured, and what else there was in the queues meanwhile. */
export interface Measured {
  readonly choice: RunChoice;
  readonly measures: RunMeasures;
  readonly others: OtherRuns;
}

/**
 * Replays some runs and measures them together; throws for a run that nobody has heard of.
 *
 * @param newMeasures empty ones
 * @param before what an earlier replay said of the others
 */
export async function measureRuns(
  source: EventSource,
  choice: RunChoice,
  newMeasures: () => RunMeasures,
  copy?: EventCopy,
  before?: OtherRuns,
): Promise<Measured> {
  let measures = newMeasures();
  let others = new OtherRuns(before?.redelivered);
  let isSecondTime = false;
  await source.replay(() => {
    measures = newMeasures();
    others = new OtherRuns(before?.redelivered);
    if (isSecondTime) copy?.startOver();
    isSecondTime = true;
    return {
      onBeginning: (at) => {
        measures.historyBegins(at);
        copy?.onBeginning?.(at);
      },
      onCompletions: (events) => {
        const own = events.filter((event) => choice.has(event.run));
        if (own.length < events.length) {
          for (const event of events) if (!choice.has(event.run)) others.add(event);
        }
        if (own.length === 0) return;
        for (const event of own) measures.add(event);
        copy?.onCompletions(own);
      },
      onRunRecord: (record) => {
        others.publisherEnded(record);
        if (!choice.has(record.run)) {
          others.addRecord(record);
          return;
        }
        measures.addRecord(record);
        copy?.onRunRecord(record);
      },
      onGivenUp: (attempts) => {
        const own = attempts.filter(({ run }) => choice.has(run));
        for (const attempt of own) measures.addGivenUp(attempt);
        if (own.length > 0) copy?.onGivenUp?.(own);
      },
      onPublishedIds: (ids) => others.publisherSpoke(ids),
      onOutstanding: (users) => {
        measures.found(users);
        copy?.outstanding(users);
      },
    };
  });
  const whole = choice.whole();
  if (whole === undefined) return { choice, measures, others };
  copy?.startOver();
  return measureRuns(source, whole, newMeasures, copy, before);
}

/** A publisher says once a minute that it is at work. */
const AT_WORK_MICROS = 150 * 1e6;
/** A task is missing that was seen in none of so many checks: it may go from one place to the next behind a check. */
const CHECKS = 3;

/**
 * Looks where the tasks are that have not completed, and reads the events once more, so that what has completed in the
 * meantime is not taken for missing.
 *
 * @param now microseconds since the epoch
 */
export async function findOutstanding(
  source: EventSource,
  first: Measured,
  newMeasures: () => RunMeasures,
  now: () => number,
  copy?: EventCopy,
): Promise<RunMeasures> {
  if (source.find === undefined) return first.measures;
  let { measures, others } = first;
  let found: ReadonlyMap<string, Whereabouts> = new Map();
  for (let checks = 0; checks < CHECKS && measures.outstanding().size > 0; checks++) {
    const places = await source.find([...measures.outstanding().keys()], measures.queues);
    copy?.startOver();
    ({ measures, others } = await measureRuns(source, first.choice, newMeasures, copy, others));
    const since = now() - AT_WORK_MICROS;
    found = whereaboutsOf(
      measures.outstanding(),
      places,
      (run) => first.choice.has(run),
      (user) => others.ofUser(user, since),
    );
    if (usersWithMissing(found).length === 0) break;
  }
  const missing = usersWithMissing(found);
  if (missing.length > 0 && source.hidden !== undefined) {
    found = unknownInsteadOfMissing(found, await source.hidden(missing, measures.queues));
  }
  measures.found(found);
  copy?.outstanding(found);
  return measures;
}

function usersWithMissing(found: ReadonlyMap<string, Whereabouts>): string[] {
  return [...found].flatMap(([user, { missing }]) => (missing > 0 ? [user] : []));
}
