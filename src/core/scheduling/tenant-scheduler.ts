import { BothGates } from './both-gates.js';
import type { Gate } from './gate.js';
import { LaneScheduler } from './lane-scheduler.js';
import type { Before, Lane, LaneKey, Tenant, Tenants } from './scheduler.js';
import { TenantTable, type TenantTurns } from './tenant-table.js';
import { Turns } from './turns.js';

/**
 * Fairness on two levels: tenants take turns by start-time fair queueing, and at a tenant's turn its users do. So a
 * tenant has its share however many users it has, and the bound of `Turns` holds on both levels: between two tenants,
 * and between two users of one tenant. A pick is O(log tenants + log users of one).
 *
 * What is said of lanes in `FairScheduler` is true of tenants, too. A tenant rests when all of its users do. One whose
 * users are all blocked takes no turns, and comes back with the first of them that is let go.
 */
export class TenantScheduler<T> extends LaneScheduler<T> {
  readonly #table: TenantTable<T>;
  readonly #turns: Turns<TenantTurns<T>>;
  readonly #cost: (lane: Lane<T>) => number;
  /** Those that were served since the last `note`. */
  readonly #served = new Set<TenantTurns<T>>();

  /**
   * @param tenantOf whom a user belongs to
   * @param weightOf a user's share against the others of its tenant, above 0
   * @param cost what a task of this lane is charged when it starts, above 0; see `correct`
   */
  constructor(
    tenantOf: (user: string) => string,
    weightOf?: (user: string) => number,
    cost: (lane: Lane<T>) => number = () => 1,
  ) {
    const table = new TenantTable<T>();
    super(weightOf, (user) => table.of(tenantOf(user)));
    this.#table = table;
    this.#turns = new Turns(() => table.all());
    this.#cost = cost;
  }

  override get tenants(): Tenants {
    const table = this.#table;
    const setWeight = (tenant: Tenant, weight: number) => this.#turns.reweigh(table.of(tenant.name), weight);
    return {
      of: (name) => table.of(name),
      setWeight,
      reweigh: (weightOf) => {
        table.weightOf = weightOf;
        for (const tenant of table.all()) setWeight(tenant, weightOf(tenant.name));
      },
      setGate: (tenant, gate) => {
        if (gate === tenant.gate) return;
        tenant.gate = gate;
        this.#letGo(table.of(tenant.name), false);
      },
      letGo: ({ name }, credit) => this.#letGo(table.of(name), credit),
    };
  }

  override lane(user: string, key?: LaneKey): Lane<T> {
    const lane = super.lane(user, key);
    tenantOf(lane).lanes.add(lane);
    return lane;
  }

  override gateOf(lane: Lane<T>): Gate | undefined {
    const ofTenant = tenantOf(lane).gate;
    if (ofTenant === undefined || lane.gate === undefined) return ofTenant ?? lane.gate;
    return new BothGates(ofTenant, lane.gate);
  }

  before(lane: Lane<T>): Before | undefined {
    const tenant = tenantOf(lane);
    const [lanes, tenants] = [tenant.turns.before(lane), this.#turns.before(tenant)];
    return lanes === undefined || tenants === undefined ? undefined : { lanes, tenants };
  }

  correct(lane: Lane<T>, difference: number): void {
    const tenant = tenantOf(lane);
    tenant.turns.correct(lane, difference);
    this.#turns.correct(tenant, difference);
  }

  rest(lane: Lane<T>): void {
    if (lane.prefetched.size === 0 && !lane.resting) {
      lane.resting = true;
      tenantOf(lane).oneRests();
    }
  }

  note(moment: number): void {
    this.#turns.note(moment);
    // The clocks of the others have stood still.
    for (const { turns } of this.#served) turns.note(moment);
    this.#served.clear();
  }

  goOn(lane: Lane<T>, since: number): void {
    const tenant = tenantOf(lane);
    if (tenant.turns.goOn(lane, since)) tenant.awake++;
    if (tenant.resting) this.#turns.goOn(tenant, since);
  }

  arrange(lanes: readonly Lane<T>[]): void {
    for (const lane of lanes) tenantOf(lane).turns.arrange([lane]);
    this.#turns.arrange(new Set(lanes.map(tenantOf<T>)));
  }

  setWeight(lane: Lane<T>, weight: number): void {
    tenantOf(lane).turns.reweigh(lane, weight);
  }

  /** Its tenant may know it as one that is awake. */
  isPast(): boolean {
    return false;
  }

  protected first(): Lane<T> | undefined {
    return this.#turns.first?.turns.first;
  }

  protected begin(lane: Lane<T>): void {
    const tenant = tenantOf(lane);
    // Of somebody who comes anew nothing was on its way. What its blocked users have is no credit of the tenant.
    const late = lane.resting || tenant.blockedLanes > 0 ? 0 : lane.late;
    if (lane.resting) tenant.awake++;
    tenant.turns.begin(lane, lane.late);
    if (tenant.slot >= 0) return;
    if (lane.blocked) this.#turns.place(tenant, late);
    else this.#turns.begin(tenant, late);
  }

  protected served(lane: Lane<T>): void {
    const tenant = tenantOf(lane);
    const charge = this.#cost(lane);
    tenant.turns.served(lane, charge, lane.prefetched.size > 0);
    this.#turns.served(tenant, charge, tenant.turns.first !== undefined);
    this.#served.add(tenant);
  }

  protected changed(lane: Lane<T>): void {
    if (lane.prefetched.size > 0) return;
    const tenant = tenantOf(lane);
    tenant.turns.end(lane);
    this.#endIfNone(tenant);
  }

  protected block(lane: Lane<T>): void {
    const tenant = tenantOf(lane);
    tenant.blockedLanes++;
    tenant.turns.block(lane);
    this.#endIfNone(tenant);
  }

  protected unblock(lane: Lane<T>, credit: boolean): void {
    const tenant = tenantOf(lane);
    tenant.blockedLanes--;
    const goesOn = lane.prefetched.size > 0;
    tenant.turns.letGo(lane, credit, goesOn);
    if (goesOn && tenant.slot < 0 && !tenant.blocked) this.#turns.letGo(tenant, credit, true);
  }

  /** Nothing is held of the one gate while the other says no. */
  protected override passes(lane: Lane<T>): boolean {
    const tenant = tenantOf(lane);
    if (tenant.gate !== undefined && !tenant.gate.take()) {
      this.heldOf(tenant, true);
      this.#turns.block(tenant);
      return false;
    }
    if (super.passes(lane)) return true;
    tenant.gate?.notStarted();
    return false;
  }

  #letGo(tenant: TenantTurns<T>, credit: boolean): void {
    if (!tenant.blocked) return;
    this.heldOf(tenant, false);
    this.#turns.letGo(tenant, credit, tenant.turns.first !== undefined);
  }

  #endIfNone(tenant: TenantTurns<T>): void {
    if (tenant.turns.first === undefined) this.#turns.end(tenant);
  }
}

/** Every lane of this scheduler was made with one of its tenants. */
function tenantOf<T>(lane: Lane<T>): TenantTurns<T> {
  return lane.tenant as TenantTurns<T>;
}
