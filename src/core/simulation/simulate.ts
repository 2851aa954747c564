import type { Simulated, SimulatedSetup, StrategyReport } from '../reports/simulation-report.js';
import { round3 } from '../values/round.js';
import { lastOf } from '../values/steps.js';
import { FluidPlayback } from './fluid-playback.js';
import { mostBehind } from './most-behind.js';
import { Playback } from './playback.js';
import { Played } from './played.js';
import { Promotions, type SharingRules } from './promotions.js';
import { inOneQueue, ofGroups, ofUsers, type Routing } from './routing.js';
import type { SimulatedLoad } from './simulated-load.js';
import type { SimulatedStrategy } from './strategy.js';
import { type Classes, usersOf, waitsOf } from './waits.js';

/** Larger loads are not drawn task by task. */
const DRAWN_UP_TO = 1_000_000;

export interface SimulationOptions extends SharingRules {
  readonly strategies: readonly SimulatedStrategy[];
  /** Worker processes, and slots of each. */
  readonly workers: number;
  readonly concurrency: number;
}

/** How far it is: which of the strategies, and how many of its tasks have ended. */
export interface SimulationProgress {
  readonly strategy: string;
  /** From 1. */
  readonly number: number;
  readonly strategies: number;
  readonly ended: number;
  readonly total: number;
}

/** Plays a load under each strategy. The same load and options give the same figures on every machine. */
export function simulate(load: SimulatedLoad, options: SimulationOptions): Simulated {
  return lastOf(simulateInSteps(load, options));
}

/** The same in steps, for whoever does something else in between, or gives up before the end. */
export function* simulateInSteps(
  load: SimulatedLoad,
  options: SimulationOptions,
): Generator<SimulationProgress, Simulated> {
  const { strategies, promoteAfter } = options;
  const tasksOf = new Uint32Array(load.names.length);
  for (const user of load.users) tasksOf[user]!++;
  const classes = { tasksOf, heavyAbove: promoteAfter };
  const total = load.users.length;
  const results: StrategyReport[] = [];
  const orders: Simulated['orders'][number][] = [];
  const lags: Simulated['lags'][number][] = [];
  for (const [i, strategy] of strategies.entries()) {
    const played = new Played(load, strategy.kind === 'ideal');
    const progress = () => ({
      strategy: strategy.text,
      number: i + 1,
      strategies: strategies.length,
      ended: played.ended,
      total,
    });
    for (const _ of play(load, options, strategy, played)) yield progress();
    const finding = mostBehind(load, played, tasksOf);
    let found = finding.next();
    for (; found.done !== true; found = finding.next()) yield progress();
    results.push(reportOf(load, played, { strategy, classes, mostBehind: found.value }));
    lags.push(played.lags?.over(load.names) ?? null);
    if (total <= DRAWN_UP_TO) orders.push({ users: load.names, order: played.ends });
    yield progress();
  }
  return { setup: setupOf(load, options, classes), results, orders, lags };
}

function play(
  load: SimulatedLoad,
  options: SimulationOptions,
  strategy: SimulatedStrategy,
  played: Played,
): Generator<void> {
  const { workers, concurrency } = options;
  if (strategy.kind === 'ideal') return new FluidPlayback(load, workers * concurrency, played).play();
  const routing = routingOf(strategy, load.names, options);
  return new Playback(load, { workers, concurrency }, routing, played).play();
}

function routingOf(
  strategy: Exclude<SimulatedStrategy, { kind: 'ideal' }>,
  names: readonly string[],
  options: SimulationOptions,
): Routing {
  switch (strategy.kind) {
    case 'fifo':
      return inOneQueue();
    case 'hash':
      return ofGroups(names, strategy.queues);
    case 'shared':
      return new Promotions(names, strategy.queues, options.workers, options);
    default:
      return ofUsers(names, strategy.kind === 'arrival');
  }
}

interface Found {
  readonly strategy: SimulatedStrategy;
  readonly classes: Classes;
  readonly mostBehind: StrategyReport['mostBehind'];
}

function reportOf(load: SimulatedLoad, played: Played, found: Found): StrategyReport {
  const { strategy, classes, mostBehind } = found;
  const { meter, queues, makespanMs, promotions, demotions, moved } = played;
  const { tasks, user } = meter?.largestLag ?? { tasks: 0, user: null };
  return {
    strategy: strategy.text,
    queues,
    makespanMs: round3(makespanMs),
    waitMs: waitsOf(load, played, classes),
    jainAtHalf: round3(meter?.jainAtHalf ?? 1),
    maxLagTasks: round3(tasks),
    maxLagUser: user === null ? null : load.names[user]!,
    mostBehind,
    promotions,
    demotions,
    moved,
    users: usersOf(load, played, classes),
  };
}

function setupOf(
  load: SimulatedLoad,
  { workers, concurrency, promoteAfter, moveMs, demoteAfterMs }: SimulationOptions,
  { tasksOf, heavyAbove }: Classes,
): SimulatedSetup {
  const heavy = tasksOf.filter((tasks) => tasks > heavyAbove);
  return {
    users: tasksOf.reduce((sum, tasks) => sum + (tasks > 0 ? 1 : 0), 0),
    tasks: load.users.length,
    heavyUsers: heavy.length,
    heavyTasks: heavy.reduce((sum, tasks) => sum + tasks, 0),
    workMs: round3(load.durationMs.reduce((sum, ms) => sum + ms, 0)),
    lastDueMs: round3(load.dueMs.at(-1) ?? 0),
    workers,
    concurrency,
    promoteAfter,
    moveMs,
    demoteAfterMs,
  };
}
