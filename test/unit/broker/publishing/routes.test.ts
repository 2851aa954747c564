import { beforeEach, describe, expect, it } from 'vitest';
import type { OutgoingTask } from '../../../../src/broker/publishing/outgoing-task.js';
import type { Pending, Route } from '../../../../src/broker/publishing/route.js';
import { Routes } from '../../../../src/broker/publishing/routes.js';
import { namesFor } from '../../../../src/core/queues/names.js';

const MANY = 10_000;
let routes: Routes;
let number: number;

beforeEach(() => {
  number = 0;
  const nothing = () => {};
  const actions = { publish: nothing, makeQueue: nothing, noQueue: nothing, tryAlone: nothing };
  routes = new Routes(
    namesFor('fairq'),
    { isEndless: true },
    { isOn: false, needsOwn: () => false, queueByName: () => undefined, canMend: false },
    { ...actions, givenUp: nothing, refused: nothing, takesAll: nothing },
  );
});

function send(user: string): Pending {
  const task = { id: String(number), envelope: { user } } as OutgoingTask;
  const route: Route = routes.of(task);
  const pending: Pending = {
    id: task.id,
    task,
    route,
    number: number++,
    isSent: true,
    isDirect: false,
    isUnsure: false,
    nacks: 0,
  };
  route.last = pending.number;
  route.take(pending);
  return pending;
}

describe('the routes of a publisher without an end', () => {
  it('are forgotten where nothing is under way, once there are many', () => {
    const first = send('user-0');
    first.route.confirmed(first);
    routes.forgetIdle(() => number);
    expect(routes.of(first.task)).toBe(first.route);
    const sent = Array.from({ length: MANY - 1 }, (_, i) => send(`user-${i + 1}`));
    const slow = sent.at(-1)!;
    for (const pending of sent) if (pending !== slow) pending.route.confirmed(pending);
    routes.forgetIdle(() => slow.number);
    expect(routes.of(first.task)).not.toBe(first.route);
    expect(routes.of(slow.task)).toBe(slow.route);
  });

  it('stay where a queue does not take its tasks', () => {
    const full = send('full');
    full.route.nacked(full);
    const others = Array.from({ length: MANY }, (_, i) => send(`user-${i}`));
    for (const pending of others) pending.route.confirmed(pending);
    routes.forgetIdle(() => number);
    expect(routes.of(full.task)).toBe(full.route);
  });

  it('begin anew after a queue was given up', () => {
    const full = send('full');
    full.route.nacked(full);
    full.route.giveUp();
    routes.givenUp(full.route);
    expect(routes.of(full.task).state).toBe('unknown');
  });
});
