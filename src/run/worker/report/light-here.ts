import { MOST_LIGHT_TOLD } from '../../../broker/control/light-tasks.js';
import { toldText } from '../../../broker/control/running-question.js';
import { completeEnvelope, decodeEnvelope } from '../../../core/message/envelope.js';
import type { LightTasks, ToldLightUser } from '../../../core/top/light-tasks.js';
import type { SpreadQueue } from '../intake/spread-queue.js';
import type { DeliveredTask } from '../task/delivered-task.js';

interface Waiting {
  readonly user: string;
  tasks: number;
  /** Of those that are next in a queue, the one that came here first. */
  first: DeliveredTask;
}

/** What waits here of users that share queues. A user may have tasks in two of them, after their number has changed. */
export function lightHere(spread: Iterable<Pick<SpreadQueue, 'users'>>): LightTasks {
  const waiting = new Map<string, Waiting>();
  let [queues, tasks] = [0, 0];
  for (const { users } of spread) {
    queues++;
    for (const { lane } of users) {
      const { size, first } = lane.prefetched;
      if (first === undefined) continue;
      tasks += size;
      const known = waiting.get(lane.user);
      if (known === undefined) waiting.set(lane.user, { user: lane.user, tasks: size, first });
      else {
        known.tasks += size;
        if (first.arrivedAt < known.first.arrivedAt) known.first = first;
      }
    }
  }
  const most = [...waiting.values()]
    .sort((a, b) => b.tasks - a.tasks || a.first.arrivedAt - b.first.arrivedAt)
    .slice(0, MOST_LIGHT_TOLD);
  return { queues, users: waiting.size, tasks, most: most.map(told) };
}

function told({ user, tasks, first }: Waiting): ToldLightUser {
  const envelope = decodeEnvelope(first.message.properties.headers);
  const { intendedAt } = completeEnvelope(envelope, user, first.arrivedAt);
  return { user: toldText(user), tasks, oldest: intendedAt };
}
