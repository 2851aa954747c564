import type { Simulated } from '../../core/reports/simulation-report.js';
import { formatDuration } from '../../render/parts/numbers.js';
import { renderSimulationPage } from '../../render/simulation/simulation-page.js';
import { aboutThis } from '../shared/about.js';
import type { Context } from '../shared/context.js';
import type { SimulateFlags } from './simulate-command.js';

/** The page of `--html`: what was simulated, of which load, and how it was made. */
export function pageOf(
  flags: SimulateFlags,
  simulated: Simulated,
  document: object,
  context: Context,
): string {
  return renderSimulationPage({
    title: `Simulation: ${loadName(flags)}`,
    simulated,
    played: playedBy(flags),
    about: aboutThis(context, null).filter(([name]) => name !== 'broker'),
    document,
  });
}

function loadName({ scenario, from, user, users, distribution, total }: SimulateFlags): string {
  if (scenario !== undefined) return scenario;
  if (from !== undefined) return from === '-' ? 'tasks of standard input' : from;
  if (user !== undefined) return user;
  const spread = total === undefined ? '' : `, ${distribution}`;
  return `${users} ${users === 1 ? 'user' : 'users'}${spread}`;
}

function playedBy({ seed, duration, rate }: SimulateFlags): [string, string][] {
  const time = formatDuration;
  return [
    ['seed', `${seed}`],
    ...(duration === undefined
      ? []
      : ([
          [
            'a task runs for',
            duration.least === duration.most
              ? time(duration.least)
              : `${time(duration.least)} to ${time(duration.most)}`,
          ],
        ] as [string, string][])),
    ...(rate === undefined ? [] : ([['arrive', `${rate} a second`]] as [string, string][])),
  ];
}
