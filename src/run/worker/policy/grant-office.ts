import { setTimeout as delay } from 'node:timers/promises';
import {
  areAllHeld,
  type Filled,
  fillGrants,
  type GrantsWanted,
  removeGrants,
} from '../../../broker/policy/grant-census.js';
import { GrantChannels } from '../../../broker/policy/grant-channels.js';
import { keepsBackWhatIsLost } from '../../../broker/policy/grant-kind.js';
import type { GrantQueue } from '../../../broker/policy/grant-queue.js';
import { GrantTalk } from '../../../broker/policy/grant-talk.js';
import { PingLease } from '../../../broker/policy/ping-lease.js';
import { FairqError } from '../../../core/errors/errors.js';
import type { ChannelDeps } from '../worker-contract.js';

/** Queues that are filled side by side: each is some twenty waits for answers, and a glob may cap hundreds of users. */
const FILLS_AT_ONCE = 32;
/** Each has so many channels, or numbers of channels that were closed a moment ago. */
const CHANNELS_OF_A_FILL = 2;
/** Somebody who has waited for a channel for so long waits indeed. Milliseconds. */
const SCARCE_AFTER_MS = 10_000;
/** Somebody else counts it, or does not answer: it is tried again so often, after so many milliseconds. */
const CLEAR_TRIES = 30;
const CLEAR_AGAIN_MS = 1_000;

export interface OfficeListener {
  /** What is held is certainly held from here on. */
  onReady(): void;
  /** It may be somebody else's. */
  onLeaseOver(): void;
  onWarning(text: string): void;
  onFailure(error: Error): void;
}

/** What all limits of a worker share: the lease of its connection, the talk about grants, and the work to fill queues. */
export class GrantOffice {
  readonly lease: PingLease;
  /** Those of all of its queues. */
  readonly channels: GrantChannels;
  readonly #queues = new Map<string, GrantQueue>();
  #talk: GrantTalk | undefined;
  #opening: Promise<void> | undefined;
  #filling = 0;
  #saidScarce = false;
  readonly #waiting: (() => void)[] = [];
  #closed = false;

  /** @param worker its id, and its name */
  constructor(
    private readonly deps: ChannelDeps,
    private readonly worker: { readonly id: string; readonly name: string },
    private readonly listener: OfficeListener,
    slots: number,
  ) {
    this.channels = new GrantChannels(deps.connection, slots, () => deps.clock.now());
    this.lease = new PingLease(deps.connection, deps.clock, {
      onHolds: () => listener.onReady(),
      onOver: () => listener.onLeaseOver(),
    });
  }

  /** Begins, unless it has. Workers whose users have no limits have no office. */
  open(): void {
    this.#opening ??= this.#open().catch((error) => this.#failed(error));
  }

  /** Grants may be asked for, and what is held is certainly held. */
  get isReady(): boolean {
    return this.#talk !== undefined && this.lease.holds;
  }

  /** The lease has been found to be over. */
  isOver(): void {
    this.listener.onLeaseOver();
  }

  /** The broker keeps back what is lost with a connection. */
  get keepsBack(): boolean {
    return keepsBackWhatIsLost(this.deps.connection.brokerVersion);
  }

  /** It is answered for from here on. */
  add(queue: GrantQueue): void {
    this.#queues.set(queue.name, queue);
  }

  remove(queue: GrantQueue): void {
    if (this.#queues.get(queue.name) === queue) this.#queues.delete(queue.name);
  }

  /** Whether every number is held by somebody who says so. */
  async areAllHeld(wanted: GrantsWanted): Promise<boolean> {
    return this.#talk !== undefined && (await areAllHeld(this.#talk, wanted));
  }

  /** Now and then. */
  check(): void {
    if (this.#saidScarce || !this.channels.areScarce || this.channels.longestWaitMs < SCARCE_AFTER_MS) return;
    this.#saidScarce = true;
    this.listener.onWarning(
      `users wait for a channel to ask for their permits on: the broker lets a connection have ${this.deps.connection.channelMax} (channel_max), and ${this.channels.most} of them are for that; their tasks start later than they could. Set channel_max = 2047 in rabbitmq.conf`,
    );
  }

  /** Makes the queue have what it is to have. Undefined where the worker closes. */
  async fill(wanted: GrantsWanted): Promise<Filled | undefined> {
    const { connection, names } = this.deps;
    return this.#inTurn((talk) => fillGrants(connection, names, talk, wanted));
  }

  /**
   * Deletes a queue that nothing is set for any more. Where another worker holds something of it, that one goes by an older
   * revision, and does the same when it hears of this one.
   */
  async clear(unneeded: GrantsWanted): Promise<void> {
    const { connection, names } = this.deps;
    for (let tries = 0; tries < CLEAR_TRIES && !this.#closed; tries++) {
      // It may have been set again.
      if (this.#queues.has(unneeded.queue)) return;
      try {
        const removed = await this.#inTurn((talk) =>
          removeGrants(connection, names, talk, { ...unneeded, waits: true }),
        );
        if (removed !== undefined && removed.is !== 'locked' && removed.is !== 'silent') return;
      } catch (error) {
        // Otherwise it went with its connection.
        if (error instanceof FairqError) {
          this.listener.onWarning(`"${unneeded.queue}" is not needed any more, and stays: ${error.message}`);
          return;
        }
      }
      await delay(CLEAR_AGAIN_MS, undefined, { ref: false });
    }
  }

  close(): void {
    this.#closed = true;
    this.lease.close();
    this.#talk?.close();
    this.channels.close();
    for (const next of this.#waiting.splice(0)) next();
  }

  /** A worker that stops closes the connection under what it had only begun. */
  #failed(error: Error): void {
    if (!this.#closed) this.listener.onFailure(error);
  }

  /** Undefined where the worker closes, or has nobody to ask yet. */
  async #inTurn<Result>(work: (talk: GrantTalk) => Promise<Result>): Promise<Result | undefined> {
    await this.#turn();
    try {
      return this.#closed || this.#talk === undefined ? undefined : await work(this.#talk);
    } finally {
      this.#filling--;
      this.#waiting.shift()?.();
    }
  }

  async #turn(): Promise<void> {
    const room = Math.floor(this.channels.most / CHANNELS_OF_A_FILL);
    if (this.#filling >= Math.min(FILLS_AT_ONCE, Math.max(1, room)))
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#filling++;
  }

  async #open(): Promise<void> {
    const { connection, names } = this.deps;
    const { id, name } = this.worker;
    const talk = await GrantTalk.open(
      connection,
      names,
      {
        id,
        name,
        rest: (queue) => this.#queues.get(queue)?.rest(),
        numbers: (queue) => this.#queues.get(queue)?.numbers(),
        goOn: (queue) => this.#queues.get(queue)?.goOn(),
      },
      (error) => this.#failed(error),
    );
    if (this.#closed) {
      talk.close();
      return;
    }
    this.#talk = talk;
    await this.lease.open();
  }
}
