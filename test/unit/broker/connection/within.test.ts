import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { within } from '../../../../src/broker/connection/within.js';

const NEVER = new Promise<string>(() => {});

describe('work within a time', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('comes to what it comes to, and leaves no timer', async () => {
    expect(await within(1_000, Promise.resolve('done'))).toBe('done');
    await expect(within(1_000, Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is undefined when the time is over, and has no timer where that is never', async () => {
    const answer = within(1_000, NEVER);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await answer).toBeUndefined();
    void within(Number.POSITIVE_INFINITY, NEVER);
    expect(vi.getTimerCount()).toBe(0);
  });
});
