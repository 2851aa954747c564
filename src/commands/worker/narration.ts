import { noticedBy } from '../../core/queues/noticing.js';
import type { WorkerSnapshot } from '../../core/reports/worker-report.js';
import { formatCount, formatDuration, formatTasks } from '../../render/parts/numbers.js';
import { PREFETCH_REASONS } from '../../render/parts/prefetch-reasons.js';
import { activeText } from '../../render/worker-text.js';
import type { WorkerListener } from '../../run/worker/worker-contract.js';
import type { Context } from '../shared/context.js';
import { Unshown } from './unshown.js';

/** Failures, and results that were dropped, are named one by one so often between two summaries; the rest is counted. */
const SHOWN = 5;
export const SUM_UP_EVERY_MS = 60_000;

type Counts = Pick<WorkerSnapshot, 'completed' | 'failed' | 'retried'>;

/** What is said of a worker while it runs: a line where somebody may have to do something, and a summary each minute. */
export class Narration {
  readonly #unshown = new Unshown();
  #failures = 0;
  #stuck = 0;
  #dropped = 0;
  #before: Counts = { completed: 0, failed: 0, retried: 0 };
  #idle = false;
  /** Of new users. */
  #brokerTold = false;

  constructor(
    private readonly context: Context,
    private readonly name: string,
    private readonly slots: number,
    private readonly listEveryMs: number,
  ) {}

  listener(): Omit<WorkerListener, 'onTaskEnded'> {
    const { say, warn, detail, verbose } = this.context;
    const { name, slots } = this;
    return {
      onReady: (queues) =>
        say(`worker ${name}: ready, ${queues} ${queues === 1 ? 'queue' : 'queues'}, ${slots} slots`, {
          worker: name,
          queues,
          slots,
        }),
      onBrokerTells: (broker) => {
        const listing = `a listing every ${formatDuration(this.listEveryMs)}`;
        const text = `new users are noticed by ${noticedBy(broker, listing)}`;
        if (this.#brokerTold && broker.vhost === undefined) warn(text);
        else detail(text);
        this.#brokerTold = broker.vhost !== undefined;
      },
      onWarning: (text) => warn(text),
      onDetail: (text) => detail(text),
      onPrefetch: (user, { size, reason }) => {
        const whose = reason === 'spread' ? 'shared queue' : 'user';
        const text = `${whose} ${JSON.stringify(user)}: ${size} tasks may be unacknowledged here, ${PREFETCH_REASONS[reason]}`;
        detail(text);
      },
      onResultDropped: ({ id, user }, reason) => {
        this.#dropped++;
        if (this.#dropped > SHOWN && !verbose) return;
        warn(`task ${id} of user ${JSON.stringify(user)} is done, and its result is not kept: ${reason}`, {
          task: id,
          user,
          reason,
        });
      },
      onFailureStuck: (user, id, reason, queue) => {
        this.#stuck++;
        if (this.#stuck > SHOWN && !verbose) return;
        const why = JSON.stringify(reason.slice(0, 200));
        warn(
          `task ${id} of user ${JSON.stringify(user)} failed, and the queue ${JSON.stringify(queue)} does not take it: ${why}`,
          { task: id, user, reason, queue },
        );
      },
      onTaskFailed: (user, id, reason, retryAfterMs) => {
        this.#failures++;
        if (this.#failures > SHOWN && !verbose) {
          this.#unshown.add(user, reason);
          return;
        }
        const next =
          retryAfterMs === undefined
            ? 'it is a dead letter'
            : `tried again in ${formatDuration(retryAfterMs)}`;
        const why = JSON.stringify(reason.slice(0, 200));
        warn(`task ${id} of user ${JSON.stringify(user)} failed, ${next}: ${why}`, {
          task: id,
          user,
          reason,
          retryInMs: retryAfterMs ?? null,
        });
        if (this.#failures === SHOWN && !verbose) {
          warn('more failures are counted until the next summary, and not shown (--verbose shows all)');
        }
      },
    };
  }

  /** Says what came of it since the last time. An idle worker says once that it is. */
  sumUp(now: WorkerSnapshot): void {
    const { say, warn } = this.context;
    const { completed, failed, retried } = now;
    const done = completed - this.#before.completed;
    const lost = failed - this.#before.failed;
    const again = retried - this.#before.retried;
    this.#before = { completed, failed, retried };
    const isIdle = done + lost + again + now.running === 0;
    const wasIdle = this.#idle;
    this.#idle = isIdle;
    if (isIdle && wasIdle) return;
    if (isIdle) say('nothing came in the last minute; the next line comes with the next task', { done: 0 });
    else {
      const failures = lost > 0 ? `, ${formatCount(lost)} failed for good` : '';
      const retries = again > 0 ? `, ${formatCount(again)} to be tried again` : '';
      const here = `${formatCount(now.running)} running, ${formatCount(now.held)} held, ${activeText(now)}`;
      say(`in the last minute ${formatTasks(done)} done${failures}${retries}; ${here}`, {
        done,
        failed: lost,
        retried: again,
        running: now.running,
        held: now.held,
        active: now.active,
        queues: now.queues,
      });
    }
    if (this.#unshown.count > 0) {
      warn(`failures that were not shown: ${this.#unshown.take()}`, { failures: this.#failures });
    }
    this.#failures = 0;
    this.#dropped = 0;
    this.#stuck = 0;
  }
}
