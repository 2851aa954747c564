import type { TaskRun } from './task-run.js';

/** Says once that an envelope makes no sense: whoever writes one wrong envelope writes many. */
export class EnvelopeWarning {
  #isSaid = false;

  constructor(private readonly warn: (text: string) => void) {}

  say({ task: { id, queue } }: TaskRun, fault: string): void {
    if (this.#isSaid) return;
    this.#isSaid = true;
    this.warn(
      `task ${id} of the queue ${JSON.stringify(queue.name)} has a wrong x-fairq header: ${fault}. It runs as if what is wrong were not there, and more of them are not said`,
    );
  }
}
