import type { BrokerAddress } from '../../broker/connection/address.js';
import type { OnBroker } from '../../broker/on-broker.js';
import { messageOf } from '../../core/errors/errors.js';
import type { Names } from '../../core/queues/names.js';
import { refuseWhenBlocked } from '../../run/queues/refuse-when-blocked.js';
import { brokerProblem } from '../http/broker-problem.js';
import { Problem } from '../http/problem.js';
import { whileConnected } from '../http/while-connected.js';

/** Each has a connection of its own. */
const MOST_AT_A_TIME = 4;

/** Who has done what, for whoever keeps the log. */
export interface ActionDone {
  readonly action: string;
  readonly by: string;
  /** Whose queue it was; undefined where it was about more than one. */
  readonly user?: string;
  readonly outcome: Readonly<Record<string, number | boolean | string>>;
}

export interface ActingDeps {
  readonly address: BrokerAddress;
  readonly names: Names;
  readonly onAction: (done: ActionDone) => void;
}

/** How far an action has come, so that whoever cuts it off can be told. */
export interface Progress {
  /** Undefined while nothing is changed; then in what state things are, where nobody learns more. */
  state: string | undefined;
  done: number;
}

/** What an action is called in the log. */
export type ActionHead = Omit<ActionDone, 'outcome'>;

/** Plans and carries out what operators ask for, each on a connection of its own. */
export class Acting {
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #closing = new AbortController();

  constructor(private readonly deps: ActingDeps) {}

  /** What takes long ends early where this is aborted. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** Looks, and changes nothing. @throws Problem */
  plan<T>(work: (broker: OnBroker) => Promise<T>): Promise<T> {
    return this.#oneOf(async () => {
      try {
        return await whileConnected(this.deps.address, 'fairq serve, planning', work);
      } catch (error) {
        throw brokerProblem(error);
      }
    });
  }

  /**
   * Does it, unless the broker is under an alarm, and tells the log.
   *
   * @param outcomeOf what the log is told
   * @throws Problem which says what was done where that is known, and that it is not where not
   */
  carryOut<T>(
    head: ActionHead,
    work: (broker: OnBroker, progress: Progress) => Promise<T>,
    outcomeOf: (result: T) => ActionDone['outcome'],
  ): Promise<T> {
    return this.#oneOf(async () => {
      const { address, names, onAction } = this.deps;
      const progress: Progress = { state: undefined, done: 0 };
      try {
        await refuseWhenBlocked({ address, names }, 'fairq serve, acting');
        const result = await whileConnected(address, 'fairq serve, acting', (broker) =>
          work(broker, progress),
        );
        onAction({ ...head, outcome: outcomeOf(result) });
        return result;
      } catch (error) {
        if (error instanceof Problem) throw error; // that nothing was done
        const problem = brokerProblem(error);
        const isBusy = problem instanceof Problem && problem.slug === 'busy';
        // Somebody else was at work already, so nothing was begun.
        if (progress.state === undefined || (isBusy && progress.done === 0)) throw problem;
        onAction({ ...head, outcome: { cutOff: messageOf(error), done: progress.done } });
        throw problem instanceof Problem ? cutOff(error, progress) : error;
      }
    });
  }

  /** Resolves when all that was begun has ended. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#underWay);
  }

  async #oneOf<T>(work: () => Promise<T>): Promise<T> {
    if (this.#underWay.size >= MOST_AT_A_TIME) {
      throw new Problem(503, 'too-many-actions', 'Too many actions at a time', 'Nothing was done.', {
        retryAfterSeconds: 2,
      });
    }
    const working = work();
    this.#underWay.add(working);
    try {
      return await working;
    } finally {
      this.#underWay.delete(working);
    }
  }
}

function cutOff(error: unknown, { state, done }: Progress): Problem {
  return new Problem(503, 'action-cut-off', 'The action was cut off', `${messageOf(error)}. ${state}`, {
    more: { done },
    cause: error,
  });
}
