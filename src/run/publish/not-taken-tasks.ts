import type { NotTaken, OutgoingTask } from '../../broker/publishing/publisher.js';
import type { NotTakenTasks } from '../../core/reports/publish-report.js';

/** Tasks that the broker has not taken, counted by why and whose they are. */
export class NotTakenByUser {
  readonly #counts = new Map<string, NotTakenTasks>();

  add(task: OutgoingTask, { kind, text: reason, isUnsure }: NotTaken): void {
    const { user } = task.envelope;
    const key = JSON.stringify([kind, user, isUnsure]);
    const { tasks, ...first } = this.#counts.get(key) ?? {
      user,
      tasks: 0,
      code: kind === 'backlog-full' ? 'BACKLOG_FULL' : 'TASK_NOT_TAKEN',
      reason: isUnsure
        ? `${reason}; it was sent before on a connection that was lost, and may be there`
        : reason,
      firstId: task.id,
      firstLine: task.line ?? null,
    };
    this.#counts.set(key, { ...first, tasks: tasks + 1 });
  }

  all(): NotTakenTasks[] {
    return [...this.#counts.values()];
  }
}
