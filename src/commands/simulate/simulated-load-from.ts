import { usageError } from '../../core/errors/errors.js';
import { evenly, unpaced } from '../../core/load/pacing.js';
import { LAST_DUE_MS, MOST_DAYS, MOST_TASKS, MOST_USERS } from '../../core/simulation/bounds.js';
import { SIMULATED_SCENARIOS, type SimulatedScenario } from '../../core/simulation/scenario-loads.js';
import { durationsFrom, loadInSteps, type SimulatedLoad } from '../../core/simulation/simulated-load.js';
import { seededRandom } from '../../core/values/random.js';
import { workloadFrom } from '../../run/publish/asked-workload.js';
import { readArrivals } from '../../run/simulate/arrivals-file.js';
import type { SimulateFlags } from './simulate-command.js';

const SHORT = { least: 5, most: 5 };

/** Flags that make a load, under the names that people type. */
const OF_A_LOAD = [
  ['user', '--user'],
  ['count', '--count'],
  ['users', '--users'],
  ['total', '--total'],
  ['rate', '--rate'],
  ['from', '--from'],
] as const;
const SIZES = [
  ['countA', '--count-a'],
  ['countB', '--count-b'],
] as const;

/** The scenario that is named; throws where there is none of the name. */
export function scenarioFrom({ scenario: name }: SimulateFlags): SimulatedScenario | undefined {
  if (name === undefined) return undefined;
  const scenario = SIMULATED_SCENARIOS.find((one) => one.name === name);
  if (scenario !== undefined) return scenario;
  throw usageError('NO_SUCH_SCENARIO', `there is no load "${name}" to simulate`, {
    hint: `Give one of ${SIMULATED_SCENARIOS.map((one) => one.name).join(', ')}, or make a load with --users and --total, or read one with --from FILE.`,
  });
}

/**
 * The load that a command line asks for: of a scenario, of a file, or as `fairq publish` makes it of the same flags.
 *
 * @param toTheEnd does what comes in steps
 */
export async function simulatedLoadFrom(
  flags: SimulateFlags,
  scenario: SimulatedScenario | undefined,
  stdin: NodeJS.ReadableStream,
  toTheEnd: <Result>(steps: Generator<unknown, Result>) => Promise<Result>,
): Promise<SimulatedLoad> {
  checkSizes(flags, scenario);
  const durations = seededRandom(flags.seed + 1);
  if (scenario !== undefined) {
    refuse(flags, OF_A_LOAD, scenario.name, 'The scenario says whose tasks there are.');
    return scenario.load(flags, seededRandom(flags.seed));
  }
  const { from, duration = SHORT } = flags;
  if (from !== undefined) {
    const others = OF_A_LOAD.filter(([name]) => name !== 'from');
    refuse(flags, others, '--from', 'The file says whose tasks these are, and when they arrive.');
    const limits = { mostTasks: MOST_TASKS, mostUsers: MOST_USERS };
    return readArrivals(from, stdin, { durationOf: durationsFrom(duration, durations), ...limits });
  }
  const workload = workloadFrom(flags, seededRandom(flags.seed));
  if (workload.total > MOST_TASKS) {
    throw usageError('TOO_MANY_TASKS', `${workload.total} tasks are more than ${MOST_TASKS}`, {
      hint: 'Simulate fewer users, or fewer tasks of each.',
    });
  }
  const pacing = flags.rate === undefined ? unpaced : evenly(flags.rate);
  if (pacing.dueAt(workload.total - 1) > LAST_DUE_MS) {
    throw usageError(
      'RATE_TOO_LOW',
      `--rate: the last of ${workload.total} tasks would arrive after more than ${MOST_DAYS} days`,
      {
        hint: 'Give a higher rate, or fewer tasks.',
      },
    );
  }
  return toTheEnd(loadInSteps(workload, pacing, duration, durations));
}

function checkSizes(flags: SimulateFlags, scenario: SimulatedScenario | undefined): void {
  for (const [size, flag] of SIZES) {
    if (flags[size] === undefined || scenario?.sizes.includes(size)) continue;
    const whom = scenario === undefined ? 'a load without a scenario' : `"${scenario.name}"`;
    throw usageError('NO_SUCH_LOAD', `${flag} means nothing to ${whom}`, { hint: 'Leave it away.' });
  }
}

function refuse(
  flags: SimulateFlags,
  names: readonly (readonly [keyof SimulateFlags, string])[],
  what: string,
  hint: string,
): void {
  const clash = names.find(([name]) => flags[name] !== undefined);
  if (clash === undefined) return;
  throw usageError('FROM_AND_OTHERS', `${what} and ${clash[1]} exclude each other`, { hint });
}
