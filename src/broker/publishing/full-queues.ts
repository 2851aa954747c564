import { type Found, Policy } from '../../core/policy/policy.js';
import { type Names, ownQueue } from '../../core/queues/names.js';
import type { Connection } from '../connection/connection.js';
import { within } from '../connection/within.js';
import { currentPolicy } from '../policy/policy-stream.js';
import { countQueues } from '../queues/queue-counts.js';
import type { FullQueuesOptions, NotTaken } from './publisher-contract.js';

/** What is set is read again after so long. Milliseconds. */
const READ_EVERY_MS = 2_000;
/** A queue without a leader does not answer. Milliseconds. */
const ANSWER_WITHIN_MS = 2_000;
/**
 * A queue that refuses and holds less than this part of its limit has another reason: a smaller limit of somebody else's,
 * or no leader. A quorum queue refuses until it has come down to three quarters, and workers take some meanwhile.
 */
const FULL_ABOVE = 0.5;

/** Says why a queue has refused a task, where that is a reason not to wait for it. */
export class FullQueues {
  #policy: Promise<Policy> | undefined;
  #readAt = Number.NEGATIVE_INFINITY;

  /** @param now milliseconds on a clock that never goes back */
  constructor(
    private readonly connection: Connection,
    private readonly names: Names,
    private readonly options: FullQueuesOptions,
    private readonly now: () => number,
  ) {}

  /** Whether a queue that has refused a task is asked once more before anything is said, and at once. */
  get isImpatient(): boolean {
    return this.options.isImpatient;
  }

  /**
   * Undefined where the queue is to be tried on. What cannot be found out is not said: the queue is tried for as long as
   * one that nobody knows anything of.
   *
   * @param wasAlone it has just refused a task on a channel of that task's own
   */
  async why(queue: string, wasAlone: boolean): Promise<NotTaken | undefined> {
    const own = ownQueue(this.names, queue);
    const byLimit = own?.kind === 'user' ? await this.#limitReached(queue, own.name) : undefined;
    if (byLimit !== undefined || !wasAlone || !this.isImpatient) return byLimit;
    const ready = await this.#ready(queue);
    if (ready === undefined) return undefined;
    return { kind: 'queue-full', text: refuses(queue, ready) };
  }

  async #limitReached(queue: string, user: string): Promise<NotTaken | undefined> {
    const limit = (await this.#read())?.forUser(user, this.options.nowMs()).backlog;
    if (limit === undefined) return undefined;
    const ready = await this.#ready(queue);
    if (ready === undefined || ready < limit.value * FULL_ABOVE) return undefined;
    return { kind: 'backlog-full', limit, text: reached(user, limit) };
  }

  #read(): Promise<Policy | undefined> {
    if (this.now() - this.#readAt >= READ_EVERY_MS) {
      this.#readAt = this.now();
      this.#policy = currentPolicy(this.connection, this.names).then((document) => new Policy(document));
    }
    return this.#known(this.#policy!);
  }

  async #ready(queue: string): Promise<number | undefined> {
    return (await this.#known(countQueues(this.connection, [queue])))?.get(queue)?.ready;
  }

  #known<T>(asked: Promise<T>): Promise<T | undefined> {
    return within(
      ANSWER_WITHIN_MS,
      asked.catch(() => undefined),
    );
  }
}

function reached(user: string, { value, by, until, reason, rule }: Found<number>): string {
  const most = value.toLocaleString('en-US');
  const byRule = rule.name === user ? '' : ` by the rule ${JSON.stringify(rule.name)}`;
  const end = until === undefined ? '' : `, until ${new Date(until).toISOString()}`;
  const why = reason === undefined ? '' : `: ${reason}`;
  return `the backlog limit of user ${JSON.stringify(user)} is reached: ${most} of its tasks may wait${byRule} (set by ${by}${end}${why})`;
}

function refuses(queue: string, ready: number): string {
  return `the queue "${queue}" is full: it holds ${ready.toLocaleString('en-US')} tasks that wait, and refuses more (max-length with overflow reject-publish)`;
}
