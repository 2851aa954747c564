/** Where the tasks of a user are in the order of completion, from 1. */
export interface SimulatedPositions {
  readonly user: string;
  readonly firstCompletionPosition: number;
  readonly lastCompletionPosition: number;
}

/** What `fairq simulate --json` prints, as far as tests read it. */
export interface SimulationDocument {
  readonly workers: number;
  readonly concurrency: number;
  readonly results: readonly {
    readonly strategy: string;
    readonly makespanMs: number;
    readonly jainAtHalf: number;
    readonly promotions: number;
    readonly moved: number;
    readonly users: readonly SimulatedPositions[];
  }[];
}
