/** A message in the event stream that the broker has confirmed. */
export interface WrittenCompletions {
  /** Its body. */
  readonly text: string;
  /** How much had been acknowledged when it was sent, as a number that only the intake reads. */
  readonly acknowledgedBefore: number;
}
