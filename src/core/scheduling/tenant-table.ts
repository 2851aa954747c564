import type { Gate } from './gate.js';
import type { Lane, Tenant } from './scheduler.js';
import { Turns } from './turns.js';

/** Moments that a tenant's own clock remembers: there may be very many tenants. */
const MOMENTS = 32;

/** A tenant, and the turns that its users take inside of it. */
export class TenantTurns<T> implements Tenant {
  gate: Gate | undefined;
  startable = 0;
  virtual = 0;
  charge = 0;
  tie = 0;
  resting = true;
  blocked = false;
  slot = -1;
  readonly lanes = new Set<Lane<T>>();
  readonly turns = new Turns<Lane<T>>(() => this.lanes, MOMENTS);
  /** Lanes that do not rest. */
  awake = 0;
  blockedLanes = 0;

  constructor(
    readonly name: string,
    public weight: number,
  ) {}

  /** One of its users has run out. It rests when all have. */
  oneRests(): void {
    this.awake--;
    this.resting = this.awake === 0;
  }
}

/** All tenants, each made on first sight. */
export class TenantTable<T> {
  readonly #byName = new Map<string, TenantTurns<T>>();
  weightOf: (name: string) => number = () => 1;

  of(name: string): TenantTurns<T> {
    let tenant = this.#byName.get(name);
    if (tenant === undefined) {
      tenant = new TenantTurns<T>(name, this.weightOf(name));
      this.#byName.set(name, tenant);
    }
    return tenant;
  }

  all(): Iterable<TenantTurns<T>> {
    return this.#byName.values();
  }
}
