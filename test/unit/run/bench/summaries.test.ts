import { describe, expect, it } from 'vitest';
import { SCENARIOS } from '../../../../src/run/bench/bench.js';
import type { Scenario, ScenarioSettings } from '../../../../src/run/bench/scenario.js';

function usual({ defaults }: Scenario): ScenarioSettings {
  return { countA: 0, countB: 0, total: 0, seed: 1, scale: 1, ...defaults };
}

/** Every time that is named, milliseconds. */
function timesIn(summary: string): number[] {
  const named = [...summary.matchAll(/([\d.,]+) (?:to ([\d.,]+) )?ms\b/g)];
  return named.flatMap(([, from, to]) =>
    [from, to].flatMap((text) => text?.replaceAll(',', '') ?? []).map(Number),
  );
}

describe.each(SCENARIOS.map((scenario) => ({ scenario, name: scenario.name })))(
  'what the scenario $name is about',
  ({ scenario }) => {
    const summary = scenario.summary(usual(scenario));

    it('names no other load than the one that was asked for', () => {
      const { countA, countB, total, workers } = usual(scenario);
      const asked = { ...usual(scenario), countA: 1_234, countB: 567, total: 4_321, workers: 11 };
      const said = scenario.summary(asked);
      for (const count of [countA, countB, total]) {
        if (count > 0) expect(said).not.toContain(count.toLocaleString('en-US'));
      }
      expect(said).not.toContain(` ${workers} workers`);
      if (summary.includes(countA.toLocaleString('en-US')) && countA > 0) expect(said).toContain('1,234');
    });

    it('names times as they are multiplied', () => {
      const doubled = scenario.summary({ ...usual(scenario), scale: 2 });
      expect(timesIn(doubled)).toEqual(timesIn(summary).map((time) => 2 * time));
    });
  },
);

describe('what the scenario seed is about', () => {
  const seed = SCENARIOS.find(({ name }) => name === 'seed')!;

  it('is its load', () => {
    expect(seed.summary(usual(seed))).toBe("A's 30,000 tasks, then B's 500: when is B done?");
    expect(seed.summary({ ...usual(seed), countA: 3_000, countB: 1 })).toBe(
      "A's 3,000 tasks, then B's 1: when is B done?",
    );
  });
});
