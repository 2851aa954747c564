import { beforeEach, describe, expect, it } from 'vitest';
import { CommonStart } from '../../../../../src/run/worker/peers/common-start.js';

let others: { ready: number };
let starts: number;
let start: CommonStart;

beforeEach(() => {
  others = { ready: 0 };
  starts = 0;
  start = new CommonStart(others, 3, () => starts++);
});

describe('workers that start together', () => {
  it('begin when enough are ready', () => {
    start.ready();
    expect(starts).toBe(0);
    others.ready = 1;
    start.check();
    expect(starts).toBe(0);
    others.ready = 2;
    start.check();
    expect(starts).toBe(1);
  });

  it('begin no sooner than they are ready themselves', () => {
    others.ready = 2;
    start.check();
    expect(starts).toBe(0);
    start.ready();
    expect(starts).toBe(1);
  });

  it('begin once', () => {
    others.ready = 2;
    start.ready();
    others.ready = 1;
    start.check();
    others.ready = 2;
    start.check();
    expect(starts).toBe(1);
  });

  it('do not begin when they end', () => {
    start.ready();
    start.close();
    others.ready = 2;
    start.check();
    expect(starts).toBe(0);
  });

  it('include one that waits for nobody', () => {
    new CommonStart(others, 1, () => starts++).ready();
    expect(starts).toBe(1);
  });
});
