import type { RuleOf } from '../../../core/policy/policy-document.js';
import type { Gate } from '../../../core/scheduling/gate.js';
import type { Lane, Scheduler, Tenant, Tenants } from '../../../core/scheduling/scheduler.js';
import type { DeliveredTask } from '../task/delivered-task.js';

/** Whose starts a cap or a rate limits: a user's, or those of all users of a tenant. */
export interface Limited {
  readonly of: RuleOf;
  readonly name: string;
  /** Tasks here that could start if its limits let them. */
  readonly tasksHere: number;
  /** Its gate has said no, and it takes no turns. */
  readonly isBlocked: boolean;
  /** It has something to start, and a limit of the other level keeps that from starting. */
  readonly waitsForOther: boolean;
  /** The lane is one of its own. */
  add(lane: Lane<DeliveredTask>): void;
  has(lane: Lane<DeliveredTask>): boolean;
  setGate(gate: Gate | undefined): void;
  /** It takes turns again; see `Scheduler.letGo`. */
  letGo(credit: boolean): void;
}

/** `user "A"` */
export function textOf({ of, name }: Limited): string {
  return `${of} ${JSON.stringify(name)}`;
}

/** A user: one queue as a rule, and several where they have the same name. */
export class LimitedUser implements Limited {
  readonly of = 'user';
  readonly #lanes = new Set<Lane<DeliveredTask>>();

  /** @param onLetGo a task of its tenant may start that could not before */
  constructor(
    readonly name: string,
    private readonly scheduler: Pick<Scheduler<DeliveredTask>, 'setGate' | 'letGo'>,
    private readonly onLetGo: (tenant: string) => void,
  ) {}

  get tasksHere(): number {
    let count = 0;
    for (const lane of this.#lanes) count += lane.prefetched.size;
    return count;
  }

  get isBlocked(): boolean {
    return this.#some(({ blocked }) => blocked);
  }

  get waitsForOther(): boolean {
    return this.#some(({ tenant, prefetched }) => tenant?.blocked === true && prefetched.size > 0);
  }

  add(lane: Lane<DeliveredTask>): void {
    this.#lanes.add(lane);
  }

  has(lane: Lane<DeliveredTask>): boolean {
    return this.#lanes.has(lane);
  }

  setGate(gate: Gate | undefined): void {
    for (const lane of this.#lanes) this.scheduler.setGate(lane, gate);
  }

  letGo(credit: boolean): void {
    for (const lane of this.#lanes) {
      if (!lane.blocked) continue;
      this.scheduler.letGo(lane, credit);
      if (lane.tenant !== undefined) this.onLetGo(lane.tenant.name);
    }
  }

  #some(is: (lane: Lane<DeliveredTask>) => boolean): boolean {
    for (const lane of this.#lanes) if (is(lane)) return true;
    return false;
  }
}

/** A tenant, with all of its users. */
export class LimitedTenant implements Limited {
  readonly of = 'tenant';

  constructor(
    private readonly tenant: Tenant,
    private readonly tenants: Pick<Tenants, 'setGate' | 'letGo'>,
  ) {}

  get name(): string {
    return this.tenant.name;
  }

  /** Nothing is wanted for users that may not start by limits of their own. */
  get tasksHere(): number {
    return this.tenant.startable;
  }

  get isBlocked(): boolean {
    return this.tenant.blocked;
  }

  /** A user that has got what it lacked waits for its tenant, and not the other way round. */
  get waitsForOther(): boolean {
    return false;
  }

  add(): void {} // its scheduler knows them

  has(lane: Lane<DeliveredTask>): boolean {
    return lane.tenant === this.tenant;
  }

  setGate(gate: Gate | undefined): void {
    this.tenants.setGate(this.tenant, gate);
  }

  letGo(credit: boolean): void {
    this.tenants.letGo(this.tenant, credit);
  }
}
