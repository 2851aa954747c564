import { describe, expect, it } from 'vitest';
import { TaskTimes } from '../../../../src/core/scheduling/task-times.js';

const lane = () => ({ taskMs: undefined as number | undefined });

describe('how long tasks take at a worker', () => {
  it('is not known before the first has ended', () => {
    const times = new TaskTimes();
    expect(times.allMs).toBeUndefined();
    expect(times.typicalOf(lane())).toBeUndefined();
  });

  it('is the median of the first ten, of which one may be held up', () => {
    const times = new TaskTimes();
    const [a, b] = [lane(), lane()];
    for (const ms of [2, 2, 2, 2, 400]) times.ended(a, ms);
    for (const ms of [3, 3, 3, 3, 3]) times.ended(b, ms);
    expect([times.allMs, a.taskMs, b.taskMs]).toEqual([3, 2, 3]);
  });

  it('follows after that, of all and of each', () => {
    const times = new TaskTimes();
    const [a, b] = [lane(), lane()];
    for (let i = 0; i < 10; i++) times.ended(a, 2);
    times.ended(b, 12);
    expect(b.taskMs).toBe(12);
    expect(times.allMs).toBeCloseTo(3);
    expect(times.typicalOf(lane())).toBeCloseTo(3);
    expect(times.typicalOf(b)).toBe(12);
  });

  it('learns of a long task before it has ended, and not of one that runs for a moment', () => {
    const times = new TaskTimes();
    const a = lane();
    times.runsOn(a, 20);
    expect(a.taskMs).toBeUndefined();
    times.runsOn(a, 60_000);
    times.runsOn(a, 30_000);
    expect(a.taskMs).toBe(60_000);
    expect(times.allMs).toBeUndefined();
  });

  it('is long while a long task runs, though short ones of the first ten end beside it', () => {
    const times = new TaskTimes();
    const a = lane();
    times.runsOn(a, 1_000);
    times.ended(a, 0.1);
    expect(times.typicalOf(a)).toBe(1_000);
    times.runsOn(a, 2_000);
    times.ended(a, 3);
    expect(times.typicalOf(a)).toBe(2_000);
  });

  it('is the median again when the long task has ended', () => {
    const times = new TaskTimes();
    const a = lane();
    for (const ms of [2, 2, 2]) times.ended(a, ms);
    times.runsOn(a, 400);
    times.ended(a, 401);
    expect(times.typicalOf(a)).toBe(2);
    times.ended(a, 2);
    expect(times.typicalOf(a)).toBe(2);
  });
});
