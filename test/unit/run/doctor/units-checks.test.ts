import { describe, expect, it } from 'vitest';
import { namesFor } from '../../../../src/core/queues/names.js';
import type { ManagementFacts } from '../../../../src/run/doctor/facts.js';
import { units } from '../../../../src/run/doctor/units-checks.js';

const names = namesFor('fairq');
const queue = (name: string, ready = 0, consumers = 1) => ({ name, ready, unacknowledged: 0, consumers });
const [first, second, old] = ['fairq.spread.2.0', 'fairq.spread.2.1', 'fairq.spread.4.0'];

function found(facts: object) {
  return units(
    {
      queues: [queue(first), queue(second)],
      exchangeTypes: new Map([['fairq.spread', 'x-consistent-hash']]),
      knownTypes: ['direct', 'x-consistent-hash'],
      spreadBound: new Set([first, second]),
      alternate: { policy: undefined, name: 'fairq.spread' },
      ...facts,
    } as unknown as ManagementFacts,
    names,
  );
}

describe('what has a queue', () => {
  it.each([
    ['is whole', {}, 'ok', 'light users share 2 queues'],
    ['is each user', { queues: [], exchangeTypes: new Map() }, 'ok', 'the plugin is on'],
    ['has no plugin', { knownTypes: ['direct'] }, 'problem', 'is off'],
    ['has another alternate exchange', { alternate: { policy: 'p', name: 'theirs' } }, 'problem', '"theirs"'],
    ['has no queue', { spreadBound: new Set() }, 'warning', 'no queue is bound'],
    [
      'lacks a queue',
      { queues: [queue(first)], spreadBound: new Set([first]) },
      'warning',
      `of the 2 queues that light users share 1 is gone, with what waited there: "${second}"`,
    ],
    ['lacks a binding', { spreadBound: new Set([first]) }, 'warning', `1 is not bound: "${second}"`],
    ['has no worker', { queues: [queue(first, 5, 0), queue(second)] }, 'warning', '5 tasks and no worker'],
    [
      'has an old queue',
      { queues: [queue(first), queue(second), queue(old, 7)] },
      'warning',
      'in force no longer',
    ],
  ])('%s', (_, facts, level, text) => {
    expect(found(facts)).toMatchObject({ check: 'units', level, text: expect.stringContaining(text) });
  });
});
