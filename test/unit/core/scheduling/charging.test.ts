import { describe, expect, it } from 'vitest';
import { expectedCharge, timeCharge } from '../../../../src/core/scheduling/charging.js';
import { FairScheduler } from '../../../../src/core/scheduling/fair-scheduler.js';

function laneOf(taskMs: number | undefined) {
  const lane = new FairScheduler<never>().lane('A');
  lane.taskMs = taskMs;
  return lane;
}

describe('charging by time', () => {
  it("expects what the user's recent tasks took, else what everybody's took, else a guess", () => {
    expect(expectedCharge(laneOf(20), 5)).toBe(20);
    expect(expectedCharge(laneOf(undefined), 5)).toBe(5);
    expect(expectedCharge(laneOf(undefined), undefined)).toBeGreaterThan(0);
  });

  it('charges something for a task that took no time, and for one that a clock says ended before it began', () => {
    for (const ms of [0, -1_000, -Number.EPSILON]) expect(timeCharge(ms)).toBeGreaterThan(0);
    expect(expectedCharge(laneOf(-5), undefined)).toBeGreaterThan(0);
    expect(timeCharge(3_600_000)).toBe(3_600_000);
  });
});
