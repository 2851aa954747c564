import { setTimeout as delay } from 'node:timers/promises';
import { FairqError, messageOf, unreachableError } from '../../core/errors/errors.js';
import type { BrokerAddress, Login } from '../connection/address.js';
import { explainTlsFailure } from '../connection/tls-failure.js';
import { HttpClient } from './http-client.js';
import { type Method, notManagement, readAnswer } from './management-answer.js';

/** The broker works out a listing of 50,000 queues for half a minute before it says anything. */
const ANSWER_WITHIN_MS = 60_000;

/**
 * RabbitMQ fails (HTTP 500) to list what goes away in that moment, such as a connection that closes, or a vhost. On a busy
 * machine that takes more than a second.
 */
const FAILS_FOR_MS = 3_000;
const ASK_AGAIN_MS = 300;

/** RabbitMQ's HTTP API: a path in, its JSON out. Every error says what to do about it. */
export class ManagementApi {
  readonly #http: HttpClient;
  readonly #login: Login;
  readonly #authorization: string;
  /** Which of the addresses answered last. */
  #current = 0;
  /** The `date` header of the last answer. */
  #lastDate = '';

  /** @param answerWithinMs what says nothing for so long is not there */
  constructor(
    private readonly address: BrokerAddress,
    answerWithinMs = ANSWER_WITHIN_MS,
  ) {
    this.#http = new HttpClient(address.tls, answerWithinMs);
    this.#login = address.managementLogin ?? address;
    this.#authorization = `Basic ${Buffer.from(`${this.#login.username}:${this.#login.password}`).toString('base64')}`;
  }

  /** Loads what asks, for whoever asks soon and waits for something else meanwhile. Where that fails, the first question does. */
  prepare(): void {
    this.#http.prepare(this.address.managementUris[this.#current]!);
  }

  /** When the broker answered last, by its own clock, which it tells in whole seconds; milliseconds since the epoch, or NaN. */
  get answeredAt(): number {
    return Date.parse(this.#lastDate);
  }

  /** An answer that is no list is not taken for an empty one: nobody being there is a reason to delete. */
  async list(path: string): Promise<unknown[]> {
    const answer = await this.get(path);
    if (!Array.isArray(answer)) throw notManagement(this.address.managementUris[this.#current]!);
    return answer;
  }

  /**
   * The answer, from its JSON; undefined where the broker has nothing to say.
   *
   * @param path from `/api` on
   */
  async get(path: string): Promise<unknown> {
    return this.#call('GET', path);
  }

  async put(path: string, body: object): Promise<void> {
    await this.#call('PUT', path, body);
  }

  async delete(path: string): Promise<void> {
    await this.#call('DELETE', path);
  }

  /** Of several nodes the one that answered last is asked, and the others in turn when it does not. */
  async #call(method: Method, path: string, body?: object): Promise<unknown> {
    const { managementUris } = this.address;
    let failsSince: number | undefined;
    for (let tries = 1; ; tries++) {
      try {
        return await this.#ask(managementUris[this.#current]!, method, path, body);
      } catch (error) {
        const hasFailed = error instanceof FairqError && error.code === 'MANAGEMENT_FAILED';
        if (hasFailed) failsSince ??= performance.now();
        if (hasFailed && method === 'GET' && performance.now() - failsSince! < FAILS_FOR_MS) {
          tries--;
          await delay(ASK_AGAIN_MS);
          continue;
        }
        const isAway = error instanceof FairqError && error.kind === 'unreachable';
        if (!isAway || tries >= managementUris.length) throw error;
        this.#current = (this.#current + 1) % managementUris.length;
      }
    }
  }

  async #ask(where: string, method: Method, path: string, body: object | undefined): Promise<unknown> {
    let status: number;
    let text: string;
    try {
      const headers = { authorization: this.#authorization, 'content-type': 'application/json' };
      const reply = await this.#http.ask(where + path, {
        method,
        headers,
        body: body && JSON.stringify(body),
      });
      ({ status, text } = reply);
      this.#lastDate = reply.date;
    } catch (error) {
      const tlsFailure = explainTlsFailure(error, where, this.address.tls);
      if (tlsFailure) throw tlsFailure;
      throw unreachableError(
        'MANAGEMENT_UNREACHABLE',
        `the management API does not answer at ${where}: ${messageOf(error)}`,
        {
          hint: 'Switch the plugin on (rabbitmq-plugins enable rabbitmq_management), or name its address with --management-uri.',
          cause: error,
        },
      );
    }
    return readAnswer({ status, text, where, method, path }, this.#login.username, this.address.vhost);
  }

  /** Ends without waiting for what was asked; whoever asked is told that nothing answers. */
  async close(): Promise<void> {
    this.#http.close();
  }
}
