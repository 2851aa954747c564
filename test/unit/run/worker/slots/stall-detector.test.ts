import { describe, expect, it } from 'vitest';
import { StallDetector } from '../../../../../src/run/worker/slots/stall-detector.js';

describe('a detector of stalls', () => {
  it('says nothing while it turns', () => {
    const detector = new StallDetector(3_000);
    for (let now = 1_000_000; now < 1_100_000; now += 2_900) expect(detector.check(now, now)).toBeUndefined();
  });

  it('tells a handler that works on from a process that is frozen', () => {
    const detector = new StallDetector(3_000);
    detector.check(0, 500);
    expect(detector.check(14_000, 14_300)).toEqual({ ms: 14_000, wasBusy: true });
    expect(detector.check(14_020, 14_301)).toBeUndefined();
    expect(detector.check(74_020, 14_310)).toEqual({ ms: 60_000, wasBusy: false });
  });
});
