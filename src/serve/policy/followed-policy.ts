import type { Connection } from '../../broker/connection/connection.js';
import { PolicyFeed } from '../../broker/policy/policy-feed.js';
import { newestPolicy, policyHistory } from '../../broker/policy/policy-stream.js';
import { messageOf } from '../../core/errors/errors.js';
import { Policy } from '../../core/policy/policy.js';
import { NO_POLICY, type PolicyDocument } from '../../core/policy/policy-document.js';
import type { Names } from '../../core/queues/names.js';
import { brokerProblem } from '../http/broker-problem.js';
import { NextAnswer } from '../http/next-answer.js';
import { Turns } from '../http/turns.js';

/** Each reads the whole stream. */
const MOST_HISTORIES = 2;
/** Who only looks may take a stream for empty that the broker is slow to show. */
const EMPTY_AFTER_MS = 2_000;

/** The policy, for all who ask: one reader follows it. */
export class FollowedPolicy {
  #policy = new Policy(NO_POLICY);
  #feed: PolicyFeed | undefined;
  readonly #newest: NextAnswer<PolicyDocument | 'empty' | 'missing'>;
  readonly #turns = new Turns(MOST_HISTORIES);

  private constructor(
    private readonly connection: Connection,
    private readonly names: Names,
    private readonly onNewer: (document: PolicyDocument) => void,
  ) {
    this.#newest = new NextAnswer(() =>
      Promise.race([newestPolicy(connection, names, EMPTY_AFTER_MS), connection.lost]),
    );
  }

  /** @param onNewer told of each document that counts from then on */
  static async open(
    connection: Connection,
    names: Names,
    onWarning: (text: string) => void,
    onNewer: (document: PolicyDocument) => void,
  ): Promise<FollowedPolicy> {
    const followed = new FollowedPolicy(connection, names, onNewer);
    followed.#feed = await PolicyFeed.open(connection, names, {
      onPolicy: (document) => followed.heard(document),
      onUnreadable: (error) => {
        onWarning(
          `the policy cannot be read (${messageOf(error)}); grant this user read on "${names.policyStream}"`,
        );
      },
      onWarning,
    });
    return followed;
  }

  /** A document that this server has made, or that was read. */
  heard(document: PolicyDocument): void {
    if (document.revision <= this.#policy.document.revision) return;
    this.#policy = new Policy(document);
    this.onNewer(document);
  }

  /** As it is now, though it was changed a moment ago by somebody else. @throws Problem 503 where it cannot be read */
  async now(): Promise<Policy> {
    try {
      const newest = await this.#newest.ask();
      if (typeof newest === 'object') this.heard(newest);
    } catch (error) {
      throw brokerProblem(error);
    }
    return this.#policy;
  }

  /** The newest that is known, whether it can be read now or not. */
  get known(): Policy {
    return this.#policy;
  }

  /** Every document that the stream still has, oldest first. @throws Problem 503 */
  async history(): Promise<PolicyDocument[]> {
    const done = await this.#turns.take();
    try {
      return await Promise.race([policyHistory(this.connection, this.names), this.connection.lost]);
    } catch (error) {
      throw brokerProblem(error);
    } finally {
      done();
    }
  }

  async close(): Promise<void> {
    await this.#feed?.close();
  }
}
