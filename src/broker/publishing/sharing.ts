import { FairqError } from '../../core/errors/errors.js';
import { needsOwnQueue, Policy } from '../../core/policy/policy.js';
import type { Names } from '../../core/queues/names.js';
import { chosenSpreadQueue } from '../../core/queues/units.js';
import { PROMOTE_AFTER } from '../../core/scheduling/tuning.js';
import type { Connection } from '../connection/connection.js';
import { currentPolicy } from '../policy/policy-stream.js';
import { isExchangeThere } from '../queues/exchanges.js';
import { assertTopology } from '../queues/topology.js';
import type { SpreadWay } from '../units/spread.js';
import type { PublisherOptions } from './publisher-contract.js';
import { canRoute, saysCannotRoute } from './unroutable.js';

/** Milliseconds. What operators have set is read again after so long. */
const READ_POLICY_EVERY_MS = 10_000;
/** Milliseconds. What is made again and does not help is not made again sooner. */
const MEND_EVERY_MS = 5_000;
/** Milliseconds. Whether an exchange works again whose plugin was switched off is not asked sooner. */
const BROKEN_FOR_MS = 10_000;

/**
 * Whether light users share queues, by what is set up on the broker, and which users have one of their own all the same.
 * Who is told to give each user a queue (`--units user`), and whoever needs an order, shares nothing.
 */
export class Sharing {
  /** The exchange that spreads tasks over queues is there. */
  #isSpread = false;
  /** How many queues there are, where this publisher sets them up; undefined where it follows. */
  #count: number | undefined;
  #way: SpreadWay | undefined;
  #policy: Policy | undefined;
  #readAt = Number.NEGATIVE_INFINITY;
  #mendedAt = Number.NEGATIVE_INFINITY;
  /** When the broker said last that it cannot route by the exchange, since its plugin is switched off. */
  #brokenAt: number | undefined;

  /** @param now milliseconds on a clock that never goes back */
  constructor(
    private readonly connection: Connection,
    private readonly names: Names,
    private readonly options: Pick<PublisherOptions, 'units' | 'queueKind' | 'namedQueues' | 'tasksOf'>,
    private readonly now: () => number,
  ) {
    const { units } = options;
    if (units?.kind !== 'shared') return;
    this.#count = units.count;
    this.#way = units.way;
  }

  /** Each user is to have a queue, whatever the others share. */
  get isOff(): boolean {
    const { units, queueKind, namedQueues } = this.options;
    return units?.kind === 'user' || queueKind.ordered || namedQueues !== undefined;
  }

  /** The exchange spreads what finds no queue. */
  get isSpread(): boolean {
    return this.#isSpread && !this.isBroken;
  }

  /** What light users send needs no queue of theirs. */
  get isOn(): boolean {
    return !this.isOff && (this.#isSpread || this.#way === 'by name');
  }

  /** The broker has the exchange, and does not know its type any more: nothing may be sent to the exchange for tasks. */
  get isBroken(): boolean {
    return this.#brokenAt !== undefined;
  }

  /** Whether the broker cannot route what finds no queue, still. It is asked now and then. */
  async isStillBroken(): Promise<boolean> {
    if (this.#brokenAt === undefined) return false;
    if (this.now() - this.#brokenAt < BROKEN_FOR_MS) return true;
    const works = await canRoute(this.connection, this.names.taskExchange);
    this.#brokenAt = works ? undefined : this.now();
    return !works;
  }

  /** Finds out whether the exchange is there. */
  async look(): Promise<boolean> {
    this.#isSpread = await isExchangeThere(this.connection, this.names.spreadExchange);
    if (this.isOn && this.now() - this.#readAt >= READ_POLICY_EVERY_MS) await this.#readPolicy();
    return this.#isSpread;
  }

  /** Whether the user is to have a queue from its first task on. */
  needsOwn(user: string): boolean {
    if ((this.options.tasksOf?.(user) ?? 0) > PROMOTE_AFTER) return true;
    return this.#policy !== undefined && needsOwnQueue(this.#policy.forUser(user, Date.now()));
  }

  /** Where a task of the user goes that has come back; undefined: to a queue of the user's own. */
  queueByName(user: string): string | undefined {
    const isByName = this.#way === 'by name' || this.isBroken;
    if (!isByName || this.#count === undefined) return undefined;
    return chosenSpreadQueue(this.names, this.#count, user);
  }

  /** Whether what is missing can be made again, and has not been a moment ago. */
  get canMend(): boolean {
    return this.#way === 'exchange' && !this.isBroken && this.now() - this.#mendedAt >= MEND_EVERY_MS;
  }

  /** Makes again what spreads tasks, where this publisher has set it up. */
  async mend(): Promise<void> {
    const { units } = this.options;
    if (units?.kind !== 'shared' || this.#count === undefined) return;
    this.#mendedAt = this.now();
    try {
      this.#way = await units.setUp();
    } catch (error) {
      if (!(error instanceof FairqError) || error.kind !== 'refused') throw error;
      // Somebody has changed it, which is followed from here on.
      this.#count = undefined;
      this.#way = undefined;
    }
    await this.look();
  }

  /** Makes everything again that somebody may have deleted. */
  async makeTopology(): Promise<void> {
    await this.mend();
    await assertTopology(this.connection, this.names, this.options.queueKind.type);
  }

  /** The broker has closed the channel that tasks are sent on. @returns whether the exchange is the reason */
  channelClosed(reason: string | undefined): boolean {
    if (reason === undefined || !saysCannotRoute(reason)) return false;
    this.#brokenAt = this.now();
    return true;
  }

  async #readPolicy(): Promise<void> {
    this.#readAt = this.now();
    try {
      this.#policy = new Policy(await currentPolicy(this.connection, this.names));
    } catch (error) {
      // A user that may not read it: workers can.
      if (!(error instanceof FairqError)) throw error;
    }
  }
}
