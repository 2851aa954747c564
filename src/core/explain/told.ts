/** What workers tell of why something waits. Times are milliseconds. */

/** Why a lane takes no turns. `other`: a gate of which nothing more is known. */
export type Blocked = 'pause' | 'cap' | 'rate' | 'tenant' | 'other';

/** What a worker has of one queue. */
export interface ToldLane {
  readonly queue: string;
  readonly user: string;
  readonly running: number;
  /** A slot is all that they need. */
  readonly prefetched: number;
  /** Held back, since they may have ended a worker. */
  readonly heldBack: number;
  /** Users whose turns come before the next one of this; null where it takes none now. */
  readonly before: number | null;
  /** Where fairness has two levels: tenants whose turns come before. */
  readonly tenantsBefore?: number;
  readonly tenant?: string;
  readonly weight: number;
  /** Its part by weight among the users with tasks here, and of the slots; parts of 1. */
  readonly ofWeight: number;
  readonly ofSlots: number;
  /** Recent run time of its tasks; null before the first has ended. */
  readonly taskMs: number | null;
  readonly blocked?: Blocked;
  /** In hand, those in use included; undefined where there is no cap. */
  readonly permits?: number;
  /** Until the next token may come; undefined where there is no rate or that is not known. */
  readonly nextTokenMs?: number;
  /** Tasks of its user that wait here for their next attempt, and in how long the first of them is due. */
  readonly retrying: number;
  readonly retryInMs?: number;
}

export interface ToldTenant {
  readonly name: string;
  readonly weight: number;
  readonly running: number;
  readonly prefetched: number;
  /** Its users whose queues are consumed here, the first of them by name. */
  readonly users: readonly string[];
  readonly userCount: number;
  /** Its part of the slots, of 1. */
  readonly ofSlots: number;
  /** Tenants whose turns come before; null where it takes none now. */
  readonly before: number | null;
  readonly blocked?: Blocked;
}

export interface ToldPlace {
  /** Tasks of the same queue that start before it. */
  readonly ahead: number;
}

export interface SilentPeer {
  readonly id: string;
  readonly name: string;
  readonly forMs: number;
}
