import { decodePolicy } from '../../core/policy/policy-codec.js';
import { NO_POLICY, type PolicyDocument } from '../../core/policy/policy-document.js';
import type { Names } from '../../core/queues/names.js';
import { type Connection, ConnectionClosed, replyCode } from '../connection/connection.js';
import { StreamReader } from '../streams/stream-reader.js';
import { withPolicyLock } from './policy-lock.js';
import { newestPolicy } from './policy-stream.js';

/** A stream that is made while nobody tells of it is found by then. */
const LOOK_EVERY_MS = 10_000;
/** A reader that takes the stream for empty too soon loses nothing: what comes later counts when it comes. */
const EMPTY_AFTER_MS = 2_000;

export interface PolicyFeedListener {
  /** A newer document than all before. */
  onPolicy(document: PolicyDocument): void;
  /** The policy cannot be read: why. Said once. */
  onUnreadable(error: unknown): void;
  /** Something was done about the stream itself, in words. */
  onWarning(text: string): void;
}

/**
 * Follows the policy: reads the newest document, then each that is written. Only a higher revision counts.
 *
 * Somebody may delete the stream. A feed keeps what it knows, and whoever gets the lock makes the stream again with it. A
 * feed that finds an older document there than its own writes its own behind it: so the newest that anybody knows is
 * there in the end. A feed that knows nothing makes no stream.
 */
export class PolicyFeed {
  #document = NO_POLICY;
  /** Undefined while there is no stream to read. */
  #reader: StreamReader | undefined;
  #looking: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isUnreadable = false;
  #isClosed = false;
  /** The highest revision that has come from the stream that is read. */
  #newestThere = 0;
  /** Something has come from it that is no document. */
  #isStrange = false;

  private constructor(
    private readonly connection: Connection,
    private readonly names: Names,
    private readonly listener: PolicyFeedListener,
  ) {}

  /** Resolves when the newest document has come, or there is none. */
  static async open(connection: Connection, names: Names, listener: PolicyFeedListener): Promise<PolicyFeed> {
    const feed = new PolicyFeed(connection, names, listener);
    await feed.lookAgain();
    feed.#timer = setInterval(() => void feed.lookAgain(), LOOK_EVERY_MS).unref();
    return feed;
  }

  /** The newest that is known. */
  get document(): PolicyDocument {
    return this.#document;
  }

  /** What is set cannot be known: the broker does not let this user read it. */
  get isUnreadable(): boolean {
    return this.#isUnreadable;
  }

  /** Somebody has spoken of a policy: where no stream is read, there may be one now. Never rejects. */
  lookAgain(): Promise<void> {
    if (this.#isClosed || this.#reader !== undefined) return Promise.resolve();
    this.#looking ??= this.#look()
      .catch((error) => this.#failed(error))
      .finally(() => {
        this.#looking = undefined;
      });
    return this.#looking;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    await this.#reader?.close();
  }

  async #look(): Promise<void> {
    // Somebody may delete it again as it is read.
    while (!(await this.#read()) && this.#document.revision > 0 && !this.#isClosed) await this.#restore();
  }

  /** @returns false where there is no stream, or it went as it was read */
  async #read(): Promise<boolean> {
    let reader: StreamReader | undefined;
    let failure: unknown;
    this.#newestThere = 0;
    this.#isStrange = false;
    try {
      reader = await StreamReader.open(this.connection, this.names.policyStream, 'last', {
        onMessage: (_, body) => this.#arrived(body()),
        onReopened: () => {
          this.#newestThere = 0;
          if (reader !== undefined) this.#compare(reader).catch((error) => this.#failed(error));
        },
        onFailure: (error) => {
          failure = error;
          if (this.#reader === reader) this.#reader = undefined;
          if (replyCode(error) === 404) void this.lookAgain();
          else this.#failed(error);
        },
      });
    } catch (error) {
      if (replyCode(error) === 404) return false;
      throw error;
    }
    if (this.#isClosed) {
      await reader.close();
      return true;
    }
    if (failure === undefined) {
      this.#reader = reader;
      this.#isUnreadable = false;
      await this.#compare(reader);
    }
    return replyCode(failure) !== 404;
  }

  /** Holds what is in the stream against what is known, when all of it has come. */
  async #compare(reader: StreamReader): Promise<void> {
    try {
      await Promise.race([reader.caughtUp(EMPTY_AFTER_MS), this.connection.lost]);
    } catch {
      return; // its failure has been told
    }
    // Somebody has written behind the newest document.
    const newest = this.#isStrange ? await newestPolicy(this.connection, this.names) : 'empty';
    if (typeof newest === 'object') {
      this.#newestThere = newest.revision;
      this.#heard(newest);
    }
    if (this.#newestThere < this.#document.revision) await this.#restore();
  }

  #arrived(text: string): void {
    const document = decodePolicy(text);
    if (document === undefined) {
      this.#isStrange = true;
      return;
    }
    this.#newestThere = Math.max(this.#newestThere, document.revision);
    this.#heard(document);
  }

  #heard(document: PolicyDocument): void {
    if (document.revision <= this.#document.revision) return;
    this.#document = document;
    this.listener.onPolicy(document);
  }

  async #restore(): Promise<void> {
    const { revision } = this.#document;
    const isWritten = await withPolicyLock(this.connection, this.names, async (policy) => {
      const newest = await policy.newest();
      if (typeof newest === 'object' && newest.revision >= revision) return false;
      await policy.append(this.#document);
      return true;
    });
    if (!isWritten) return;
    this.listener.onWarning(
      `the stream "${this.names.policyStream}" was deleted, or had lost its end: revision ${revision} of the policy is written again`,
    );
  }

  /** It is tried again now and then; what is known goes on to count. */
  #failed(error: unknown): void {
    if (this.#isClosed || error instanceof ConnectionClosed || !this.connection.isConnected) return;
    if (this.#isUnreadable) return;
    this.#isUnreadable = this.#reader === undefined;
    this.listener.onUnreadable(error);
  }
}
