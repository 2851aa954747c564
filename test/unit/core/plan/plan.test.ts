import { describe, expect, it } from 'vitest';
import type { DesignFigures } from '../../../../src/core/plan/design.js';
import type { Fact } from '../../../../src/core/plan/facts.js';
import type { PlanLoad } from '../../../../src/core/plan/load.js';
import { factsOfRow, shortVersion } from '../../../../src/core/plan/measured-row.js';
import { type MeasuredHere, planFor } from '../../../../src/core/plan/plan.js';
import type { CostRow } from '../../../../src/core/reports/cost-report.js';

const GIB = 1024 ** 3;
const KIB = 1024;

/** The load of the story: a million users, 10,000 of them active. */
const MILLION: PlanLoad = {
  users: 1_000_000,
  active: 10_000,
  heavy: 50,
  tasksPerSecond: 5_000_000 / 86_400,
  burst: 30_000,
  taskMs: 100,
  slots: 10,
  shared: 64,
  queueType: 'classic',
  memory: GIB,
};

const ROW: CostRow = {
  type: 'classic',
  queues: 1_000,
  memoryBytes: 100_000_000,
  idleBytes: 10 * KIB,
  taskBytes: 1,
  consumerBytes: 5 * KIB,
  cpuAtRest: 0.02,
  makePerSecond: 500,
  deletePerSecond: 1,
  prunePerSecond: 1,
  publishPerSecond: null,
  listMs: 1,
  fairqListMs: 1,
  startUpMs: 1,
  newUserMs: 1,
  tasksPerSecond: 9_000,
};

function here(...rows: readonly CostRow[]): MeasuredHere {
  const facts: readonly Fact[] = rows.flatMap((row) => factsOfRow(row, '4.3', 'here'));
  return {
    facts,
    source: {
      id: 'here',
      measured: 'here',
      date: '2026-11-27',
      versions: ['4.3'],
      machine: 'm',
      command: 'c',
    },
  };
}

/** The figures of one design. */
function figures(which: number, load: Partial<PlanLoad> = {}, more?: MeasuredHere): DesignFigures {
  return planFor({ ...MILLION, ...load }, undefined, more).designs[which]!.figures;
}
const each = figures.bind(undefined, 0);
const hashed = figures.bind(undefined, 1);
const promoted = figures.bind(undefined, 2);

describe('what queues take', () => {
  it('goes by the active users where idle queues are pruned, and by all where none is', () => {
    expect(each().queues).toMatchObject({ least: 10_000, most: 10_000, origin: 'reckoned' });
    expect(each().queuesKept.most).toBe(1_000_000);
    expect(hashed().queues.most).toBe(64);
    expect(hashed().queuesKept.most).toBe(64);
    expect(promoted().queues.most).toBe(64 + 50);
  });

  it('is no more hashed queues than there are users', () => {
    expect(hashed({ users: 20, active: 10, heavy: 1 }).queues.most).toBe(10);
    expect(hashed({ users: 20, active: 10, heavy: 1 }).queuesKept.most).toBe(20);
  });

  it('is memory of each queue, from the least to the most that was measured', () => {
    expect(each().memory).toMatchObject({
      least: 10_000 * 21 * KIB,
      most: 10_000 * 39 * KIB,
      unit: 'bytes',
      origin: 'reckoned',
      formula: 'memory',
      sources: ['bench-cost'],
    });
    expect(each().memoryKept.most).toBe(1_000_000 * 39 * KIB);
    expect(each().memoryWorker).toMatchObject({
      least: 10_000 * (21 + 18) * KIB,
      most: 10_000 * (39 + 38) * KIB,
      formula: 'memory-worker',
    });
    expect(each({ queueType: 'quorum' }).memory).toMatchObject({
      least: 10_000 * 100 * KIB,
      most: 10_000 * 119 * KIB,
    });
  });

  it('is processor time of each, by the most queues of each version', () => {
    expect(each().processor.least).toBeCloseTo(0.04, 12);
    expect(each().processor.most).toBeCloseTo(0.15, 12);
    expect(each().processorKept.most).toBeCloseTo(15, 9);
  });

  it('is of one version where one is asked for', () => {
    const { designs, sources } = planFor(MILLION, '3.10');
    expect(sources.map(({ versions }) => versions)).toEqual([['3.10'], ['3.10']]);
    expect(designs[0]!.figures.memory).toMatchObject({ least: 10_000 * 32 * KIB, most: 10_000 * 39 * KIB });
  });
});

describe('speeds', () => {
  it('of publishing to users without a queue is that of making queues, unless they share one', () => {
    expect(each().publishNew).toMatchObject({ least: 719, most: 964, origin: 'measured-before' });
    expect(hashed().publishNew).toMatchObject({
      least: 11_465,
      most: 14_940,
      origin: 'reckoned',
      formula: 'publish-shared',
    });
    expect(hashed().publish.origin).toBe('measured-before');
    expect(promoted().publish).toMatchObject({ origin: 'reckoned', formula: 'publish-spread' });
  });

  it('of publishing to users with a queue are those of the nearest number of queues', () => {
    expect(each().publish).toMatchObject({
      least: 3_557,
      most: 6_477,
      origin: 'measured-before',
      formula: null,
    });
    expect(each({ active: 900 }).publish).toMatchObject({
      least: 3_557,
      most: 6_477,
      origin: 'reckoned',
      formula: 'publish-nearest',
    });
    expect(each({ active: 700 }).publish.most).toBe(14_940);
  });

  it('of making all queues follow from it', () => {
    expect(each().makeAll.least).toBeCloseTo(10_000_000 / 964, 6);
    expect(each().makeAllKept.most).toBeCloseTo(1_000_000_000 / 719, 6);
  });

  it('are measured where the number of queues was, and reckoned between two', () => {
    expect(each().work).toMatchObject({
      least: 3_421,
      most: 6_242,
      origin: 'measured-before',
      formula: null,
    });
    expect(hashed().work).toMatchObject({
      least: 25_447,
      most: 33_858,
      origin: 'reckoned',
      formula: 'work-fewest',
    });
    // Half of the way from 100 to 1,000 on a logarithmic scale.
    const between = promoted({ heavy: Math.round(Math.sqrt(100_000)) - 64 }).work;
    expect(between.formula).toBe('work-between');
    expect(between.most).toBeCloseTo(Math.sqrt(33_858 * 19_156), -2);
  });

  it('beyond the most queues that were measured are at most those, and the least is unknown', () => {
    expect(each({ active: 20_000 }).work).toMatchObject({
      least: null,
      most: 6_242,
      formula: 'work-most',
      unknownBecause: 'nobody has measured so many queues',
    });
  });

  it('that nobody has measured are unknown, and so is what follows from them', () => {
    const { publish, moving, oneWait } = promoted({ queueType: 'quorum' });
    expect(publish).toMatchObject({ least: null, most: null, origin: 'unknown', formula: null });
    expect(moving.origin).toBe('unknown');
    expect(oneWait).toMatchObject({ least: 330, most: null });
    expect(oneWait.unknownBecause).toMatch(/nobody has measured/);
  });
});

describe('waits behind heavy users', () => {
  const at = { tasksPerSecond: 50 }; // 5 of 10 slots are busy

  it('are a turn of each with a queue each', () => {
    const waits = each(at);
    expect(waits.oneShare.most).toBe(0);
    expect(waits.oneAhead.most).toBe(1);
    expect(waits.oneWait).toMatchObject({ least: 20, most: 40 });
    expect(waits.allAhead.most).toBe(50);
    expect(waits.allWait).toMatchObject({ least: 510, most: 1_020 });
  });

  it('are whole bursts in hashed groups', () => {
    const waits = hashed(at);
    expect(waits.oneShare.most).toBe(1 / 64);
    expect(waits.oneAhead).toMatchObject({ least: 15_000, most: 30_000 });
    expect(waits.oneWait).toMatchObject({ least: 150_010, most: 600_020 });
    expect(waits.allShare.most).toBeCloseTo(1 - (63 / 64) ** 50, 12);
    expect(waits.allAhead.most).toBeCloseTo(644_028.2, 0);
  });

  it('are 32 tasks of each, and the time of moving, with promotion', () => {
    const waits = promoted(at);
    const moving = 30_000 * (1 / 11_465 + 1 / 25_447) * 1_000;
    expect(waits.moving.least).toBe(0);
    expect(waits.moving.most).toBeCloseTo(moving, 6);
    expect(waits.oneShare.most).toBe(1 / 64);
    expect(waits.oneAhead.most).toBe(32);
    expect(waits.oneWait.least).toBe(330);
    expect(waits.oneWait.most).toBeCloseTo(660 + moving, 6);
    const share = 1 - (63 / 64) ** 50;
    expect(waits.allAhead.most).toBeCloseTo(share * 32 * 50 + (1 - share) * 50, 9);
    expect(waits.allWait.most).toBeCloseTo((waits.allAhead.most! + 1) * 20 + share * 50 * moving, 5);
    expect(waits.allAheadWorst.most).toBe(1_600);
    expect(waits.allWaitWorst.most).toBeCloseTo(32_020 + 50 * moving, 5);
  });

  it('are of no more tasks than a burst has', () => {
    expect(promoted({ burst: 5 }).oneAhead.most).toBe(5);
  });

  it('are nothing where nobody is heavy', () => {
    for (const waits of [each({ heavy: 0 }), hashed({ heavy: 0 }), promoted({ heavy: 0 })]) {
      expect(waits.oneShare.most).toBe(0);
      expect(waits.oneAhead.most).toBe(0);
      expect(waits.allAhead.most).toBe(0);
      expect(waits.moving.most).toBe(0);
    }
  });

  it('have no end where the slots are too few', () => {
    const { allWait } = each({ tasksPerSecond: 100 });
    expect(allWait).toMatchObject({ least: 510, most: null });
    expect(allWait.unknownBecause).toBe('the slots are too few, so every wait grows');
  });
});

describe('what is measured here', () => {
  it('goes before what was measured before, for each thing by itself', () => {
    const plan = planFor(
      MILLION,
      undefined,
      here(ROW, { ...ROW, queues: 64, tasksPerSecond: 20_000, idleBytes: null }),
    );
    const [of] = plan.designs.map((design) => design.figures);
    expect(of!.memory).toMatchObject({
      least: 10_000 * 10 * KIB,
      most: 10_000 * 10 * KIB,
      sources: ['here'],
    });
    expect(of!.publishNew).toMatchObject({ least: 500, origin: 'measured-here' });
    expect(of!.work).toMatchObject({ least: null, most: 9_000, sources: ['here'] });
    expect(plan.designs[1]!.figures.work).toMatchObject({ most: 20_000, origin: 'measured-here' });
    // It was not measured here.
    expect(of!.publish).toMatchObject({ origin: 'measured-before', sources: ['many-users'] });
    expect(plan.sources.map(({ id }) => id)).toEqual(['many-users', 'here']);
  });

  it('is of a version in short', () => {
    expect(shortVersion('3.10.8')).toBe('3.10');
  });
});

describe('the recommendation', () => {
  it.each<[string, Partial<PlanLoad>, object]>([
    [
      'a queue each where the active users have room',
      {},
      { design: 'each', decidedBy: 'memory-enough', onlyIfPruned: true },
    ],
    [
      'a queue each where all have room',
      { users: 5_000, active: 5_000 },
      { design: 'each', onlyIfPruned: false },
    ],
    [
      'promotion where queues take too much memory',
      { memory: GIB / 2 },
      { design: 'promoted', decidedBy: 'memory-too-much', against: GIB / 2 },
    ],
    [
      'promotion beyond what was measured',
      { active: 11_000 },
      { design: 'promoted', decidedBy: 'queues-not-measured' },
    ],
    [
      'promotion where queues are worked off too slowly',
      { tasksPerSecond: 2_000, slots: 1_000 },
      { design: 'promoted', decidedBy: 'work-too-slow', against: 6_000 },
    ],
    [
      'hashed groups where most are heavy, so that promotion takes too much memory too',
      { active: 1_000_000, heavy: 500_000 },
      { design: 'hashed', decidedBy: 'memory-too-much', decidedOf: 'promoted', brokers: null },
    ],
    [
      'none where more tasks come than any design copes with, and so many brokers as would',
      { tasksPerSecond: 1e6 },
      { design: null, decidedBy: 'publish-too-slow', decidedOf: 'hashed', against: 3e6, brokers: 262 },
    ],
    [
      'none where the fewest queues take too much memory',
      { memory: 2 ** 20 },
      { design: null, decidedBy: 'memory-too-much', decidedOf: 'hashed', brokers: null },
    ],
    ['hashed groups where nobody is heavy', { active: 1_000_000, heavy: 0 }, { design: 'hashed' }],
  ])('is %s', (_, load, expected) => {
    expect(planFor({ ...MILLION, ...load }).recommendation).toMatchObject(expected);
  });
});
