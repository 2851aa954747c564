import { describe, expect, it } from 'vitest';
import { decodeQueueEvent } from '../../../../src/core/queues/queue-event.js';

const MADE = { vhost: '/', name: 'fairq.user.A', exclusive: false, arguments: [] };

describe("the broker's events", () => {
  it.each([
    ['of RabbitMQ 3.10', MADE],
    ['of 4.x', { ...MADE, type: 'rabbit_classic_queue', leader: 'a@b' }],
    [
      'in the way of AMQP 1.0',
      { 'x-opt-vhost': '/', 'x-opt-name': 'fairq.user.A', 'x-opt-exclusive': false },
    ],
  ])('%s tell of a queue that was made', (_, headers) => {
    const event = { kind: 'created', vhost: '/', queue: 'fairq.user.A', isNoWork: false };
    expect(decodeQueueEvent('queue.created', headers)).toEqual(event);
  });

  it.each([
    ['a stream', { ...MADE, type: 'rabbit_stream_queue' }],
    ['a stream, in the way of AMQP 1.0', { ...MADE, 'x-opt-type': 'rabbit_stream_queue' }],
    ['a queue of one connection', { ...MADE, exclusive: true }],
  ])('tell that %s is no work', (_, headers) => {
    expect(decodeQueueEvent('queue.created', headers)?.isNoWork).toBe(true);
  });

  it('tell of a queue that was deleted', () => {
    expect(decodeQueueEvent('queue.deleted', MADE)?.kind).toBe('deleted');
  });

  it.each([
    ['another event', 'binding.created', MADE],
    ['no headers', 'queue.created', undefined],
    ['no name', 'queue.created', { vhost: '/' }],
    ['no vhost', 'queue.created', { name: 'A' }],
    ['an empty name', 'queue.created', { ...MADE, name: '' }],
    ['a name that is no text', 'queue.created', { ...MADE, name: 7 }],
  ])('are left alone where they make no sense: %s', (_, key, headers) => {
    expect(decodeQueueEvent(key, headers)).toBeUndefined();
  });
});
