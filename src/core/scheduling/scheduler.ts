import { Deque } from '../values/deque.js';
import type { Gate } from './gate.js';
import type { Turn } from './turns.js';

/** Whom users belong to, where fairness has two levels: tenants take turns, and inside each its users do. */
export interface Tenant extends Turn {
  readonly name: string;
  /** Asked at its turn, before that of the user whose turn it is. */
  gate: Gate | undefined;
  /** Prefetched in its lanes that are not blocked themselves. */
  startable: number;
}

/** What a scheduler knows of one user: the tasks prefetched of it and the service it has been charged. */
export interface Lane<T> extends Turn {
  readonly user: string;
  /** Undefined where fairness has one level. */
  readonly tenant: Tenant | undefined;
  /** Delivered and not started, oldest first. */
  readonly prefetched: Deque<T>;
  /** Mean run time of its recent tasks, milliseconds; undefined before the first has ended. */
  taskMs: number | undefined;
  /** Tasks that may be on their way while none is here: the lane falls behind by no more than these cost. */
  late: number;
  /** Asked at its turn; see `setGate`. */
  gate: Gate | undefined;
}

/** What tells one lane from another: a name, or a number, which is found faster among a million. */
export type LaneKey = string | number;

/** Nothing of it may start for now: by its own gate, or by that of its tenant. */
export function isBlocked({ blocked, tenant }: Pick<Lane<unknown>, 'blocked' | 'tenant'>): boolean {
  return blocked || tenant?.blocked === true;
}

/** What may be set for tenants; each as for lanes. */
export interface Tenants {
  /** The tenant of this name, made on first sight. */
  of(name: string): Tenant;
  setWeight(tenant: Tenant, weight: number): void;
  reweigh(weightOf: (name: string) => number): void;
  setGate(tenant: Tenant, gate: Gate | undefined): void;
  letGo(tenant: Tenant, credit: boolean): void;
}

/** Those whose turns come before the next one of a lane. */
export interface Before {
  /** Where fairness has two levels: those of its tenant. */
  readonly lanes: number;
  /** Where fairness has two levels: tenants whose turns come before that of its own. */
  readonly tenants?: number;
}

/** Decides whose task starts next. No I/O, no clock: the caller says what happened. */
export interface Scheduler<T> {
  /** Tasks prefetched over all users, and not started. */
  readonly prefetched: number;
  /** Those of them that are in no blocked lane: what a free slot could start. */
  readonly startable: number;
  /** Undefined where fairness has one level. */
  readonly tenants: Tenants | undefined;
  /** The lane of this key, made on first sight. Queues have one each, though their users have the same name. */
  lane(user: string, key?: LaneKey): Lane<T>;
  /** A lane that rests, and of which nothing is here: its user begins anew. @param key it was made with */
  forget(lane: Lane<T>, key: LaneKey): void;
  push(lane: Lane<T>, task: T): void;
  /** Takes out the task to start now. */
  next(): T | undefined;
  /** Who is next before this lane; undefined where it takes no turns now: nothing of it is here, or it is blocked. */
  before(lane: Lane<T>): Before | undefined;
  /** Takes out the user's youngest prefetched task, to give it back. */
  takeBack(lane: Lane<T>): T | undefined;
  /** Takes out every prefetched task that does not pass; asks once for each. */
  dropUnless(keep: (task: T) => boolean): void;
  /** A charge turned out different: adds `difference` (may be negative) to what was charged. */
  correct(lane: Lane<T>, difference: number): void;
  /** Nothing of this user is prefetched and nothing is on its way. */
  rest(lane: Lane<T>): void;
  /** Call it now and then: it remembers how far it had come at this moment, on any clock that does not go back. */
  note(moment: number): void;
  /**
   * The next task of a resting lane has been in its queue since that moment, on the clock of `note`: the user had
   * not run out, the broker was slow. It has no more credit than what may be on its way would have cost.
   */
  goOn(lane: Lane<T>, since: number): void;
  /** Sets whose first turns come first among users that have had none, in the order given. */
  arrange(lanes: readonly Lane<T>[]): void;

  /** The lane's share, from its next turn on. */
  setWeight(lane: Lane<T>, weight: number): void;
  /** Another gate, or none: a blocked lane is let go without credit, and the new gate asked at its turn. */
  setGate(lane: Lane<T>, gate: Gate | undefined): void;
  /**
   * A blocked lane takes turns again.
   *
   * @param credit it goes on where it was, as far as some charges back, and comes first among equals. That is for a lane
   *   whose gate has got what it lacked. After a change of policy it starts at the present.
   */
  letGo(lane: Lane<T>, credit: boolean): void;
  /** Asks for one start of a task that is in no lane. False: its lane is blocked, or has just become so. */
  admits(lane: Lane<T>): boolean;
  /** The gate that has just let a task of this lane go, and is to be told of its end. Another may take its place. */
  gateOf(lane: Lane<T>): Gate | undefined;
}

/** All lanes, each made on first sight. */
export class Lanes<T> {
  readonly #byKey = new Map<LaneKey, Lane<T>>();

  /** @param weightOf a user's weight, above 0 */
  constructor(
    private readonly weightOf: (user: string) => number,
    /** Called once for each new lane. */
    private readonly tenantOf: (user: string) => Tenant | undefined = () => undefined,
  ) {}

  of(user: string, key: LaneKey = user): Lane<T> {
    let lane = this.#byKey.get(key);
    if (lane === undefined) {
      lane = {
        user,
        tenant: this.tenantOf(user),
        weight: this.weightOf(user),
        prefetched: new Deque(),
        taskMs: undefined,
        virtual: 0,
        charge: 0,
        tie: 0,
        resting: true,
        late: Number.MAX_SAFE_INTEGER,
        gate: undefined,
        blocked: false,
        slot: -1,
      };
      this.#byKey.set(key, lane);
    }
    return lane;
  }

  forget(key: LaneKey): void {
    this.#byKey.delete(key);
  }

  all(): Iterable<Lane<T>> {
    return this.#byKey.values();
  }
}
