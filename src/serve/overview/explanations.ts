import type { BrokerAddress } from '../../broker/connection/address.js';
import { openConnection } from '../../broker/connection/connection.js';
import type { Explanation } from '../../core/explain/explanation.js';
import { type Names, userQueueOf } from '../../core/queues/names.js';
import type { Clock } from '../../core/values/clock.js';
import { explainQueue } from '../../run/explain/explain.js';
import { brokerProblem } from '../http/broker-problem.js';
import { whileConnected } from '../http/while-connected.js';
import { type SharedAnswer, SharedAnswers } from './shared-answers.js';

const KEEP_FOR_MS = 1_000;
const MOST_KEPT = 100;
const MOST_WAITING = 20;

export interface ExplanationsDeps {
  readonly address: BrokerAddress;
  readonly names: Names;
  readonly clock: Clock;
  readonly newId: () => string;
}

/** Says why users wait. Each question asks every worker, so there is one at a time, and who asks the same shares it. */
export class Explanations {
  readonly #answers: SharedAnswers<Explanation>;

  constructor(private readonly deps: ExplanationsDeps) {
    this.#answers = new SharedAnswers({
      now: deps.clock.now,
      keepForMs: KEEP_FOR_MS,
      mostKept: MOST_KEPT,
      mostWaiting: MOST_WAITING,
    });
  }

  /** @throws Problem 503 */
  ofUser(user: string): Promise<SharedAnswer<Explanation>> {
    return this.#answers.ask(user, () => this.#explain(userQueueOf(this.deps.names, user)));
  }

  async #explain(queue: string): Promise<Explanation> {
    const { address, names, clock, newId } = this.deps;
    const connectToAsk = (onBlocked: (reason: string) => void) =>
      openConnection(address, 'fairq serve, asking why', { onBlocked });
    try {
      return await whileConnected(address, 'fairq serve, explaining', (broker) =>
        explainQueue({ ...broker, names, clock, newId, connectToAsk, onWaiting: () => {} }, queue),
      );
    } catch (error) {
      throw brokerProblem(error);
    }
  }
}
