import { CeleryQueues } from '../broker/celery/celery-queues.js';
import { RemoteControl } from '../broker/celery/remote-control.js';
import type { Connection } from '../broker/connection/connection.js';
import { BY_USER } from '../core/queues/grouping.js';
import type { Names } from '../core/queues/names.js';
import { CeleryAnswers, type CeleryAnswersDeps } from '../run/celery/celery-answers.js';
import { CeleryUserQueues } from '../run/celery/celery-user-queues.js';
import { ConsumedQueues } from '../run/celery/consumed-queues.js';
import type { Target } from '../run/publish/destination.js';
import { Places } from '../run/publish/places.js';
import { celeryKind } from './tasks/celery-kind.js';
import type { TaskKind } from './tasks/task-kind.js';

/** What a server keeps of results of Celery's own workers. */
const RESULT_TTL_MS = 3_600_000;
const RESULT_BYTES = 1024 * 1024;

/** Whose workers run the tasks of a server: a Celery application's. */
export interface CeleryOptions {
  /** What the names of users' queues begin with. */
  readonly prefix: string;
  /** The queue of a user; throws where there can be none. */
  readonly queueOf: (user: string) => string;
  /** Who sends tasks, as `pid@host`. */
  readonly origin: string;
}

export interface CeleryDeps {
  /** That tasks are sent on, and queues made. */
  readonly connection: Connection;
  readonly names: Names;
  readonly now: () => number;
  readonly onWarning: (text: string) => void;
}

/** A Celery application behind the server. */
export class CeleryBehind {
  #answers: CeleryAnswers | undefined;

  private constructor(
    readonly target: Target,
    readonly kind: TaskKind,
    private readonly replyQueue: string,
    private readonly control: RemoteControl,
  ) {}

  static async open(deps: CeleryDeps, { prefix, queueOf, origin }: CeleryOptions): Promise<CeleryBehind> {
    const { connection, names, now, onWarning } = deps;
    const control = await RemoteControl.open(connection, (error) => onWarning(error.message));
    const queues = new CeleryUserQueues(new CeleryQueues(connection), control, queueOf, onWarning);
    const consumed = new ConsumedQueues(connection, queues, now);
    const replyQueue = `${names.replyQueuePrefix}serve`;
    const kind = celeryKind({
      prefix,
      places: new Places(names, { grouping: BY_USER, shared: false, queueOf }),
      origin,
      replyQueue,
      prepare: (user) => consumed.ensure(user),
    });
    const target = {
      isForeign: false,
      namedQueues: queues,
      prepare: async () => {},
      partsOf: () => undefined,
    };
    return new CeleryBehind(target, kind as TaskKind, replyQueue, control);
  }

  /** Writes down what Celery's workers answer, from now on. */
  async hear(deps: Omit<CeleryAnswersDeps, 'queue' | 'resultTtlMs' | 'resultBytes'>): Promise<void> {
    this.#answers = await CeleryAnswers.open({
      ...deps,
      queue: this.replyQueue,
      resultTtlMs: RESULT_TTL_MS,
      resultBytes: RESULT_BYTES,
    });
  }

  async close(): Promise<void> {
    this.control.close();
    await this.#answers?.close();
  }
}
