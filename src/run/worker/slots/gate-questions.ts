import type { Gate } from '../../../core/scheduling/gate.js';
import type { DeliveredTask } from '../task/delivered-task.js';
import type { Admission, RedeliveryGate } from './redelivery-gate.js';

export interface Asked {
  readonly task: DeliveredTask;
  /** What its user was charged when it was next. */
  readonly charge: number;
  /** What has let it go. */
  readonly gate: Gate | undefined;
}

/** Asks the gate about tasks that were delivered before: about all of a burst at once. They have their slots meanwhile. */
export class GateQuestions {
  #collected: Asked[] = [];
  #unanswered = 0;

  constructor(
    private readonly gate: RedeliveryGate,
    private readonly onAnswer: (asked: Asked, admission: Admission) => void,
    /** All answers to one question have been told. */
    private readonly onAnswered: () => void,
  ) {}

  /** Tasks that the gate has not answered for, or has not been asked about yet. */
  get open(): number {
    return this.#collected.length + this.#unanswered;
  }

  add(asked: Asked): void {
    this.#collected.push(asked);
  }

  /** Asks about those that were added. */
  ask(): void {
    if (this.#collected.length === 0) return;
    const asked = this.#collected;
    this.#collected = [];
    this.#unanswered += asked.length;
    this.gate.admit(asked.map(({ task }) => task)).then((admissions) => {
      this.#unanswered -= asked.length;
      asked.forEach((one, i) => {
        this.onAnswer(one, admissions[i]!);
      });
      this.onAnswered();
    });
  }
}
