import { describe, expect, it } from 'vitest';
import { namesFor } from '../../../../src/core/queues/names.js';
import { fixedQueueOf } from '../../../../src/run/publish/fixed-queue-of.js';

const names = namesFor('fairq');

describe('a queue that somebody names', () => {
  it('is called so', () => {
    expect(fixedQueueOf(names, 'reports', '--queue')).toBe('reports');
  });

  it.each([
    [
      'amq.x',
      '--queue: "amq.x" is a name that RabbitMQ keeps for itself',
      'Use one that does not begin with amq.',
    ],
    [
      'fairq.user.A',
      '--queue: "fairq.user.A" is the queue of user "A"',
      'Send to it with --user "A"; a worker serves it without being told.',
    ],
    [
      'fairq.group.hash:64:1',
      '--queue: "fairq.group.hash:64:1" is the queue of the group "hash:64:1"',
      'Send to it with --group-by; a worker serves it without being told.',
    ],
    [
      'fairq.events',
      '--queue: "fairq.events" is a name that fairq keeps for itself',
      'Use one that does not begin with "fairq.", or another --prefix.',
    ],
  ])('cannot be called "%s", which is said with what to do instead', (queue, message, hint) => {
    expect(() => fixedQueueOf(names, queue, '--queue')).toThrow(
      expect.objectContaining({ code: 'BAD_QUEUE', message, hint }),
    );
  });
});
