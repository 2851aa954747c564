import { atLeast, least, nothingLost, type Scenario } from '../scenario.js';

const USERS = 3;
const TASKS_EACH = 3;
const TASK_MS = 200;

/** Three workers with one slot each, three users: does every loop of three starts serve all three? */
export const loop: Scenario = {
  name: 'loop',
  summary: 'three workers of one slot, three users with three tasks of 200 ms: who starts when?',
  defaults: { workers: 3, concurrency: 1, countA: 0, countB: 0 },
  strategies: ['fair'],
  showsStarts: true,
  rounds: 1,
  async script(trial) {
    for (let user = 1; user <= USERS; user++) {
      await trial.publish({ user: `Q${user}`, count: TASKS_EACH, task: 'sleep', duration: TASK_MS });
    }
    await trial.workToTheEnd();
  },
  checks(results) {
    const loops = results
      .filter(({ strategy }) => strategy === 'fair')
      .map(({ rounds }) =>
        atLeast(
          'fair: loops of three starts that serve three users',
          least(rounds, ({ starts }) => fullLoops(starts)),
          TASKS_EACH,
        ),
      );
    return [...loops, ...nothingLost(results)];
  },
};

function fullLoops(starts: readonly string[]): number {
  let full = 0;
  for (let i = 0; i + USERS <= starts.length; i += USERS) {
    if (new Set(starts.slice(i, i + USERS)).size === USERS) full++;
  }
  return full;
}
