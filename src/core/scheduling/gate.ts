/**
 * Says whether a task of a lane may start at its turn: a pause, a cap or a rate. Most lanes have none. It is asked in
 * the middle of a choice, so it does not speak to the scheduler from within `take`; it does from anywhere else.
 */
export interface Gate {
  /**
   * At the lane's turn. True: it has what one start needs, until `ended` or `notStarted`. False: the lane takes no
   * turns, and the gate is not asked again, until the scheduler is told to let the lane go.
   */
  take(): boolean;
  /** A task that was let go has run: its handler has ended, or was given up. */
  ended(): void;
  /** A task that was let go has not started after all. */
  notStarted(): void;
  /** The handler of a task that was let go has begun. */
  started?(): void;
  /** The lane had nothing here, is blocked, and has got a task: what that needs may be asked for. */
  arrived?(): void;
  /** What was let go may run no longer: it is asked before a task begins late, and before one ends. */
  isLost?(): boolean;
  /** It stands for several, and this is one of them. */
  has?(gate: Gate): boolean;
}
