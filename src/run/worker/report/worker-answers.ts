import type { RunningTask } from '../../../broker/control/control.js';
import type { ToldHeldTask } from '../../../broker/control/held-answer.js';
import type { RunningAnswer } from '../../../broker/control/running-question.js';
import type { Because, WhyQuestion } from '../../../broker/control/why.js';
import type { TasksAtWorker } from '../../../core/events/whereabouts.js';
import type { LightTasks } from '../../../core/top/light-tasks.js';
import type { Clock } from '../../../core/values/clock.js';
import type { QueueFilter } from '../discovery/queue-filter.js';
import type { Peers } from '../peers/peers.js';
import type { Answers, OwnState } from '../peers/presence.js';
import { longestRunning, told } from '../slots/running-now.js';
import { SlotsInUse } from '../slots/slots-in-use.js';
import type { TaskPath } from '../task-path.js';
import { lightHere } from './light-here.js';
import { tasksHere } from './tasks-here.js';
import { whyHere } from './why-here.js';

/** What a worker's answers need to know beside its tasks. */
export interface AboutWorker {
  /** The revision of the policy that it goes by; undefined where it cannot know. */
  readonly policy: { readonly revision: number | undefined };
  readonly filter: Pick<QueueFilter, 'matches'>;
  readonly peers: Pick<Peers, 'silent'>;
}

/** What a worker says of itself, and answers to others who ask. */
export class WorkerAnswers implements Answers {
  readonly #slotsInUse: SlotsInUse;
  /** It has taken up every queue that there was. */
  isReady = false;

  /** @param slots how many the worker has */
  constructor(
    private readonly path: TaskPath,
    private readonly slots: number,
    private readonly clock: Clock,
    private readonly about: AboutWorker,
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
      policy: this.about.policy.revision,
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

  because(question: WhyQuestion): Because {
    const { filter, peers } = this.about;
    return whyHere(question, {
      path: this.path,
      slots: this.slots,
      state: this.state(),
      serves: (queue) => filter.matches(queue),
      silent: peers.silent(this.clock.now()),
    });
  }

  light(): LightTasks {
    return lightHere(this.path.intake.served.spread);
  }

  census(): TasksAtWorker[] {
    const { intake, scheduler, retries, runner, outcomes } = this.path;
    const users = [...intake.users()];
    return tasksHere({
      running: runner.tasks.delivered(),
      ended: outcomes.unsettled(),
      prefetched: [...users.flatMap(({ lane }) => [...lane.prefetched]), ...scheduler.apart],
      retrying: retries.held(),
    });
  }
}
