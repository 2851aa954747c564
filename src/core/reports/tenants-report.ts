import type { Percentiles, RunReport } from './run-report.js';

/** A run as seen by its tenants: `tenants` of `report --tenant-of --json`. */
export interface TenantsReport {
  /** The rule as it was given: `prefix:/`. */
  readonly tenantOf: string;
  /** Jain's index between the tenants at half of the completions. */
  readonly jainAtHalf: number;
  /** How far the worst-served tenant was behind its fair share, in tasks. */
  readonly maxLagTasks: number;
  readonly maxLagTenant: string | null;
  readonly tenants: readonly TenantReport[];
}

export interface TenantReport {
  readonly tenant: string;
  readonly users: number;
  /** Completed tasks. */
  readonly tasks: number;
  /** Published and not completed; null where unknown. */
  readonly missing: number | null;
  readonly dwellMs: Percentiles | null;
  /** How far it was behind its fair share among the tenants at the worst moment, in tasks. */
  readonly maxLagTasks: number;
  /** How its users fared among themselves, by what the tenant got; null for one user. */
  readonly inside: {
    readonly jainAtHalf: number;
    readonly maxLagTasks: number;
    readonly maxLagUser: string | null;
  } | null;
}

export interface RunWithTenants extends RunReport {
  /** Undefined where nobody has said whom users belong to. */
  readonly tenants?: TenantsReport | undefined;
}
