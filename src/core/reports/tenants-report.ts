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
}

export interface RunWithTenants extends RunReport {
  /** Undefined where nobody has said whom users belong to. */
  readonly tenants?: TenantsReport | undefined;
}
