import { randomUsers } from '../../../core/load/workload.js';
import type { MillionSizes } from '../../../core/reports/million-report.js';
import { seededRandom } from '../../../core/values/random.js';
import type { Schedule, ScheduledTask } from '../load.js';

/** Who sends far more than the others is called so, in both loads. */
const HEAVY = 'heavy-';

export function isHeavy(user: string): boolean {
  return user.startsWith(HEAVY);
}

/** One user's burst, and then the light users' tasks in turns: whoever comes after the burst finds it in the way. */
export function burstLoad({ burst }: MillionSizes, withBurst: boolean): Schedule {
  const { lightUsers, tasksEach, lightMs, tasks, heavyMs } = burst;
  const heavy = Array.from({ length: withBurst ? tasks : 0 }, () => taskOf(`${HEAVY}1`, heavyMs));
  const light = Array.from({ length: tasksEach * lightUsers }, (_, i) =>
    taskOf(`light-${(i % lightUsers) + 1}`, lightMs),
  );
  return [...heavy, ...light];
}

/** Users by Zipf's law in random order. Others burst, each at a moment of its own. */
export function crowdLoad({ crowd }: MillionSizes, seed: number): Schedule {
  const { users, tasks, bursts, burstTasks } = crowd;
  const { users: names, indices } = randomUsers(users, tasks, 'zipf', seededRandom(seed));
  const load: ScheduledTask[] = [];
  const every = Math.max(1, Math.ceil(tasks / bursts));
  let sent = 0;
  for (const index of indices()) {
    if (sent % every === 0) {
      const burster = `${HEAVY}${sent / every + 1}`;
      for (let i = 0; i < burstTasks; i++) load.push(taskOf(burster, 0));
    }
    sent++;
    load.push(taskOf(names[index]!, 0));
  }
  return load;
}

function taskOf(user: string, durationMs: number): ScheduledTask {
  return { user, dueMs: 0, durationMs };
}
