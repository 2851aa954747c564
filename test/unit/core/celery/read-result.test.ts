import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCeleryResult } from '../../../../src/core/celery/read-result.js';
import { FUZZ, FUZZ_TIMEOUT_MS, hostileJson, nearly } from '../../../support/hostile-values.js';

const read = (fields: object) => readCeleryResult(JSON.stringify({ task_id: 't', ...fields }));

describe("an answer of Celery's worker", () => {
  it('is what the task returned', () => {
    expect(read({ status: 'SUCCESS', result: [1] })).toEqual({ id: 't', state: 'done', result: [1] });
    expect(read({ status: 'SUCCESS' })).toEqual({ id: 't', state: 'done', result: null });
  });

  it('is the exception that it raised, as Python would print it', () => {
    const error = (result: unknown) => read({ status: 'FAILURE', result })?.error;
    expect(error({ exc_type: 'ValueError', exc_message: ['no', 3] })).toBe('ValueError: no, 3');
    expect(error({ exc_type: 'KeyError', exc_message: "'x'" })).toBe("KeyError: 'x'");
    expect(error({ exc_type: 'Stop', exc_message: [] })).toBe('Stop');
    expect(error(null)).toBe('FAILURE');
    expect(
      read({ status: 'REVOKED', result: { exc_type: 'TaskRevokedError', exc_message: ['expired'] } }),
    ).toEqual({
      id: 't',
      state: 'failed',
      error: 'TaskRevokedError: expired',
    });
  });

  it('is none while the task goes on', () => {
    for (const status of ['STARTED', 'RETRY', 'PENDING', 7]) expect(read({ status })).toBeUndefined();
  });

  it(
    'is read as one that makes sense, or not at all, whoever has written it',
    () => {
      const near = nearly({ task_id: 't', status: 'FAILURE', result: { exc_type: 'E', exc_message: ['m'] } });
      fc.assert(
        fc.property(fc.oneof(near, hostileJson), (body) => {
          const state = readCeleryResult(body);
          if (state === undefined) return;
          const isError = state.state !== 'failed' || typeof state.error === 'string';
          if (typeof state.id !== 'string' || !isError) expect.unreachable(body);
        }),
        FUZZ,
      );
    },
    FUZZ_TIMEOUT_MS,
  );
});
