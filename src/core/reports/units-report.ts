import type { Percentiles } from './run-report.js';

/** How units that take turns fared with one another: groups that share queues, or tenants. */
export interface BetweenUnits {
  /** Jain's index between the units at half of the completions. */
  readonly jainAtHalf: number;
  /** How far the worst-served unit was behind its fair share, in tasks. */
  readonly maxLagTasks: number;
}

/** How one of them fared. */
export interface UnitReport {
  readonly users: number;
  /** Completed tasks. */
  readonly tasks: number;
  /** Published and not completed; null where unknown. */
  readonly missing: number | null;
  readonly dwellMs: Percentiles | null;
  /** How far it was behind its fair share among the units at the worst moment, in tasks. */
  readonly maxLagTasks: number;
  /** How its users fared among themselves, by what the unit got; null for one user. */
  readonly inside: InsideReport | null;
}

export interface InsideReport {
  readonly jainAtHalf: number;
  readonly maxLagTasks: number;
  readonly maxLagUser: string | null;
}
