import { randomUUID } from 'node:crypto';
import type { Names } from '../../core/queues/names.js';
import type { Connection } from '../connection/connection.js';
import type { ReconnectingChannel } from '../connection/reconnecting-channel.js';
import { announce, type ControlMessage, listen } from '../control/control.js';
import type { GrantsAnswer } from '../control/grant-messages.js';
import type { HeldNumbers } from './grant-queue.js';

/** Who counts may have gone without a word: a rest ends by itself. Milliseconds. */
const REST_ENDS_AFTER_MS = 6_000;
const NOTHING: HeldNumbers = { held: [], known: [] };

/** A process that may hold grants. */
export interface GrantHolder {
  readonly id: string;
  readonly name: string;
  /** Resolves when it takes none of this queue and gives none back, with what it holds; undefined: it has none to do with it. */
  rest(queue: string): Promise<HeldNumbers> | undefined;
  /** What it holds, as it is; undefined as above. */
  numbers(queue: string): HeldNumbers | undefined;
  goOn(queue: string): void;
}

/** Answers to one question, by the ids of the workers, as they come. */
export type GrantAnswers = ReadonlyMap<string, GrantsAnswer>;

/** A question to everybody; answers come until `forget`. */
export interface GrantsAsked {
  readonly answers: GrantAnswers;
  /** Everybody has been sent it, as who asks has: without a channel it is lost, and nobody can answer. */
  readonly isOut: boolean;
  forget(): void;
}

interface Question {
  readonly answers: Map<string, GrantsAnswer>;
  isOut: boolean;
}

/** What processes say to each other about numbered grants: who counts asks, and who holds some answers. */
export class GrantTalk {
  #channel: ReconnectingChannel | undefined;
  readonly #questions = new Map<string, Question>();
  readonly #rests = new Map<string, NodeJS.Timeout>();

  private constructor(
    private readonly names: Names,
    private readonly holder: GrantHolder | undefined,
  ) {}

  /** @param holder undefined for a process that holds none, and only asks */
  static async open(
    connection: Connection,
    names: Names,
    holder: GrantHolder | undefined,
    onFailure: (error: Error) => void,
  ): Promise<GrantTalk> {
    const talk = new GrantTalk(names, holder);
    talk.#channel = await listen(connection, names, {
      onMessage: (message) => {
        talk.#heard(message).catch(onFailure);
      },
      onFailure,
    });
    return talk;
  }

  ask(queue: string, rest: boolean): GrantsAsked {
    const request = randomUUID();
    const question: Question = { answers: new Map(), isOut: false };
    this.#questions.set(request, question);
    this.#say({ kind: 'grants-asked', request, queue, rest });
    return {
      answers: question.answers,
      get isOut() {
        return question.isOut;
      },
      forget: () => this.#questions.delete(request),
    };
  }

  /** Those that rest go on. */
  goOn(queue: string): void {
    this.#say({ kind: 'grants-go-on', queue });
  }

  close(): void {
    for (const timer of this.#rests.values()) clearTimeout(timer);
    this.#rests.clear();
    const channel = this.#channel?.current;
    this.#channel?.close();
    channel?.close().catch(() => {}); // it has gone by itself
  }

  #say(message: ControlMessage): void {
    const channel = this.#channel?.current;
    if (channel !== undefined) announce(channel, this.names, message);
  }

  async #heard(message: ControlMessage): Promise<void> {
    if (message.kind === 'grants-held')
      this.#questions.get(message.request)?.answers.set(message.worker, message);
    else if (message.kind === 'grants-go-on') this.#goesOn(message.queue);
    else if (message.kind === 'grants-asked') {
      const own = this.#questions.get(message.request);
      if (own !== undefined) own.isOut = true;
      await this.#answer(message.request, message.queue, message.rest);
    }
  }

  async #answer(request: string, queue: string, rest: boolean): Promise<void> {
    const { holder } = this;
    if (holder === undefined) return;
    if (rest) this.#restsOn(queue);
    const numbers = rest ? await holder.rest(queue) : holder.numbers(queue);
    const { id, name } = holder;
    this.#say({ kind: 'grants-held', request, worker: id, name, ...(numbers ?? NOTHING) });
  }

  #restsOn(queue: string): void {
    clearTimeout(this.#rests.get(queue));
    this.#rests.set(
      queue,
      setTimeout(() => this.#goesOn(queue), REST_ENDS_AFTER_MS),
    );
  }

  #goesOn(queue: string): void {
    clearTimeout(this.#rests.get(queue));
    this.#rests.delete(queue);
    this.holder?.goOn(queue);
  }
}
