import type { MillionSizes } from '../../../core/reports/million-report.js';

/** As it is played where nothing else is asked for. */
const USUAL: MillionSizes = {
  newUsers: 10_000,
  tasksEach: 10,
  idleUsers: 100_000,
  crowd: { users: 100_000, tasks: 200_000, bursts: 20, burstTasks: 2_000 },
  burst: { lightUsers: 10_000, tasksEach: 2, lightMs: 40, tasks: 30_000, heavyMs: 2 },
};

/** Of the burst: so many that slots are what tasks wait for, and the processors are not. */
export const SLOTS = { workers: 2, concurrency: 20 };

/** A queue each is played with so many of the users and tasks: making queues for all takes minutes. */
const PART_OF_A_QUEUE_EACH = 0.1;

/**
 * How long tasks take, how many each user has and how many users burst stays: that is what the load is like.
 *
 * @param scale of how many there are; 10 makes it a million users
 */
export function sizesAt(scale: number): MillionSizes {
  const { newUsers, idleUsers, crowd, burst } = USUAL;
  const times = (count: number) => Math.max(1, Math.round(count * scale));
  return {
    ...USUAL,
    newUsers: times(newUsers),
    idleUsers: times(idleUsers),
    crowd: {
      ...crowd,
      users: times(crowd.users),
      tasks: times(crowd.tasks),
      burstTasks: times(crowd.burstTasks),
    },
    burst: { ...burst, lightUsers: times(burst.lightUsers), tasks: times(burst.tasks) },
  };
}

export function sizesOfAQueueEach(scale: number): MillionSizes {
  return sizesAt(scale * PART_OF_A_QUEUE_EACH);
}
