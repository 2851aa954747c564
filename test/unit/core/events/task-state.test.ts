import { describe, expect, it } from 'vitest';
import type { TaskEvent } from '../../../../src/core/events/task-event.js';
import type { TaskResult } from '../../../../src/core/events/task-result.js';
import { stateOf, type TaskTraces } from '../../../../src/core/events/task-state.js';
import { taskEvent } from '../../../support/synthetic-run.js';

const NOW = 1_700_000_100_000_000;

function traces(given: Partial<TaskTraces> = {}): TaskTraces {
  return {
    id: 't',
    announced: undefined,
    isSentAgain: false,
    events: [],
    results: [],
    running: undefined,
    held: undefined,
    ...given,
  };
}

const event = (given: Partial<Parameters<typeof taskEvent>[0]> = {}) =>
  taskEvent({ id: 't', user: 'A', ...given });
const result = (given: Partial<TaskResult>): TaskResult => ({
  id: 't',
  attempt: 1,
  outcome: 'done',
  finished: event().finished,
  expires: NOW + 1,
  ...given,
});
const running = { worker: 'w', attempt: 2, started: NOW, user: 'A', run: 'r', enqueued: NOW - 5 };

describe('the state of a task', () => {
  it('is unknown without any trace, and queued where a publisher has such ids', () => {
    expect(stateOf(traces(), NOW)).toEqual({ id: 't', state: 'unknown' });
    expect(stateOf(traces({ announced: { sent: undefined } }), NOW)).toEqual({ id: 't', state: 'queued' });
  });

  it('is queued, and held back, by the word of the worker that has it', () => {
    const heldBack = { worker: 'w', since: NOW - 1, until: NOW + 9, ahead: 0 };
    const { started: _, ...about } = running;
    const held = { ...about, heldBack };
    const { worker: __, ...shown } = about;
    expect(stateOf(traces({ held }), NOW)).toEqual({ id: 't', state: 'queued', ...shown, heldBack });
    const before = event({ outcome: 'retrying', attempt: 1 });
    expect(stateOf(traces({ held, events: [before] }), NOW)).toMatchObject({ state: 'queued', heldBack });
    const ended = event({ outcome: 'failed', attempt: 2 });
    expect(stateOf(traces({ held, events: [ended] }), NOW).state).toBe('failed');
  });

  it('is queued once more where it was sent again after it had ended', () => {
    const failed = [event({ outcome: 'failed', attempt: 1 })];
    const again = traces({ announced: { sent: undefined }, isSentAgain: true, events: failed });
    expect(stateOf(again, NOW)).toMatchObject({ id: 't', state: 'queued', user: 'A' });
    expect(stateOf({ ...again, running }, NOW).state).toBe('started');
  });

  it('is started where a worker says so, unless that attempt has ended', () => {
    expect(stateOf(traces({ running }), NOW)).toMatchObject({ state: 'started', worker: 'w', attempt: 2 });
    const retrying = [event({ outcome: 'retrying', attempt: 1 })];
    expect(stateOf(traces({ running, events: retrying }), NOW).state).toBe('started');
    expect(stateOf(traces({ running, events: [event({ attempt: 2 })] }), NOW).state).toBe('done');
  });

  it('is done without a result where there was none, and that never expires', () => {
    expect(stateOf(traces({ events: [event()] }), NOW)).toMatchObject({ state: 'done', result: null });
  });

  it('is done with its result until that expires, or is nowhere to be found', () => {
    const events = [event({ hasResult: true })];
    const state = (results: TaskResult[], now = NOW) => stateOf(traces({ events, results }), now);
    expect(state([result({ value: 42 })])).toMatchObject({ state: 'done', result: 42, expires: NOW + 1 });
    expect(state([result({ base64: 'AA==' })])).toMatchObject({ state: 'done', resultBase64: 'AA==' });
    expect(state([result({ dropped: 'large' })])).toMatchObject({ state: 'done', resultDropped: 'large' });
    expect(state([result({ value: 42 })], NOW + 1)).toMatchObject({ state: 'expired', expires: NOW + 1 });
    expect(state([result({ value: 42 })], NOW + 1)).not.toHaveProperty('result');
    expect(state([])).toMatchObject({ state: 'expired' });
  });

  it('is failed for good, with the reason for as long as that is kept', () => {
    const events = [event({ outcome: 'failed', attempt: 3, hasResult: true })];
    const results = [result({ outcome: 'failed', attempt: 3, error: 'no disk' })];
    expect(stateOf(traces({ events, results }), NOW)).toMatchObject({ state: 'failed', error: 'no disk' });
    const later = stateOf(traces({ events, results }), NOW + 1);
    expect(later.state).toBe('failed');
    expect(later).not.toHaveProperty('error');
  });

  it('is that of the latest attempt, and of the same attempt what was written last', () => {
    const events = [event({ attempt: 2, hasResult: true }), event({ attempt: 1, outcome: 'retrying' })];
    const results = [result({ attempt: 2, value: 'first' }), result({ attempt: 2, value: 'second' })];
    expect(stateOf(traces({ events, results }), NOW)).toMatchObject({ state: 'done', result: 'second' });
  });

  it('is that of the last run where an id was used again', () => {
    const events = [
      event({ run: 'one', outcome: 'failed', attempt: 3, finished: 5, hasResult: true }),
      event({ run: 'two', attempt: 1, finished: 9, hasResult: true }),
    ];
    const results = events.map(({ outcome, attempt, finished, run }) =>
      result({ outcome, attempt, finished, value: run }),
    );
    expect(stateOf(traces({ events, results }), NOW)).toMatchObject({ state: 'done', result: 'two' });
  });

  it('is retrying, with when the next attempt is due', () => {
    const events = [event({ outcome: 'retrying', finished: 7, hasResult: true })];
    const [{ finished }] = events as [TaskEvent];
    const results = [result({ outcome: 'retrying', finished, error: 'x', retryAfterMs: 1_000 })];
    expect(stateOf(traces({ events, results }), NOW)).toMatchObject({
      state: 'retrying',
      error: 'x',
      retryAt: events[0]!.finished + 1_000_000,
    });
  });
});
