import { describe, expect, it } from 'vitest';
import { channelsNeeded, consumerChannels } from '../../../../src/broker/consuming/consumer-channels.js';

describe('a worker’s channels', () => {
  it('are one for each of 64 shared queues, and fewer where the connection may have few', () => {
    expect(consumerChannels(2_047)).toBe(64);
    expect(consumerChannels(128)).toBe(64);
    expect(consumerChannels(127)).toBe(32);
  });

  it('leave some for itself', () => {
    expect([channelsNeeded(2_047), channelsNeeded(90)]).toEqual([79, 47]);
  });
});
