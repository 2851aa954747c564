import { describe, expect, it } from 'vitest';
import { checkFixedQueue, findByTask, taskRoute } from '../../../../src/core/queues/fixed-queue.js';
import { namesFor } from '../../../../src/core/queues/names.js';

const names = namesFor('fairq');

describe('a queue that somebody names', () => {
  it('may have any name that AMQP carries and nobody else has', () => {
    for (const name of ['reports', 'fairq-reports', 'a b', '用户', '%', 'fairqs.x', 'x'.repeat(255)]) {
      expect(() => checkFixedQueue(names, name)).not.toThrow();
    }
  });

  it.each([
    ['', 'cannot be the name'],
    ['\ud800', 'cannot be the name'],
    ['x'.repeat(256), '256 bytes'],
    ['用'.repeat(86), '258 bytes'],
    ['amq.gen-x', 'RabbitMQ keeps'],
    ['fairq.user.A', 'is the queue of user "A"'],
    ['fairq.user.%zz', 'fairq keeps'],
    ...['fairq', 'fairq.events', 'fairq.dead', 'fairq.retry.1000ms', 'fairq.control', 'fairq.shared'].map(
      (name): [string, string] => [name, 'fairq keeps'],
    ),
  ])('cannot be called %j', (name, reason) => {
    expect(() => checkFixedQueue(names, name)).toThrow(reason);
  });
});

describe("a task's name", () => {
  it('says its queue before the first colon, and its handler after it', () => {
    expect(taskRoute('reports:render')).toEqual({ queue: 'reports', handler: 'render' });
    expect(taskRoute('a:b:c')).toEqual({ queue: 'a', handler: 'b:c' });
  });

  it('says no queue where a part is missing', () => {
    for (const task of ['noop', ':render', 'reports:', ':', '']) expect(taskRoute(task)).toBeUndefined();
  });

  it('finds its handler by all of it first', () => {
    const handlers = new Map([
      ['a:b', 1],
      ['b', 2],
    ]);
    const find = (name: string) => handlers.get(name);
    expect(findByTask('a:b', find)).toBe(1);
    expect(findByTask('x:b', find)).toBe(2);
    expect(findByTask('x:y', find)).toBeUndefined();
  });
});
