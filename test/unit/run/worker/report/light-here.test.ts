import { describe, expect, it } from 'vitest';
import { decode } from '../../../../../src/broker/control/control.js';
import type { LightUser } from '../../../../../src/run/worker/intake/spread-queue.js';
import { lightHere } from '../../../../../src/run/worker/report/light-here.js';

const SENT = 1_700_000_000_000_000;

/** @param sent for each of its tasks that waits, when it was sent: so many microseconds after the others */
function light(user: string, ...sent: number[]): LightUser {
  const tasks = sent.map((after) => ({
    arrivedAt: SENT + after,
    message: { properties: { headers: { 'x-fairq': `1 1 1 ${SENT + after} 0 run ${user}` } } },
  }));
  return { lane: { user, prefetched: { size: tasks.length, first: tasks[0] } } } as unknown as LightUser;
}

describe('what a worker says of users that share queues', () => {
  it('is how much waits of whom, and since when', () => {
    const queues = [{ users: [light('a', 7), light('b', 3, 9)] }, { users: [light('c')] }];
    expect(lightHere(queues)).toEqual({
      queues: 2,
      users: 2,
      tasks: 3,
      most: [
        { user: 'b', tasks: 2, oldest: SENT + 3 },
        { user: 'a', tasks: 1, oldest: SENT + 7 },
      ],
    });
  });

  it('counts a user once that has tasks in two of them', () => {
    const queues = [{ users: [light('a', 7)] }, { users: [light('a', 2, 8)] }];
    expect(lightHere(queues)).toMatchObject({ users: 1, tasks: 3, most: [{ tasks: 3, oldest: SENT + 2 }] });
  });

  it('names fifty of them at most, those with most tasks, and then those that came first', () => {
    const many = Array.from({ length: 100 }, (_, i) => light(`u${i}`, 100 - i));
    const here = lightHere([{ users: [...many, light('heavy', 200, 201)] }]);
    expect(here).toMatchObject({ users: 101, tasks: 102 });
    expect(here.most).toHaveLength(50);
    expect(here.most.slice(0, 2).map(({ user }) => user)).toEqual(['heavy', 'u99']);
  });

  it('is read as it was said, whatever the users are called', () => {
    const users = [light('ü'.repeat(600), 1), light('b', 2)];
    const said = { kind: 'light-here', request: 'r', worker: 'w', ...lightHere([{ users }]) };
    expect(decode(Buffer.from(JSON.stringify(said)))).toEqual(said);
  });
});
