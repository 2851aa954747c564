import { describe, expect, it } from 'vitest';
import { Expired } from '../../../../src/core/celery/decode-task.js';
import { encodeFailure, encodeSuccess } from '../../../../src/core/celery/result-message.js';
import { NonRetryableError } from '../../../../src/core/message/non-retryable-error.js';

const success = (value: unknown) => JSON.parse(encodeSuccess('id', value));
const failure = (thrown: unknown, isLast = true) =>
  JSON.parse(encodeFailure('id', { reason: 'why', thrown, stack: undefined }, isLast));

describe('a result', () => {
  it('has every field that Celery looks for', () => {
    expect(success({ a: [1] })).toEqual({
      task_id: 'id',
      status: 'SUCCESS',
      result: { a: [1] },
      traceback: null,
      children: [],
    });
  });

  it.each([
    ['nothing', undefined, null],
    ['a function', () => 1, null],
    ['bytes', Buffer.from('é'), 'é'],
    ['false', false, false],
  ])('that is %s is what Python makes of it', (_, value, result) => {
    expect(success(value)).toMatchObject({ status: 'SUCCESS', result });
  });

  it('that has no JSON is an error of encoding', () => {
    const circle: unknown[] = [];
    circle.push(circle);
    for (const value of [1n, circle]) {
      expect(success(value)).toMatchObject({ status: 'FAILURE', result: { exc_type: 'EncodeError' } });
    }
  });
});

describe('a failure', () => {
  it.each([
    [new TypeError('x'), { exc_type: 'TypeError', exc_module: 'builtins' }],
    [Object.assign(new Error('x'), { name: 'KeyError' }), { exc_type: 'KeyError', exc_module: 'builtins' }],
    [new RangeError('x'), { exc_type: 'RangeError', exc_module: null }],
    [Object.assign(new Error('x'), { name: 'os.system("x")' }), { exc_type: 'Error', exc_module: null }],
    ['a text', { exc_type: 'Error', exc_module: null }],
    [undefined, { exc_type: 'TimeoutError', exc_module: 'builtins' }],
    [new NonRetryableError('x'), { exc_type: 'InvalidTaskError', exc_module: 'celery.exceptions' }],
  ])('is an exception that Python knows, or one of its name', (thrown, error) => {
    expect(failure(thrown)).toMatchObject({ status: 'FAILURE', result: { ...error, exc_message: ['why'] } });
  });

  it('that is tried again is no end', () => {
    expect(failure(new Error('x'), false).status).toBe('RETRY');
    expect(failure(new Expired('x')).status).toBe('REVOKED');
  });

  it('has a traceback in the form of Python, with the call that threw last', () => {
    const stack = [
      'Error: why',
      '    at inner (file:///app/tasks.mjs:3:9)',
      '    at async Object.outer (/app/main.js:10:1)',
      '    at node:internal/timers:5:1',
    ].join('\n');
    expect(
      JSON.parse(encodeFailure('id', { reason: 'why', stack, thrown: new Error('why') }, true)).traceback,
    ).toBe(
      [
        'Traceback (most recent call last):',
        '  File "node:internal/timers", line 5, in <anonymous>',
        '  File "/app/main.js", line 10, in async Object.outer',
        '  File "/app/tasks.mjs", line 3, in inner',
        'Error: why',
      ].join('\n'),
    );
  });
});
