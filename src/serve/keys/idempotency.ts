import { createHash } from 'node:crypto';
import { within } from '../../broker/connection/within.js';
import { FairqError } from '../../core/errors/errors.js';
import { KeyLedger } from '../../core/keys/key-ledger.js';
import type { KeyClaim, KeyNote } from '../../core/keys/key-note.js';
import { DIGEST_BYTES, KEY_BYTES } from '../../core/keys/key-table.js';
import { taskIdOf } from '../../core/message/task-id.js';
import { deferred } from '../../core/values/deferred.js';
import { Problem } from '../http/problem.js';
import { KeyNotes, type KeyNotesDeps } from './key-notes.js';

const EXPIRE_EVERY_MS = 10_000;
/** Clocks differ: notes are read that are older by so much than they have to be. */
const READ_BEFORE_MS = 60_000;

export interface IdempotencyDeps extends Omit<KeyNotesDeps, 'onNote'> {
  readonly nowMs: () => number;
  /** For so long a key counts; milliseconds. */
  readonly ttlMs: number;
  /** More keys are refused. */
  readonly mostKeys: number;
  /** A note is confirmed, and heard, by then; milliseconds. */
  readonly withinMs: number;
  /** Whether a task of this id is known to have begun. */
  readonly hasBegun: (id: string) => Promise<boolean>;
}

interface UnderWay {
  readonly digest: string;
  /** This server's own claim has come back in the stream. */
  readonly heard: ReturnType<typeof deferred<void>>;
}

/**
 * `Idempotency-Key`: a request with a key is carried out once, whichever server is asked, and how often. A server writes
 * a claim into a stream that all read. The first claim of a key in the order of the stream counts. A claim whose server
 * has gone, or does not know what became of its task, may be taken over: the task has the same id then.
 */
export class Idempotency {
  readonly #ledger = new KeyLedger();
  readonly #underWay = new Map<string, UnderWay>();
  /** Sent by this server, which could not write it down. */
  readonly #sentOnly = new Set<string>();
  #notes: Promise<KeyNotes> | undefined;
  #expiring: NodeJS.Timeout | undefined;
  /** The id of this server, once it takes part. */
  #server = '';

  constructor(private readonly deps: IdempotencyDeps) {}

  /**
   * Sends the task of a request, unless that was done before.
   *
   * @param scope  where tasks go; a key counts there alone
   * @param body   what has to be the same the next time
   * @param send   rejects where nothing was sent; with `OUTCOME_UNKNOWN` where something may have been
   * @param answer how long the request waits for that, and what it is told then
   * @returns the id of the task
   * @throws Problem 409 while it is under way, 422 for another body
   */
  async once(
    scope: string,
    user: string,
    key: string,
    body: string,
    send: (id: string) => Promise<void>,
    answer: (id: string, sent: Promise<void>) => Promise<void>,
  ): Promise<string> {
    if (key === '' || key.length > 255) {
      throw new Problem(400, 'bad-key', 'An Idempotency-Key has 1 to 255 characters');
    }
    const hash = hashOf(JSON.stringify([scope, user, key]), KEY_BYTES);
    const name = hash.toString('base64url');
    const digest = hashOf(body, DIGEST_BYTES).toString('base64url');
    const other = this.#underWay.get(name);
    if (other !== undefined) throw other.digest === digest ? inUse() : reused();
    const own: UnderWay = { digest, heard: deferred() };
    this.#underWay.set(name, own);
    let isLeft = false;
    try {
      const { at, claim } = await this.#begin(name, own);
      const id = taskIdOf(at, hash);
      if (claim === undefined) return id;
      const wasSent =
        this.#sentOnly.has(name) || (claim.after !== undefined && (await this.deps.hasBegun(id)));
      if (wasSent) {
        await this.#writeSent(claim);
        return id;
      }
      const sent = this.#sent(claim, (async () => send(id))()); // a refusal frees the key as well
      // Whoever asks may be told that nobody knows, and the key stays in use for as long as that is so.
      isLeft = true;
      sent.catch(() => {}).finally(() => this.#underWay.delete(name));
      await answer(id, sent);
      return id;
    } finally {
      if (!isLeft) this.#underWay.delete(name);
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#expiring);
    await (await this.#notes)?.close();
  }

  /** Undefined claim: it was carried out before. */
  async #begin(key: string, own: UnderWay): Promise<{ at: number; claim?: KeyClaim }> {
    this.#notes ??= this.#open();
    const notes = await this.#notes.catch((error) => {
      this.#notes = undefined; // the next request tries again
      throw error;
    });
    const { nowMs, ttlMs, mostKeys } = this.deps;
    const now = Math.floor(nowMs());
    const state = this.#ledger.stateOf(key, now);
    if (state.kind === 'sent') {
      if (state.digest !== own.digest) throw reused();
      return { at: state.at };
    }
    if (state.kind === 'open') {
      const { digest, by } = state.claim;
      if (digest !== own.digest) throw reused();
      if (by !== notes.server && (await notes.isThere(by))) throw inUse();
    } else if (this.#ledger.size >= mostKeys) {
      throw new Problem(503, 'too-many-keys', 'Too many keys are in use', 'See --max-keys and --key-ttl.', {
        retryAfterSeconds: 60,
      });
    }
    const claim: KeyClaim = {
      kind: 'claim',
      key,
      digest: own.digest,
      by: notes.server,
      at: state.kind === 'open' ? state.claim.at : now,
      ttl: ttlMs,
      ...(state.kind === 'open' && { after: state.claim.by }),
    };
    await this.#write(claim);
    if (
      (await within(
        this.deps.withinMs,
        own.heard.promise.then(() => true),
      )) !== true
    )
      throw notHeard();
    const decided = this.#ledger.stateOf(key, now);
    if (decided.kind === 'open' && decided.claim.by === notes.server) {
      return { at: decided.claim.at, claim: { ...claim, at: decided.claim.at } };
    }
    // Another server was first.
    if (decided.kind === 'new') throw inUse();
    const { digest } = decided.kind === 'sent' ? decided : decided.claim;
    if (digest !== own.digest) throw reused();
    if (decided.kind === 'open') throw inUse();
    return { at: decided.at };
  }

  /** Resolves when others know, too, that it was sent. */
  async #sent(claim: KeyClaim, sending: Promise<void>): Promise<void> {
    const { key, by } = claim;
    try {
      await sending;
    } catch (error) {
      const isUnknown = error instanceof FairqError && error.code === 'OUTCOME_UNKNOWN';
      if (!isUnknown) this.#write({ kind: 'free', key, by }).catch(() => {}); // the next request takes it over
      throw error;
    }
    await this.#writeSent(claim);
  }

  /** @throws Problem 504 */
  async #writeSent({ after: _, ...claim }: KeyClaim): Promise<void> {
    this.#sentOnly.add(claim.key);
    try {
      await this.#write({ ...claim, kind: 'sent' });
    } catch (error) {
      throw new Problem(
        504,
        'outcome-unknown',
        'Nobody knows whether the task was sent',
        'It was sent, and other servers may not know that. Repeat the request with the same key.',
        { cause: error },
      );
    }
    this.#sentOnly.delete(claim.key);
  }

  async #write(note: KeyNote): Promise<void> {
    const notes = await this.#notes!;
    const written = notes.write(note).then(() => true);
    if ((await within(this.deps.withinMs, written)) !== true) throw notHeard();
  }

  async #open(): Promise<KeyNotes> {
    const { ttlMs, nowMs } = this.deps;
    const onNote = (note: KeyNote) => this.#heard(note);
    const notes = await KeyNotes.open({ ...this.deps, onNote }, nowMs() - ttlMs - READ_BEFORE_MS);
    this.#expiring = setInterval(() => this.#ledger.expire(nowMs()), EXPIRE_EVERY_MS);
    this.#server = notes.server;
    return notes;
  }

  #heard(note: KeyNote): void {
    this.#ledger.take(note);
    if (note.kind === 'claim' && note.by === this.#server) this.#underWay.get(note.key)?.heard.resolve();
  }
}

function hashOf(text: string, bytes: number): Buffer {
  return createHash('sha256').update(text).digest().subarray(0, bytes);
}

function inUse(): Problem {
  return new Problem(409, 'key-in-use', 'A request with this key is under way', undefined, {
    retryAfterSeconds: 1,
  });
}

function reused(): Problem {
  return new Problem(
    422,
    'key-reused',
    'This key was used with another body',
    'Use a new key for a new request.',
  );
}

function notHeard(): Problem {
  return new Problem(
    503,
    'unavailable',
    'No task can be sent now',
    'The broker does not take what is written of the key. Repeat the request with the same key.',
    { retryAfterSeconds: 5 },
  );
}
