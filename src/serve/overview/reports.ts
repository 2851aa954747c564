import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { BrokerAddress } from '../../broker/connection/address.js';
import { FairqError } from '../../core/errors/errors.js';
import type { RunSummary } from '../../core/events/run-catalog.js';
import { RunChoice } from '../../core/events/run-choice.js';
import { RunMeasures } from '../../core/measures/run-measures.js';
import type { Names } from '../../core/queues/names.js';
import type { RunReport } from '../../core/reports/run-report.js';
import type { Clock } from '../../core/values/clock.js';
import {
  type EventSource,
  findOutstanding,
  listRuns,
  measureRuns,
  streamSource,
} from '../../run/report/replay.js';
import { brokerProblem } from '../http/broker-problem.js';
import { Problem } from '../http/problem.js';
import { whileConnected } from '../http/while-connected.js';
import type { MeasuredRun, RunPages } from '../run-page.js';
import { type SharedAnswer, SharedAnswers } from './shared-answers.js';

const KEEP_FOR_MS = 10_000;
/** A report on 10,000 users takes some megabytes. */
const MOST_KEPT = 4;
const MOST_WAITING = 20;

export interface ReportsDeps {
  readonly address: BrokerAddress;
  readonly names: Names;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly weightOf: (user: string) => number;
  readonly onWarning: (text: string) => void;
}

/** Lists runs and reports on them. Each reads the event stream from its start, so there is one at a time. */
export class Reports {
  readonly #answers: SharedAnswers<readonly RunSummary[] | RunReport | Buffer>;

  constructor(private readonly deps: ReportsDeps) {
    this.#answers = new SharedAnswers({
      now: deps.clock.now,
      keepForMs: KEEP_FOR_MS,
      mostKept: MOST_KEPT,
      mostWaiting: MOST_WAITING,
    });
  }

  /** The run with the latest activity first. @throws Problem 503 */
  async runs(): Promise<SharedAnswer<readonly RunSummary[]>> {
    const { value, secondsAgo } = await this.#answers.ask('runs', () =>
      this.#read(async (source) => {
        try {
          return await listRuns(source);
        } catch (error) {
          if (error instanceof FairqError && error.code === 'NO_EVENTS') return [];
          throw error;
        }
      }),
    );
    return { value: value as readonly RunSummary[], secondsAgo };
  }

  /**
   * @param run its id, a start that no other has, or a pattern with * and ?
   * @throws Problem 400, 404, 503
   */
  async report(run: string): Promise<SharedAnswer<RunReport>> {
    const { value, secondsAgo } = await this.#answers.ask(`run ${run}`, () =>
      this.#measured(run, ({ run: label, measures }) => measures.report(label)),
    );
    return { value: value as RunReport, secondsAgo };
  }

  /**
   * The page of a run, packed by gzip.
   *
   * @throws Problem 400, 404, 503
   */
  async page(run: string, pages: Pick<RunPages, 'html'>): Promise<Buffer> {
    const { value } = await this.#answers.ask(`page ${run}`, async () =>
      promisify(gzip)(await this.#measured(run, (measured) => pages.html(measured))),
    );
    return value as Buffer;
  }

  #measured<T>(run: string, use: (measured: MeasuredRun) => T): Promise<T> {
    return this.#read(async (source, broker) => {
      const { weightOf, clock } = this.deps;
      const newMeasures = () => new RunMeasures(weightOf);
      const first = await measureRuns(source, new RunChoice([run]), newMeasures);
      const measures = await findOutstanding(source, first, newMeasures, () => clock.epochMicros());
      return use({ run: first.choice.label, measures, broker });
    });
  }

  async #read<T>(work: (source: EventSource, broker: string | null) => Promise<T>): Promise<T> {
    const { address, names, newId, onWarning } = this.deps;
    try {
      return await whileConnected(address, 'fairq serve, reporting', (broker) =>
        work(streamSource({ ...broker, names, newId, onWarning }), broker.connection.brokerVersion),
      );
    } catch (error) {
      throw runProblem(error) ?? brokerProblem(error);
    }
  }
}

function runProblem(error: unknown): Problem | undefined {
  if (!(error instanceof FairqError)) return undefined;
  if (error.code === 'NO_SUCH_RUN' || error.code === 'NO_EVENTS') {
    return new Problem(404, 'no-such-run', 'Nobody has heard of this run', `${error.message}.`);
  }
  if (error.code === 'AMBIGUOUS_START') {
    return new Problem(400, 'ambiguous-run', 'Several runs start so', `${error.message}.`);
  }
  return undefined;
}
