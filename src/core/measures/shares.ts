/** What the ideal splits service by: who counts how much, from which moment on. Times are microseconds since the epoch. */
export interface Shares {
  /** Above 0, or 0: it is not to be served then. */
  weightOf(user: string, at: number): number;
  /** Moments at which weights may change, ascending. */
  readonly changes: readonly number[];
  /** Service is split between tenants first; undefined where there are none. */
  readonly tenants?: TenantShares | undefined;
}

export interface TenantShares {
  tenantOf(user: string): string;
  /** As of users. */
  weightOf(tenant: string, at: number): number;
}

/** The same from the beginning to the end. */
export function lasting(weightOf: (user: string) => number): Shares {
  return { weightOf, changes: [] };
}
