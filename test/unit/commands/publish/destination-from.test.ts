import { describe, expect, it } from 'vitest';
import { destinationFrom } from '../../../../src/commands/publish/destination-from.js';
import type { PublishFlags } from '../../../../src/commands/publish/publish-command.js';
import type { Context } from '../../../../src/commands/shared/context.js';
import { namesFor } from '../../../../src/core/queues/names.js';

const context = { io: { pid: 1, hostname: 'here' }, warn: () => {} } as unknown as Context;
const defaults = { strategy: 'fair', queueType: 'classic' } as PublishFlags;

const chosen = (flags: Partial<PublishFlags>) =>
  destinationFrom({ ...defaults, ...flags }, namesFor('fairq'), undefined, context);

describe('tasks for fairq', () => {
  it.each([
    [{}, 'noop'],
    [{ duration: { min: 1, max: 1 } }, 'sleep'],
    [{ task: 'cpu', duration: { min: 1, max: 1 } }, 'cpu'],
  ] as unknown as [Partial<PublishFlags>, string][])('of %j are %s', (flags, task) => {
    expect(chosen(flags).task).toBe(task);
  });

  it('carry the payload that is given, to the queues of fairq', () => {
    const { payload, queueOf } = chosen({ payload: '21' });
    expect([payload, queueOf]).toEqual(['21', undefined]);
  });

  it.each(['args', 'kwargs', 'queuePrefix'] as const)('refuse --%s', (name) => {
    expect(() => chosen({ [name]: 'x' })).toThrow(/goes with --celery alone/);
  });
});

describe('tasks for Celery', () => {
  const celery = { celery: 'tasks.double', queuePrefix: 'u_' };

  it('carry the call, to the queues that the application has named', () => {
    const { task, payload, queueOf } = chosen({ ...celery, args: '[21]' });
    expect(task).toBe('tasks.double');
    expect(JSON.parse(payload ?? '')).toMatchObject([[21], {}, {}]);
    expect(queueOf?.('A')).toBe('u_A');
  });

  it.each([
    [{ celery: '' }, /the name of a task/],
    [{ celery: 'tasks.double' }, /in which queues/],
    [{ ...celery, payload: 'x' }, /does not go with --payload/],
    [{ ...celery, groupBy: {} }, /does not go with --group-by/],
    [{ ...celery, queueType: 'quorum' }, /does not go with --queue-type/],
    [{ ...celery, args: '{}' }, /is not an array/],
    [{ ...celery, kwargs: '[' }, /is not JSON/],
    [{ ...celery, queuePrefix: 'fairq.' }, /are not an application's/],
  ] as unknown as [Partial<PublishFlags>, RegExp][])('refuse %j', (flags, message) => {
    expect(() => chosen(flags)).toThrow(message);
  });
});
