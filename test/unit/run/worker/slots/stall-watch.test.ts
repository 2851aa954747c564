import { describe, expect, it } from 'vitest';
import { StallWatch } from '../../../../../src/run/worker/slots/stall-watch.js';

describe('a watch over the event loop', () => {
  it('says nothing while it turns', () => {
    const watch = new StallWatch(3_000);
    for (let now = 1_000_000; now < 1_100_000; now += 2_900) expect(watch.check(now, now)).toBeUndefined();
  });

  it('tells a handler that works on from a process that is frozen', () => {
    const watch = new StallWatch(3_000);
    watch.check(0, 500);
    expect(watch.check(14_000, 14_300)).toEqual({ ms: 14_000, wasBusy: true });
    expect(watch.check(14_020, 14_301)).toBeUndefined();
    expect(watch.check(74_020, 14_310)).toEqual({ ms: 60_000, wasBusy: false });
  });
});
