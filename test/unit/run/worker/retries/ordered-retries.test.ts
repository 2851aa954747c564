import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { OrderedRetries } from '../../../../../src/run/worker/retries/ordered-retries.js';
import type { DeliveredTask } from '../../../../../src/run/worker/task/delivered-task.js';

const first = { id: 'first' } as DeliveredTask;
const second = { id: 'second' } as DeliveredTask;
let due: string[];
let retries: OrderedRetries;

beforeEach(() => {
  vi.useFakeTimers();
  due = [];
  retries = new OrderedRetries(({ id }, attempt) => due.push(`${id} ${attempt}`));
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a task that waits for its next attempt', () => {
  it('is due after its own delay, with the number of the attempt', () => {
    retries.wait(first, 2_000, 3);
    retries.wait(second, 1_000, 2);
    expect([...retries.tasks()]).toEqual([first, second]);
    vi.advanceTimersByTime(1_999);
    expect(due).toEqual(['second 2']);
    vi.advanceTimersByTime(1);
    expect(due).toEqual(['second 2', 'first 3']);
  });

  it('waits no longer when it is due', () => {
    retries.wait(first, 1, 2);
    expect(retries.size).toBe(1);
    vi.advanceTimersByTime(1);
    expect(retries.size).toBe(0);
  });

  it('is not due after the end', () => {
    retries.wait(first, 1, 2);
    retries.clear();
    vi.advanceTimersByTime(1_000);
    expect(due).toEqual([]);
    expect(retries.size).toBe(0);
  });
});
