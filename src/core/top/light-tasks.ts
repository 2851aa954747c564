/** What has come to a worker out of queues that light users share, and has not started. */
export interface LightTasks {
  /** How many shared queues it serves. */
  readonly queues: number;
  /** Whose tasks wait there, told of or not. */
  readonly users: number;
  readonly tasks: number;
  /** Those of whom most waits, from the most. */
  readonly most: readonly ToldLightUser[];
}

export interface ToldLightUser {
  readonly user: string;
  /** How many of its tasks wait there. */
  readonly tasks: number;
  /** When the first of them was sent; microseconds since the epoch. */
  readonly oldest: number;
}
