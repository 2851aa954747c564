import type { Fact, FactName, PlanQueueType, Source } from './facts.js';

const MACHINE = 'two cores that fairq shares with the broker';

/** Where the values below come from. The page has each of them, and a test holds the two against each other. */
export const SOURCES_BEFORE: readonly Source[] = [
  {
    id: 'bench-cost',
    measured: 'before',
    date: '2026-11-24',
    machine: MACHINE,
    versions: ['3.10', '4.3'],
    command: 'fairq bench cost',
    page: 'docs/benchmarks.md#what-queues-cost',
  },
  {
    id: 'many-users',
    measured: 'before',
    date: '2026-11-27',
    machine: `${MACHINE}, busy with other work`,
    versions: ['3.10'],
    command: 'fairq publish, 10,000 users',
    page: 'docs/benchmarks.md#many-users-on-few-queues',
  },
];

const KIB = 1_024;

/** A row of the table: KiB of an idle queue and of its consumer, per cent of a processor, made, tasks a second. */
type Row = readonly [
  version: string,
  queues: number,
  type: PlanQueueType,
  idle: number | null,
  consumer: number | null,
  atRest: number,
  made: number,
  tasks: number,
];

const ROWS: readonly Row[] = [
  ['3.10', 100, 'classic', null, null, 1, 719, 33_858],
  ['3.10', 1_000, 'classic', 32, 38, 2, 776, 19_156],
  ['3.10', 10_000, 'classic', 39, 19, 15, 788, 6_242],
  ['3.10', 100, 'quorum', null, null, 1, 300, 27_452],
  ['3.10', 1_000, 'quorum', 119, 38, 6, 214, 16_293],
  ['4.3', 100, 'classic', null, null, 0, 964, 25_447],
  ['4.3', 1_000, 'classic', 27, 23, 1, 962, 14_605],
  ['4.3', 10_000, 'classic', 21, 18, 4, 961, 3_421],
  ['4.3', 100, 'quorum', null, null, 1, 348, 30_671],
  ['4.3', 1_000, 'quorum', 101, 71, 4, 341, 15_437],
  ['4.3', 10_000, 'quorum', 100, null, 32, 314, 4_740],
];

/** Tasks published in a second to 10,000 users who have a queue each, or 64 between them; each measured twice. */
const PUBLISHED: readonly (readonly [queues: number, perSecond: number])[] = [
  [64, 11_465],
  [64, 14_940],
  [10_000, 3_557],
  [10_000, 6_477],
];

/** What was measured of one type of queue, on all versions or on one. */
export function measuredBefore(type: PlanQueueType, version?: string): readonly Fact[] {
  const rows = ROWS.filter((row) => row[2] === type).flatMap(factsOf);
  const published = type === 'classic' ? PUBLISHED.map(publishedFact) : [];
  return [...rows, ...published].filter((fact) => version === undefined || fact.version === version);
}

/** Versions that something was measured on. */
export const VERSIONS_BEFORE: readonly string[] = [...new Set(ROWS.map(([version]) => version))];

function factsOf([version, queues, type, idle, consumer, atRest, made, tasks]: Row): Fact[] {
  const values: readonly (readonly [FactName, number | null])[] = [
    ['idleBytes', idle === null ? null : idle * KIB],
    ['consumerBytes', consumer === null ? null : consumer * KIB],
    ['cpuAtRest', atRest / 100],
    ['makePerSecond', made],
    ['tasksPerSecond', tasks],
  ];
  return values.flatMap(([of, value]) =>
    value === null ? [] : [{ of, type, version, queues, value, source: 'bench-cost' }],
  );
}

function publishedFact([queues, value]: readonly [number, number]): Fact {
  return {
    of: 'publishPerSecond',
    type: 'classic',
    version: '3.10',
    queues,
    value,
    source: 'many-users',
  };
}
