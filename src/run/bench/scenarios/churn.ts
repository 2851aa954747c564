import { driftWhileBackloggedTogether } from '../../../core/measures/backlogged-together.js';
import { seededRandom } from '../../../core/values/random.js';
import { meanRunMs } from '../bench-measures.js';
import type { Schedule } from '../load.js';
import type { Scenario, ScenarioSettings } from '../scenario.js';
import { BY_STRATEGY } from '../trial.js';

const USERS = 40;
const BURSTS_EACH = 3;
/** Within a burst; faster and the way to the broker would be what is measured. */
const EVERY_MS = 0.5;
const SHORTEST_MS = 2;
const LONGEST_MS = 6;
const LASTS_MS = 6_000;
const JOINS_AT_MS = 2_000;
const LEAVES_AT_MS = 4_000;
/** Each worker keeps 20 ms of work at hand, and as much is on its way from the broker while that runs. */
const DRIFT_MS = 40;

const users = Array.from({ length: USERS }, (_, i) => `user-${i + 1}`);

/** Nothing stays as it is: users come, send a lot or a little and fall silent, workers join and leave. */
export const churn: Scenario = {
  name: 'churn',
  summary: () =>
    '40 users send bursts of Zipf sizes at random moments; a worker joins and one leaves: is the bound kept?',
  defaults: { workers: 2, concurrency: 4, total: 12_835 },
  cases: BY_STRATEGY,
  async script(trial, settings) {
    const { scale } = settings;
    if (trial.options.strategy !== 'fifo') await trial.makeQueues(users);
    const [first] = trial.startWorkers();
    await trial.workersReady();
    await Promise.all([
      trial.publishSchedule(scheduleOf(settings)),
      trial.pass(JOINS_AT_MS * scale).then(() => trial.startWorkers(1)),
      trial.pass(LEAVES_AT_MS * scale).then(() => first?.stop()),
    ]);
    await trial.workersEnd();
  },
  // One worker keeps its users within two tasks of each other; several know only what each of them holds.
  claims: ({ workers, concurrency }) => [
    {
      name: 'drift, both backlogged',
      unit: 'tasks',
      of: ({ events }) => driftWhileBackloggedTogether(events),
    },
    {
      name: 'drift, as work of all slots',
      unit: 'ms',
      of: ({ events }) =>
        (driftWhileBackloggedTogether(events) * meanRunMs(events)) / (workers * concurrency),
      atMost: DRIFT_MS,
    },
  ],
};

/** The k-th user's bursts are of 1/k of the largest, at moments drawn from the seed. */
function scheduleOf({ seed, total, scale }: ScenarioSettings): Schedule {
  const random = seededRandom(seed);
  const shares = users.reduce((sum, _, i) => sum + 1 / (i + 1), 0);
  const largest = total / (BURSTS_EACH * shares);
  const bursts = Array.from({ length: USERS * BURSTS_EACH }, (_, i) => {
    const dueMs = random() * LASTS_MS * scale;
    const rank = (i % USERS) + 1;
    return Array.from({ length: Math.ceil(largest / rank) }, (_, k) => ({
      user: `user-${rank}`,
      dueMs: dueMs + k * EVERY_MS * scale,
      durationMs: (SHORTEST_MS + random() * (LONGEST_MS - SHORTEST_MS)) * scale,
    }));
  });
  return bursts.flat().sort((a, b) => a.dueMs - b.dueMs);
}
