import { describe, expect, it } from 'vitest';
import { binomial, exceededBy, meanOf } from '../../../../src/core/plan/binomial.js';
import { aheadInHashed, chanceToShare } from '../../../../src/core/plan/sharing.js';

/** Every way in which so many heavy users can fall into so many queues, each as likely. */
function* placements(queues: number, heavy: number): Generator<number[]> {
  for (let code = 0; code < queues ** heavy; code++) {
    const inQueue = new Array<number>(queues).fill(0);
    for (let user = 0, rest = code; user < heavy; user++, rest = Math.floor(rest / queues)) {
      inQueue[rest % queues]! += 1;
    }
    yield inQueue;
  }
}

/** The first queue's tasks before a light user's, with turns between the queues, one task at a time. */
function playedTurns(inQueue: readonly number[], burst: number): number {
  const left = inQueue.map((users) => users * burst);
  let ran = 0;
  for (;;) {
    // The light user's queue is last in each round, so that it waits for a turn of every other.
    for (let queue = 1; queue < left.length; queue++) {
      if (left[queue]! > 0) {
        left[queue]! -= 1;
        ran++;
      }
    }
    if (left[0] === 0) return ran;
    left[0]! -= 1;
    ran++;
    if (left[0] === 0) return ran;
  }
}

describe('the chance to share a queue with a heavy user', () => {
  it.each([
    [64, 0, 0],
    [64, 1, 1 / 64],
    [64, 50, 1 - (63 / 64) ** 50],
    [1, 1, 1],
    [1, 50, 1],
    [2, 3, 0.875],
  ])('of %i queues with %i of them', (queues, heavy, chance) => {
    expect(chanceToShare(queues, heavy)).toBeCloseTo(chance, 12);
  });
});

describe('tasks ahead in hashed groups', () => {
  it.each([
    [2, 1],
    [2, 3],
    [3, 4],
    [4, 5],
    [1, 3],
  ])(
    'are on average what turns come to, played for every placement: %i queues, %i heavy',
    (queues, heavy) => {
      const burst = 7;
      const all = [...placements(queues, heavy)].map((inQueue) => playedTurns(inQueue, burst));
      const mean = all.reduce((a, b) => a + b, 0) / all.length;
      expect(aheadInHashed(queues, heavy, burst).mean).toBeCloseTo(mean, 9);
    },
  );

  it('are none where nobody is heavy', () => {
    expect(aheadInHashed(64, 0, 30_000)).toEqual({ mean: 0, worst: 0 });
  });

  it('are all bursts where there is one queue', () => {
    expect(aheadInHashed(1, 50, 30_000)).toEqual({ mean: 1_500_000, worst: 1_500_000 });
  });

  it('grow to those of nearly all bursts for the worst light user of 1,000', () => {
    const { mean, worst } = aheadInHashed(64, 50, 30_000);
    expect(mean).toBeCloseTo(644_028.2, 0);
    expect(worst).toBeCloseTo(1_499_840.9, 0);
  });

  it('are reckoned for a million heavy users too', () => {
    const { mean } = aheadInHashed(2, 1_000_000, 1);
    expect(mean).toBeGreaterThan(998_000);
    expect(mean).toBeLessThan(1_000_000);
  });
});

describe('a binomial distribution', () => {
  it('is exact where it is small', () => {
    const { from, p } = binomial(3, 0.25);
    expect(from).toBe(0);
    [27, 27, 9, 1].forEach((of64, hits) => {
      expect(p[hits]).toBeCloseTo(of64 / 64, 14);
    });
  });

  it.each([
    [50, 1 / 64],
    [1_000_000, 0.5],
    [100_000, 1 / 65_536],
  ])('of %i tries with a chance of %f has its mean and its variance', (n, q) => {
    const hits = binomial(n, q);
    const mean = meanOf(hits, (k) => k);
    expect(mean / (n * q)).toBeCloseTo(1, 9);
    expect(meanOf(hits, (k) => (k - mean) ** 2) / (n * q * (1 - q))).toBeCloseTo(1, 6);
  });

  it('says what is exceeded rarely', () => {
    // 0: 0.4550, 1: 0.3611, 2: 0.1404, 3: 0.0357, 4: 0.0066, 5: 0.0010.
    expect(exceededBy(binomial(50, 1 / 64), 0.5)).toBe(1);
    expect(exceededBy(binomial(50, 1 / 64), 0.01)).toBe(3);
    expect(exceededBy(binomial(0, 0.5), 0.01)).toBe(0);
    expect(exceededBy(binomial(9, 1), 0.01)).toBe(9);
  });
});
