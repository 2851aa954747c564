import type { BrokerAddress } from '../../broker/connection/address.js';
import { FairqError } from '../../core/errors/errors.js';
import type { DeadLetterSelection } from '../../core/message/dead-letter-filter.js';
import {
  type DeadLetterGroup,
  type GroupField,
  groupDeadLetters,
  newestFirst,
} from '../../core/message/dead-letter-groups.js';
import type { Names } from '../../core/queues/names.js';
import type { Clock } from '../../core/values/clock.js';
import {
  type DeadDeps,
  type FoundDeadLetter,
  findDeadLetter,
  type ListedDeadLetter,
  visitDeadLetters,
} from '../../run/dead/dead-letters.js';
import { brokerProblem } from '../http/broker-problem.js';
import { Problem } from '../http/problem.js';
import { whileConnected } from '../http/while-connected.js';
import { type SharedAnswer, SharedAnswers } from './shared-answers.js';

/** Another server may go through them in this moment. */
const TRY_FOR_MS = 5_000;
const TRY_AGAIN_MS = 200;
const KEEP_FOR_MS = 3_000;
const MOST_KEPT = 8;
const MOST_WAITING = 20;

export interface DeadQuestion extends Pick<DeadLetterSelection, 'id' | 'user' | 'run' | 'reason' | 'task'> {
  readonly by?: readonly GroupField[] | undefined;
  readonly limit: number;
}

export interface DeadAnswer {
  /** In the queue. */
  readonly total: number;
  readonly chosen: number;
  readonly letters: readonly ListedDeadLetter[];
  readonly groups: readonly DeadLetterGroup[];
  /** Letters or groups beyond the limit. */
  readonly hidden: number;
}

export interface DeadListDeps {
  readonly address: BrokerAddress;
  readonly names: Names;
  readonly clock: Clock;
}

/** Lists dead letters. Only one may go through the queue at a time, so who asks the same is told the same. */
export class DeadList {
  readonly #answers: SharedAnswers<DeadAnswer | FoundDeadLetter>;

  constructor(private readonly deps: DeadListDeps) {
    this.#answers = new SharedAnswers({
      now: deps.clock.now,
      keepForMs: KEEP_FOR_MS,
      mostKept: MOST_KEPT,
      mostWaiting: MOST_WAITING,
    });
  }

  /** @throws Problem 409, 503 */
  async list(question: DeadQuestion): Promise<SharedAnswer<DeadAnswer>> {
    const { id, user, run, reason, task, by, limit } = question;
    const key = JSON.stringify([id, user, run, reason, task, by, limit]);
    const answer = await this.#answers.ask(key, () => this.#walk(question));
    return answer as SharedAnswer<DeadAnswer>;
  }

  /**
   * One of them, whole.
   *
   * @param id its id, or the only one that starts so
   * @throws Problem 400, 404, 409, 503
   */
  async find(id: string): Promise<FoundDeadLetter> {
    const { value } = await this.#answers.ask(`whole ${id}`, () => this.#find(id));
    return value as FoundDeadLetter;
  }

  /** Letters were taken away by this server: who asks now is not told of them. */
  changed(): void {
    this.#answers.forget();
  }

  async #walk({ by, limit, ...selection }: DeadQuestion): Promise<DeadAnswer> {
    let collected: Newest | Groups;
    try {
      const total = await this.#inTurn((deps) => {
        collected = by === undefined ? new Newest(limit) : new Groups(by, limit);
        return visitDeadLetters(deps, selection, (letter) => collected.add(letter));
      });
      return { total, chosen: collected!.chosen, ...collected!.shown() };
    } catch (error) {
      if (codeOf(error) !== 'NO_DEAD_LETTERS') throw brokerProblem(error);
      return { total: 0, chosen: 0, letters: [], groups: [], hidden: 0 };
    }
  }

  async #find(id: string): Promise<FoundDeadLetter> {
    try {
      return await this.#inTurn((deps) => findDeadLetter(deps, id));
    } catch (error) {
      throw letterProblem(error) ?? brokerProblem(error);
    }
  }

  /** Waits for a while for who goes through them already. */
  async #inTurn<T>(work: (deps: DeadDeps) => Promise<T>): Promise<T> {
    const { address, names, clock } = this.deps;
    const from = clock.now();
    for (;;) {
      try {
        return await whileConnected(address, 'fairq serve, dead letters', ({ connection, management }) => {
          const definition = (queue: string) => management.queueDefinition(queue);
          return work({ connection, names, clock, definition });
        });
      } catch (error) {
        if (codeOf(error) !== 'DEAD_LETTERS_IN_USE' || clock.now() - from > TRY_FOR_MS) throw error;
        await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_MS));
      }
    }
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof FairqError ? error.code : undefined;
}

function letterProblem(error: unknown): Problem | undefined {
  const code = codeOf(error);
  if (code === 'NO_SUCH_DEAD_LETTER' || code === 'NO_DEAD_LETTERS') {
    return new Problem(
      404,
      'no-such-letter',
      'There is no such dead letter',
      'It may have been sent back or thrown away meanwhile.',
    );
  }
  if (code !== 'AMBIGUOUS_START') return undefined;
  return new Problem(
    400,
    'ambiguous-letter',
    'Several dead letters start so',
    'Give more of the id, or all of it.',
  );
}

/** Of a hundred thousand letters no more are kept than are shown. */
class Newest {
  chosen = 0;
  #letters: ListedDeadLetter[] = [];

  constructor(private readonly limit: number) {}

  add(letter: ListedDeadLetter): void {
    this.chosen++;
    this.#letters.push(letter);
    if (this.#letters.length >= 2 * this.limit + 100) this.#cut();
  }

  shown(): Pick<DeadAnswer, 'letters' | 'groups' | 'hidden'> {
    this.#cut();
    return { letters: this.#letters, groups: [], hidden: this.chosen - this.#letters.length };
  }

  #cut(): void {
    this.#letters = newestFirst(this.#letters).slice(0, this.limit);
  }
}

/** No more is kept of a letter than it is grouped by. */
class Groups {
  readonly #letters: Parameters<typeof groupDeadLetters>[0][number][] = [];

  constructor(
    private readonly by: readonly GroupField[],
    private readonly limit: number,
  ) {}

  get chosen(): number {
    return this.#letters.length;
  }

  add({ id, type, user, run, reason, lastEndAt }: ListedDeadLetter): void {
    this.#letters.push({ id, type, user, run, reason: reason?.split('\n', 1)[0], lastEndAt });
  }

  shown(): Pick<DeadAnswer, 'letters' | 'groups' | 'hidden'> {
    const groups = groupDeadLetters(this.#letters, this.by);
    const shown = groups.slice(0, this.limit);
    return { letters: [], groups: shown, hidden: groups.length - shown.length };
  }
}
