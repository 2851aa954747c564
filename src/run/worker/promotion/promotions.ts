import { MOVED_HEADER } from '../../../core/message/moved.js';
import { type InForce, needsOwnQueue } from '../../../core/policy/policy.js';
import type { OwnQueue } from '../../../core/queues/names.js';
import type { Scheduler } from '../../../core/scheduling/scheduler.js';
import { LightUser, type SpreadQueue } from '../intake/spread-queue.js';
import type { DeliveredTask } from '../task/delivered-task.js';

/** A user whose queue could not be made is light for so long before that is tried again; milliseconds. */
const TRY_AGAIN_MS = 30_000;
/** The workers have heard of a queue so long after it was made; milliseconds. */
const SERVED_WITHIN_MS = 5_000;

export interface PromotionsParts {
  readonly scheduler: Pick<Scheduler<DeliveredTask>, 'takeBack' | 'setWeight'>;
  readonly served: { readonly spread: Iterable<SpreadQueue>; readonly byName: ReadonlyMap<string, unknown> };
  readonly moves: { move(task: DeliveredTask, key: string): void };
  readonly own: {
    /** Resolves when the queue is there, bound, and announced: with whether it was not there before. */
    make(queue: string): Promise<boolean>;
    /** Whose queue has this name; undefined where there can be no such queue, or this worker is not for it. */
    ownerOf(queue: string): Pick<OwnQueue, 'name' | 'key'> | undefined;
  };
  /** Every user is to have a queue, whatever it has. */
  readonly always: boolean;
  /** Milliseconds. */
  now(): number;
}

/** What is set for users. */
export interface PromotionPolicy {
  inForce(user: string): InForce;
  ofTenant(user: string): InForce;
  /** Where nothing is set. */
  ownWeight(user: string): number;
}

export interface PromotionsListener {
  onPromoted(user: string): void;
  onWarning(text: string): void;
}

/**
 * Gives users of spread queues a queue of their own: those of whom much waits here, and those for whom something is set
 * that only a queue of their own can keep. From the moment that the queue is served here, all of such a user that has not
 * started is moved there, and so is what comes of it out of a spread queue later.
 */
export class Promotions {
  /** Names of queues that are being made. */
  readonly #underWay = new Map<string, Promise<void>>();
  /** Names of queues that were made a moment ago, or could not be made: not to be made before then. */
  readonly #notBefore = new Map<string, number>();
  /** By the name of the queue: what is not to start before it is moved. */
  readonly #held = new Map<string, DeliveredTask[]>();
  #hasWarned = false;
  /** Users that had no queue before this worker made one. */
  promoted = 0;
  /** Tasks that were moved, or are on their way. */
  moved = 0;

  constructor(
    private readonly parts: PromotionsParts,
    private readonly policy: PromotionPolicy,
    private readonly listener: PromotionsListener,
  ) {}

  /** Tasks that wait for their user's queue, to be moved there. */
  get held(): number {
    let count = 0;
    for (const tasks of this.#held.values()) count += tasks.length;
    return count;
  }

  /** A light user's tasks come. */
  met(user: LightUser): void {
    const { lane, name } = user;
    const weight = this.policy.inForce(lane.user).weight?.value ?? this.policy.ownWeight(lane.user);
    if (weight !== lane.weight) this.parts.scheduler.setWeight(lane, weight);
    user.isToHaveQueue = this.mustHaveOne(lane.user) && this.parts.own.ownerOf(name) !== undefined;
  }

  /** Whether a task that has come is to be moved on; it is taken over then. */
  takes(task: DeliveredTask, user: LightUser): boolean {
    // Somebody is taking its user's queue away, and what is moved there comes back at once.
    const cameBack = task.message.properties.headers?.[MOVED_HEADER] === true;
    if (!cameBack && this.parts.served.byName.has(user.name)) {
      this.#move(task);
      return true;
    }
    if (!user.isToHaveQueue) return false;
    this.#hold(task);
    this.#make(user);
    return true;
  }

  /** Something is set for the user that only a queue of its own can keep. */
  mustHaveOne(user: string): boolean {
    if (this.parts.always) return true;
    return needsOwnQueue(this.policy.inForce(user)) || needsOwnQueue(this.policy.ofTenant(user));
  }

  /** Gives a user a queue of its own, unless that is under way, or was refused a while ago. */
  promote(user: LightUser): void {
    if (!this.parts.served.byName.has(user.name)) this.#make(user);
  }

  #make({ name: queue, lane: { user } }: LightUser): void {
    if (this.#underWay.has(queue) || this.parts.own.ownerOf(queue) === undefined) return;
    if ((this.#notBefore.get(queue) ?? 0) > this.parts.now()) return;
    const work = this.parts.own.make(queue).then(
      (isNew) => {
        this.#notBefore.set(queue, this.parts.now() + SERVED_WITHIN_MS);
        if (isNew) {
          this.promoted++;
          this.listener.onPromoted(user);
        }
        if (this.parts.served.byName.has(queue)) this.taken(queue);
      },
      (error: Error) => this.#failed(queue, user, error),
    );
    const made = work.finally(() => this.#underWay.delete(queue));
    this.#underWay.set(queue, made);
  }

  /** Their channel is gone, and they are delivered again. */
  channelLost(channel: DeliveredTask['channel']): void {
    for (const [queue, tasks] of this.#held) {
      const kept = tasks.filter((task) => task.channel !== channel);
      for (const task of tasks) if (task.channel === channel) task.queue.wentBack();
      if (kept.length === 0) this.#held.delete(queue);
      else this.#held.set(queue, kept);
    }
  }

  /** Takes out what waits for its user's queue, to give it back. */
  takeHeld(): DeliveredTask[] {
    const tasks = [...this.#held.values()].flat();
    this.#held.clear();
    return tasks;
  }

  /** A queue is served here from now on: what is here of its user is moved there. */
  taken(queue: string): void {
    this.#notBefore.delete(queue);
    for (const task of this.#held.get(queue) ?? []) this.#move(task);
    this.#held.delete(queue);
    for (const user of this.#lightUsers(queue)) this.#moveAll(user);
  }

  /** What is set has changed. Nothing starts any more of a user that is to have a queue now. */
  policyChanged(): void {
    for (const spread of this.parts.served.spread) {
      for (const user of spread.users) {
        this.met(user);
        if (!user.isToHaveQueue) continue;
        for (const task of this.#takeOut(user)) this.#hold(task);
        this.promote(user);
      }
    }
  }

  /** Resolves when no queue is being made. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay.values());
  }

  *#lightUsers(queue: string): Iterable<LightUser> {
    const owner = this.parts.own.ownerOf(queue)?.name;
    if (owner === undefined) return;
    for (const spread of this.parts.served.spread) {
      const user = spread.user(owner);
      if (user !== undefined) yield user;
    }
  }

  #moveAll(user: LightUser): void {
    for (const task of this.#takeOut(user)) this.#move(task);
  }

  /** What has not started, in its order. */
  #takeOut({ lane }: LightUser): DeliveredTask[] {
    const tasks: DeliveredTask[] = [];
    for (;;) {
      const task = this.parts.scheduler.takeBack(lane);
      if (task === undefined) return tasks.reverse();
      tasks.push(task);
    }
  }

  #hold(task: DeliveredTask): void {
    const { name } = task.queue;
    const held = this.#held.get(name);
    if (held === undefined) this.#held.set(name, [task]);
    else held.push(task);
  }

  #move(task: DeliveredTask): void {
    const owner = this.parts.own.ownerOf(task.queue.name);
    if (owner === undefined) return;
    this.moved++;
    if (task.queue instanceof LightUser) task.queue.source.moved(this.parts.now());
    this.parts.moves.move(task, owner.key);
  }

  #failed(queue: string, user: string, error: Error): void {
    this.#notBefore.set(queue, this.parts.now() + TRY_AGAIN_MS);
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    this.listener.onWarning(
      `user ${JSON.stringify(user)} is to have a queue of its own, and that cannot be made: ${error.message}; it goes on sharing one with others, who may wait for it`,
    );
  }
}
