import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TaskEvent } from '../../../../../src/core/events/task-event.js';
import type { FailedAttempt, Failure } from '../../../../../src/core/message/dead-letter.js';
import { encodeEnvelope } from '../../../../../src/core/message/envelope.js';
import { WorkerKiller } from '../../../../../src/core/message/non-retryable-error.js';
import { outcomeOf } from '../../../../../src/run/worker/outcomes/outcome.js';
import { Outcomes } from '../../../../../src/run/worker/outcomes/outcomes.js';
import type { Completions, Moves } from '../../../../../src/run/worker/outcomes/outcomes-contract.js';
import type { Fate } from '../../../../../src/run/worker/outcomes/task-moves.js';
import type { DeliveredTask } from '../../../../../src/run/worker/task/delivered-task.js';
import { type Answer, OWN_FORMAT } from '../../../../../src/run/worker/task/message-format.js';
import type { RunFailure } from '../../../../../src/run/worker/task/run-failure.js';

const event: TaskEvent = {
  id: 'T',
  user: 'A',
  run: 'R',
  sequence: 7,
  attempt: 1,
  outcome: 'done',
  worker: 'W',
  enqueued: 1_000,
  sentLate: 5,
  started: 2_000,
  finished: 3_000,
  redelivered: false,
  hasResult: false,
};
const failed: TaskEvent = { ...event, outcome: 'failed' };
const retrying: TaskEvent = { ...event, outcome: 'retrying' };
const fault: RunFailure = { reason: 'no', retryAfterMs: undefined };
const again = { reason: 'no', retryAfterMs: 1_000 };
const task = {
  id: 'T',
  queue: { name: 'fairq.user.A' },
  lane: { user: 'A' },
  arrivedAt: 1_500,
  message: { properties: { headers: {} }, content: Buffer.alloc(0) },
} as unknown as DeliveredTask;

/** All that happened, in its order. */
let log: string[];
let answers: readonly Answer[];
let ttlMs: number;
let fate: Fate;
let sent: FailedAttempt | undefined;
let whenAnswered: (limit: number | undefined) => void;

beforeEach(() => {
  vi.useFakeTimers();
  log = [];
  answers = [];
  ttlMs = 0;
  sent = undefined;
});
afterEach(() => {
  vi.useRealTimers();
});

const completions: Completions = {
  pending: 0,
  collected: 0,
  *unsettled() {},
  finished: ({ id }, { outcome, hasResult }) => {
    log.push(`completion of ${id}: ${outcome}${hasResult ? ', with a result' : ''}`);
  },
  attempted: ({ id, outcome, hasResult }) => {
    log.push(`attempt of ${id}: ${outcome}${hasResult ? ', with a result' : ''}`);
  },
  givenUp: () => {},
  result: (line) => {
    log.push(`result ${JSON.parse(line).value ?? JSON.parse(line).error}`);
  },
  answer: ({ body }) => {
    log.push(`answer ${body.slice(0, 20)}`);
  },
  answerFirst: (_task, large, then) => {
    log.push(`large answers: ${large.length}`);
    whenAnswered = then;
  },
  flush: () => {},
  settled: async () => {},
};

const moves: Moves = {
  pending: 0,
  stuck: 0,
  stuckLetters: 0,
  *tasks() {},
  retry: (_task, attempt, delayMs, itsFate) => {
    log.push(`to wait ${delayMs} ms`);
    [sent, fate] = [attempt, itsFate];
  },
  deadLetter: (_task, attempt, failure: Failure, itsFate) => {
    log.push(`to the dead letters: ${failure.reason}`);
    [sent, fate] = [attempt, itsFate];
  },
  postpone: (_task, envelope, dueAt, now, onSafe) => {
    log.push(`to wait from ${now} until ${dueAt}, attempt ${envelope.attempt}`);
    fate = { onSafe };
  },
  settled: async () => {},
  close: () => {},
};

function outcomes(): Outcomes {
  const format = { ...OWN_FORMAT, answers: () => answers };
  const clock = { now: () => 4, epochMicros: () => 4_000 };
  return new Outcomes(
    { completions, moves },
    { name: 'W', results: { ttlMs, mostBytes: 1_000 }, format },
    clock,
    {
      acknowledgedSoFar: 0,
      settled: (tasks) => log.push(`settled ${tasks.map(({ id }) => id).join()}`),
      again: ({ id }, attempt) => log.push(`${id} starts again, attempt ${attempt}`),
    },
    {
      onTaskEnded: ({ outcome }, isCrash) => log.push(`ended: ${isCrash ? 'crash' : outcome}`),
      onTaskFailed: (_user, id, reason, retryAfterMs) => log.push(`${id} failed: ${reason}, ${retryAfterMs}`),
      onFailureStuck: (_user, id, _reason, queue) => log.push(`${id} is stuck before ${queue}`),
      onResultDropped: () => log.push('result dropped'),
      onWarning: (text) => log.push(text),
      onSettled: () => log.push('room'),
      onFailedAfterAll: () => log.push('counted as failed'),
      outOfWork: () => false,
      onFailure: (error) => log.push(error.message),
    },
  );
}

function settle(...[itsEvent, failure, value, ordered = false]: Partial<Parameters<typeof outcomeOf>>): void {
  outcomes().settle(task, outcomeOf(itsEvent!, failure, value, ordered));
}

describe('a task that is done', () => {
  it('has its completion written', () => {
    settle(event);
    expect(log).toEqual(['ended: done', 'completion of T: done']);
  });

  it('has its result and its answers sent before the completion that speaks of them', () => {
    ttlMs = 60_000;
    answers = [{ queue: 'Q', body: 'an answer', correlationId: 'T' }];
    settle(event, undefined, 42);
    expect(log).toEqual([
      'result 42',
      'ended: done',
      'answer an answer',
      'completion of T: done, with a result',
    ]);
  });

  it('has not ended before the broker has taken a large answer', () => {
    answers = [{ queue: 'Q', body: 'x'.repeat(50_000), correlationId: 'T' }];
    settle(event, undefined, 42);
    expect(log).toEqual(['large answers: 1']);
    whenAnswered(undefined);
    expect(log.slice(1)).toEqual(['ended: done', 'completion of T: done']);
  });

  it('has failed where its answer is more than the broker takes', () => {
    answers = [{ queue: 'Q', body: 'x'.repeat(50_000), correlationId: 'T' }];
    settle(event, undefined, 42);
    answers = [{ queue: 'Q', body: 'a failure', correlationId: 'T' }];
    whenAnswered(128);
    const reason = 'what it returned is too large: the broker takes messages of at most 128 bytes';
    expect(log.slice(1)).toEqual([
      'counted as failed',
      'ended: failed',
      'answer a failure',
      `to the dead letters: ${reason}`,
    ]);
    fate.onSafe();
    expect(log.slice(5)).toEqual([`T failed: ${reason}, undefined`, 'completion of T: failed']);
  });

  it('has its completion written once more when it is delivered once more', () => {
    outcomes().settle(task, { kind: 'done before', event });
    expect(log).toEqual(['completion of T: done']);
  });
});

describe('a task that fails', () => {
  it('is said to have failed when its next attempt is safe, and not before', () => {
    settle(retrying, again);
    expect(log).toEqual(['ended: retrying', 'to wait 1000 ms']);
    fate.onSafe();
    expect(log.slice(2)).toEqual(['T failed: no, 1000', 'completion of T: retrying']);
  });

  it('is said to have failed when its dead letter is safe, and not before', () => {
    settle(failed, fault);
    expect(log).toEqual(['ended: failed', 'to the dead letters: no']);
    fate.onSafe();
    expect(log.slice(2)).toEqual(['T failed: no, undefined', 'completion of T: failed']);
  });

  it('takes its attempt along', () => {
    settle(failed, fault);
    const { envelope } = sent!;
    expect(sent).toEqual({ queue: 'fairq.user.A', envelope, startedAt: 2_000, endedAt: 3_000 });
    expect(encodeEnvelope(envelope)).toBe('1 7 1 1005 5 R A');
  });

  it('says what went wrong at once to whoever waits', () => {
    ttlMs = 60_000;
    answers = [{ queue: 'Q', body: 'a failure', correlationId: 'T' }];
    settle(failed, fault);
    expect(log).toEqual(['result no', 'ended: failed', 'answer a failure', 'to the dead letters: no']);
    fate.onSafe();
    expect(log.at(-1)).toBe('completion of T: failed, with a result');
  });

  it('is a crash where its workers died', () => {
    settle(failed, { ...fault, thrown: new WorkerKiller('dead') });
    expect(log[0]).toBe('ended: crash');
  });

  it('is stuck where its queue does not take it', () => {
    settle(failed, fault);
    fate.onStuck?.('fairq.dead');
    expect(log.at(-1)).toBe('T is stuck before fairq.dead');
  });
});

describe('a task that stays for its order', () => {
  it('is written down and starts again here, with nothing to acknowledge', () => {
    settle(retrying, again, undefined, true);
    expect(log).toEqual(['ended: retrying', 'T failed: no, 1000', 'attempt of T: retrying']);
    vi.advanceTimersByTime(1_000);
    expect(log.slice(3)).toEqual(['T starts again, attempt 2']);
  });

  it('waits here, unsettled, until then', () => {
    const all = outcomes();
    all.settle(task, outcomeOf(retrying, again, undefined, true));
    expect(all.waiting).toBe(1);
    expect([...all.unsettled()]).toEqual([task]);
    vi.advanceTimersByTime(1_000);
    expect(all.waiting).toBe(0);
    expect([...all.unsettled()]).toEqual([]);
  });

  it('does not start again when the worker ends', async () => {
    const all = outcomes();
    all.settle(task, outcomeOf(retrying, again, undefined, true));
    await all.moved();
    vi.advanceTimersByTime(1_000);
    expect(log).not.toContain('T starts again, attempt 2');
  });
});

describe('a task that is not due', () => {
  it('is settled when it is safe where it waits: nothing has become of it', () => {
    outcomes().settle(task, { kind: 'postponed', dueAt: 9_000 });
    expect(log).toEqual(['to wait from 4000 until 9000, attempt 1']);
    fate.onSafe();
    expect(log.slice(1)).toEqual(['settled T', 'room']);
  });
});

describe('a task whose next attempt cannot be', () => {
  it('has its failure and its result written, with no delivery', () => {
    ttlMs = 60_000;
    const envelope = { user: 'A', run: 'R', sequence: 7, attempt: 2, intendedAt: 1_000, sentAt: 1_005 };
    outcomes().deadElsewhere('T', envelope, 'its queue has gone');
    expect(log).toEqual(['result its queue has gone', 'attempt of T: failed, with a result']);
  });
});
