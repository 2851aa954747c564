import type { Gate } from '../../../core/scheduling/gate.js';

/** What a gate asks of the limits that it stands for. */
export interface GateKeeper {
  take(): boolean;
  started(): void;
  ended(): void;
  notStarted(): void;
  arrived(): void;
  isLost(): boolean;
}

/**
 * The gate of one user or tenant, for as long as its permits are what they are. When they are lost another gate takes its
 * place: what this one has let go frees no permit of that one.
 */
export class LimitGate implements Gate {
  #keeper: GateKeeper | undefined;

  constructor(keeper: GateKeeper) {
    this.#keeper = keeper;
  }

  take(): boolean {
    return this.#keeper?.take() ?? false;
  }

  started(): void {
    this.#keeper?.started();
  }

  ended(): void {
    this.#keeper?.ended();
  }

  notStarted(): void {
    this.#keeper?.notStarted();
  }

  arrived(): void {
    this.#keeper?.arrived();
  }

  isLost(): boolean {
    return this.#keeper?.isLost() ?? true;
  }

  /** It stands for nothing any more. */
  end(): void {
    this.#keeper = undefined;
  }
}
