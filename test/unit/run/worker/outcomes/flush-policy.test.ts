import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FlushPolicy } from '../../../../../src/run/worker/outcomes/flush-policy.js';

/** Completions that are only counted. */
class Batch {
  collected = 0;
  readonly flushed: number[] = [];

  flush(): void {
    this.flushed.push(this.collected);
    this.collected = 0;
  }
}

let batch: Batch;
let outOfWork: boolean;
let policy: FlushPolicy;

beforeEach(() => {
  vi.useFakeTimers();
  batch = new Batch();
  outOfWork = false;
  policy = new FlushPolicy(batch, () => outOfWork);
});
afterEach(() => {
  vi.useRealTimers();
});

function collect(count: number): void {
  batch.collected += count;
  policy.flushSoon();
}

describe('completions', () => {
  it('wait for others while there is work', () => {
    collect(1);
    vi.advanceTimersByTime(4);
    collect(2);
    expect(batch.flushed).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(batch.flushed).toEqual([3]);
  });

  it('go out at once when there is no work', () => {
    outOfWork = true;
    collect(1);
    expect(batch.flushed).toEqual([1]);
  });

  it('go out when the worker runs out of work', () => {
    collect(1);
    outOfWork = true;
    policy.flushSoon();
    expect(batch.flushed).toEqual([1]);
  });

  it('go out when there are many', () => {
    collect(511);
    expect(batch.flushed).toEqual([]);
    collect(1);
    expect(batch.flushed).toEqual([512]);
  });

  it('are not written where there are none', () => {
    outOfWork = true;
    policy.flushSoon();
    expect(batch.flushed).toEqual([]);
  });

  it('are not written after the end', () => {
    collect(1);
    policy.close();
    vi.advanceTimersByTime(1_000);
    expect(batch.flushed).toEqual([]);
  });
});
