export interface Clock {
  /** Milliseconds since some fixed moment; never goes back. */
  now(): number;
  /** Microseconds since the Unix epoch, whole; advances with `now`. */
  epochMicros(): number;
}
