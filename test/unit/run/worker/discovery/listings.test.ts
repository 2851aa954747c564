import { describe, expect, it, vi } from 'vitest';
import { Listings } from '../../../../../src/run/worker/discovery/listings.js';

const clock = { now: () => performance.now(), epochMicros: () => 0 };

/** Listings that end when the test says so. */
function scripted(everyMs: number) {
  vi.useFakeTimers();
  const under: ((ok: boolean) => void)[] = [];
  let begun = 0;
  const list = () =>
    new Promise<void>((resolve, reject) => {
      begun++;
      under.push((ok) => (ok ? resolve() : reject(new Error('no'))));
    });
  const listings = new Listings(list, everyMs, clock);
  return {
    listings,
    begun: () => begun,
    end: async (ok = true) => {
      under.shift()?.(ok);
      await vi.advanceTimersByTimeAsync(0);
    },
    pass: (ms: number) => vi.advanceTimersByTimeAsync(ms),
    close: () => {
      listings.close();
      vi.useRealTimers();
    },
  };
}

describe('the listings of queues', () => {
  it('are repeated, sooner after one that failed', async () => {
    const { listings, begun, end, pass, close } = scripted(30_000);
    listings.soon(0);
    await pass(0);
    await end(false);
    await pass(2_000);
    expect(begun()).toBe(2);
    await end();
    await pass(29_999);
    expect(begun()).toBe(2);
    await pass(1);
    expect(begun()).toBe(3);
    close();
  });

  it('come again for what is asked for during one of them, one at a time', async () => {
    const { listings, begun, end, pass, close } = scripted(30_000);
    listings.soon(0);
    await pass(0);
    listings.soon(0);
    await pass(5_000);
    expect(begun()).toBe(1);
    await end();
    await pass(1);
    expect(begun()).toBe(2);
    close();
  });

  it('are not put off by one hint after the other, and take a fifth of the time at the most', async () => {
    const { listings, begun, end, pass, close } = scripted(30_000);
    listings.soon(0);
    await pass(1_000);
    await end();
    for (let ms = 0; ms < 3_900; ms += 100) {
      listings.afterHint();
      await pass(100);
    }
    expect(begun()).toBe(1);
    listings.afterHint();
    await pass(200);
    expect(begun()).toBe(2);
    close();
  });
});
