import { expect, it } from 'vitest';
import { parseSimulatedStrategy } from '../../../../src/core/simulation/strategy.js';

it.each([
  ['fifo', { text: 'fifo', kind: 'fifo' }],
  [' user ', { text: 'user', kind: 'user' }],
  ['hash:64', { text: 'hash:64', kind: 'hash', queues: 64 }],
  ['shared:8', { text: 'shared:8', kind: 'shared', queues: 8 }],
  ['ideal', { text: 'ideal', kind: 'ideal' }],
])('%j is a strategy', (text, strategy) => {
  expect(parseSimulatedStrategy(text, 'the strategy')).toEqual(strategy);
});

it.each(['', 'fair', 'user:3', 'hash', 'shared:', 'hash:0', 'hash:x', 'shared:1:2'])('%j is none', (text) => {
  expect(() => parseSimulatedStrategy(text, 'the strategy')).toThrow(/^the strategy/);
});
