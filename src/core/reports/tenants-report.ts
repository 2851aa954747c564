import type { RunReport } from './run-report.js';
import type { BetweenUnits, UnitReport } from './units-report.js';

/** A run as seen by its tenants: `tenants` of `report --tenant-of --json`. */
export interface TenantsReport extends BetweenUnits {
  /** The rule as it was given: `prefix:/`. */
  readonly tenantOf: string;
  readonly maxLagTenant: string | null;
  readonly tenants: readonly TenantReport[];
}

export interface TenantReport extends UnitReport {
  readonly tenant: string;
  /** The most attempts of its users that ran at once; as in `RunReport`. */
  readonly mostRunning: number;
  /** Of its tasks that have not completed: how many run, and of how many it is not known; null where nobody has looked. */
  readonly running: number | null;
  readonly unknown: number | null;
}

export interface RunWithTenants extends RunReport {
  /** Undefined where nobody has said whom users belong to. */
  readonly tenants?: TenantsReport | undefined;
}
