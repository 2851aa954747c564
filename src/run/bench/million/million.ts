import { availableParallelism, loadavg } from 'node:os';
import { byHash } from '../../../core/queues/grouping.js';
import type {
  MillionCase,
  MillionOutcome,
  MillionSizes,
  MillionTrial,
} from '../../../core/reports/million-report.js';
import { checksOf, figuresOf } from '../claims.js';
import type { Case, TrialDeps } from '../trial.js';
import { A_QUEUE_EACH, HASHED, MILLION_CLAIMS, SHARED } from './million-claims.js';
import { lostInAll } from './million-measures.js';
import { MillionPlays } from './million-plays.js';
import { sizesAt, sizesOfAQueueEach } from './sizes.js';

const QUEUES = 64;

interface MillionWay {
  readonly how: Case & { readonly variant: string };
  sizes(scale: number): MillionSizes;
  /** The others are played once, and shown beside. */
  readonly promises: boolean;
}

const WAYS: readonly MillionWay[] = [
  { how: { strategy: 'fair', variant: A_QUEUE_EACH }, sizes: sizesOfAQueueEach, promises: false },
  {
    how: { strategy: 'fair', variant: HASHED, grouping: byHash(QUEUES) },
    sizes: sizesAt,
    promises: false,
  },
  {
    how: { strategy: 'fair', variant: SHARED, units: { kind: 'shared', count: QUEUES } },
    sizes: sizesAt,
    promises: true,
  },
];

export interface MillionRequest {
  /** Multiplies users and tasks. */
  readonly scale: number;
  readonly seed: number;
  /** How often the loads are played whose speed is promised. */
  readonly rounds: number;
}

/**
 * Plays very many users with a queue each, with hashed groups, and with shared queues and promotion, and holds the last
 * against what it promises. What is no speed is played in the first round alone.
 */
export async function benchMillion(deps: TrialDeps, request: MillionRequest): Promise<MillionOutcome> {
  const loadBefore = loadavg()[0] ?? 0;
  const played = new Map<MillionWay, MillionTrial[]>(WAYS.map((way) => [way, []]));
  for (let round = 1; round <= request.rounds; round++) {
    for (const [way, trials] of played) {
      if (round > 1 && !way.promises) continue;
      const onStep = (text: string) => deps.onStep(`round ${round} of ${request.rounds}, ${text}`);
      trials.push(await roundOf({ ...deps, onStep }, way, request, round === 1));
    }
  }
  const results = [...played.values()].flatMap((rounds): MillionCase[] => {
    const [first] = rounds;
    return first === undefined ? [] : [{ ...first, rounds }];
  });
  const figures = figuresOf(MILLION_CLAIMS, results);
  const checks = checksOf(figures, results);
  const load = { before: loadBefore, after: loadavg()[0] ?? 0, processors: availableParallelism() };
  return { results, figures, checks, passed: checks.every(({ passed }) => passed), load };
}

async function roundOf(
  deps: TrialDeps,
  { how, sizes: sizesOf }: MillionWay,
  { scale, seed }: MillionRequest,
  isFirst: boolean,
): Promise<MillionTrial> {
  const sizes = sizesOf(scale);
  const plays = new MillionPlays(deps, how, sizes);
  const newUsers = await plays.newUsers();
  const burst = await plays.burst();
  const idle = isFirst ? await plays.idle() : undefined;
  const crowd = isFirst ? await plays.crowd(seed) : undefined;
  const all = [newUsers, burst, idle, crowd].flatMap((play) => play?.reports ?? []);
  return {
    strategy: 'fair',
    variant: how.variant,
    sizes,
    newUsers: newUsers.result,
    burst: burst.result,
    idle: idle?.result ?? null,
    crowd: crowd?.result ?? null,
    report: lostInAll(all),
  };
}
