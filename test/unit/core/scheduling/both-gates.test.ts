import { describe, expect, it } from 'vitest';
import { BothGates, beside, hasPassed } from '../../../../src/core/scheduling/both-gates.js';
import type { Gate } from '../../../../src/core/scheduling/gate.js';

/** Notes what it is told. */
function noting(name: string, told: string[], { lets = true, lost = false } = {}): Gate {
  const note =
    <T>(what: string, answer: T) =>
    () => {
      told.push(`${name} ${what}`);
      return answer;
    };
  return {
    take: note('take', lets),
    started: note('started', undefined),
    ended: note('ended', undefined),
    notStarted: note('not started', undefined),
    isLost: note('lost?', lost),
  };
}

describe('the gates of a tenant and a user', () => {
  it('are asked in that order, and the first has back what it gave where the second says no', () => {
    const told: string[] = [];
    const gates = new BothGates(noting('tenant', told), noting('user', told, { lets: false }));
    expect(gates.take()).toBe(false);
    expect(told).toEqual(['tenant take', 'user take', 'tenant not started']);
    told.length = 0;
    expect(new BothGates(noting('tenant', told, { lets: false }), noting('user', told)).take()).toBe(false);
    expect(told).toEqual(['tenant take']);
  });

  it('are both told of a start and of its end, and both asked whether it is lost', () => {
    const told: string[] = [];
    const gates = new BothGates(noting('tenant', told), noting('user', told, { lost: true }));
    gates.started();
    expect(gates.isLost()).toBe(true);
    gates.ended();
    expect(told.sort()).toEqual(
      ['tenant', 'user'].flatMap((name) => ['ended', 'lost?', 'started'].map((what) => `${name} ${what}`)),
    );
  });

  it('are known by each that a task has passed, and none of them twice', () => {
    const [a, b, c] = ['a', 'b', 'c'].map((name) => noting(name, [])) as [Gate, Gate, Gate];
    expect(beside(undefined, a)).toBe(a);
    expect(beside(a, a)).toBe(a);
    const all = beside(beside(a, b), c);
    expect([a, b, c].map((gate) => hasPassed(all, gate))).toEqual([true, true, true]);
    expect(beside(all, b)).toBe(all);
    expect(hasPassed(beside(a, b), c)).toBe(false);
    expect(hasPassed(undefined, c)).toBe(false);
  });
});
