import { describe, expect, it } from 'vitest';
import { settledMemory } from '../../../../../src/run/bench/cost/broker-load.js';

function brokerThatSays(answers: readonly (number | null)[]) {
  let asked = 0;
  return { memoryInUse: async () => answers[Math.min(asked++, answers.length - 1)] ?? null };
}

describe('the memory of a broker', () => {
  it('is the least that it says, and no answer is not 0', async () => {
    expect(await settledMemory(brokerThatSays([900, null, 500, null, 510, 520, 505]), 1)).toBe(500);
  });

  it('is unknown where the broker never says', async () => {
    expect(await settledMemory(brokerThatSays([null]), 1)).toBeNull();
  });
});
