import type { RunningTask } from '../../../broker/control/control.js';
import type { ToldHeldTask } from '../../../broker/control/held-answer.js';
import type { RunningAnswer } from '../../../broker/control/running-question.js';
import type { TasksAtWorker } from '../../../core/events/whereabouts.js';
import type { Clock } from '../../../core/values/clock.js';
import type { Answers, OwnState } from '../peers/presence.js';
import { longestRunning, told } from '../slots/running-now.js';
import { SlotsInUse } from '../slots/slots-in-use.js';
import type { TaskPath } from '../task-path.js';
import { tasksHere } from './tasks-here.js';

/** What a worker says of itself, and answers to others who ask. */
export class WorkerAnswers implements Answers {
  readonly #slotsInUse: SlotsInUse;
  /** It has taken up every queue that there was. */
  isReady = false;

  /** @param slots how many the worker has */
  constructor(
    private readonly path: TaskPath,
    slots: number,
    private readonly clock: Clock,
    /** The revision of the policy that the worker goes by; undefined where it cannot know. */
    private readonly policy: () => number | undefined = () => undefined,
  ) {
    this.#slotsInUse = new SlotsInUse(path.runner, slots, clock);
  }

  state(): OwnState {
    const { runner, rebalancer } = this.path;
    const [longest] = runner.tasks;
    return {
      free: Math.max(0, Math.min(rebalancer.idleSlots, runner.free)),
      busy: this.#slotsInUse.measure(),
      ready: this.isReady,
      longest: longest && told(longest),
      policy: this.policy(),
    };
  }

  leave(queues: readonly string[]): Promise<{ left: string[]; kept: string[] }> {
    return this.path.intake.leaving.leave(queues);
  }

  running(id: string): RunningTask | undefined {
    const run = this.path.runner.tasks.find(id);
    if (run === undefined) return undefined;
    const { user, run: load, attempt, intendedAt } = run.envelope;
    return { user, run: load, attempt, enqueued: intendedAt, started: run.startedAt };
  }

  heldBack(id: string): ToldHeldTask | undefined {
    return this.path.crashes?.heldBack(id);
  }

  longestRunning(longerThanMs: number, limit: number): Pick<RunningAnswer, 'total' | 'tasks'> {
    const startedBy = this.clock.epochMicros() - longerThanMs * 1_000;
    return longestRunning(this.path.runner.tasks, startedBy, limit);
  }

  census(): TasksAtWorker[] {
    const { intake, scheduler, retries } = this.path;
    const queues = [...intake.served.byName.values()];
    return tasksHere({
      running: this.path.unsettled(),
      prefetched: [...queues.flatMap(({ lane }) => [...lane.prefetched]), ...scheduler.apart],
      retrying: retries.held(),
    });
  }
}
