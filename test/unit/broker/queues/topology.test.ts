import { describe, expect, it } from 'vitest';
import { CLASSIC, userQueueArguments } from '../../../../src/broker/queues/topology.js';

describe('user queues', () => {
  it('are classic ones unless said otherwise, whatever the default of the vhost', () => {
    expect(userQueueArguments(CLASSIC, '4.0.5')).toEqual({ 'x-queue-type': 'classic' });
  });

  it.each([
    ['3.10.8', undefined],
    ['3.13.7', undefined],
    ['4.0.5', -1],
    ['4.3.6', -1],
  ])('of type quorum have no delivery limit on RabbitMQ %s', (version, limit) => {
    // Where there is none by itself, a limit of -1 drops a task that is given back once.
    const args = userQueueArguments({ type: 'quorum', ordered: false }, version);
    expect(args['x-delivery-limit']).toBe(limit);
    expect(args['x-queue-type']).toBe('quorum');
  });

  it('have one consumer at a time where order counts', () => {
    expect(userQueueArguments({ type: 'classic', ordered: true }, '4.0.5')).toEqual({
      'x-queue-type': 'classic',
      'x-single-active-consumer': true,
    });
  });
});
