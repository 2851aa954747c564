import { describe, expect, it } from 'vitest';
import type { TaskEvent } from '../../../../src/core/events/task-event.js';
import { HistoryRing, STEP_SECONDS, STEPS } from '../../../../src/serve/history/history-ring.js';
import { historyOf } from '../../../../src/serve/history/history-view.js';
import { SentCount } from '../../../../src/serve/history/sent-count.js';
import { WaitCounts } from '../../../../src/serve/history/wait-counts.js';

/** The first moment of a step, with an hour and more before it. */
const START = 100_000_000;
const STEP = STEP_SECONDS * 1_000;

let now = START;
const clock = () => now;

function ended(atMs: number, fields: Partial<TaskEvent> = {}, waitedMs = 1_000): TaskEvent {
  const started = (atMs - 100) * 1_000;
  return {
    id: 'a',
    user: 'A',
    run: 'r',
    sequence: 1,
    attempt: 1,
    outcome: 'done',
    worker: 'w',
    enqueued: started - waitedMs * 1_000,
    sentLate: 0,
    started,
    finished: atMs * 1_000,
    redelivered: false,
    hasResult: false,
    ...fields,
  };
}

/** What is told at a moment, of a ring that knows all. */
const told = (ring: HistoryRing, at: number, knownSinceMs = 0) => {
  now = at;
  return historyOf(ring.steps(), { nowMs: at, knownSinceMs, isReading: false });
};

describe('the ring of the last hour', () => {
  it('counts in each step what ended in it, failed for good, and how long it had waited', () => {
    const ring = new HistoryRing(clock);
    now = START + 2 * STEP;
    ring.ended([
      ended(START + 1, {}, 2_000),
      ended(START + 2, { user: 'B' }, 8_000),
      ended(START + 3, { outcome: 'failed' }, 1_000),
      ended(START + 4, { outcome: 'retrying', attempt: 2 }, 90_000),
      ended(START + STEP, { user: 'C' }, 0),
    ]);
    const {
      ended: counts,
      failed,
      waitMedianSeconds,
      waitMostSeconds,
      ...rest
    } = told(ring, START + 2 * STEP);
    expect(counts.slice(-2)).toEqual([4, 1]);
    expect(failed.slice(-2)).toEqual([1, 0]);
    expect(waitMedianSeconds.at(-2)).toBeCloseTo(2, 0);
    expect(waitMostSeconds.slice(-3)).toEqual([null, 8, 0]);
    expect(rest.behindUser.slice(-2).map((place) => rest.users[place!])).toEqual(['B', 'C']);
    expect(rest.behindSeconds.at(-2)).toBeCloseTo(6, 0);
    expect(rest.from).toBe(new Date(START + 2 * STEP - STEPS * STEP).toISOString());
    expect(counts.length).toBe(STEPS);
  });

  it('tells no step that has not ended, and forgets what is more than an hour ago', () => {
    const ring = new HistoryRing(clock);
    now = START + 1;
    ring.ended([ended(START)]);
    expect(told(ring, START + STEP - 1).ended.at(-1)).toBe(0);
    expect(told(ring, START + STEP).ended.at(-1)).toBe(1);
    expect(told(ring, START + STEPS * STEP).ended[0]).toBe(1);
    const after = told(ring, START + (STEPS + 1) * STEP);
    expect(after.ended.every((count) => count === 0)).toBe(true);
    ring.ended([ended(START)]); // in the place of another step
    expect(told(ring, now).ended).toEqual(after.ended);
  });

  it('puts what a clock says that is ahead into the present, and what one says that is behind where it says', () => {
    const ring = new HistoryRing(clock);
    now = START + STEP + 5;
    ring.ended([ended(START + 9 * STEP, { worker: 'ahead' }), ended(START - STEP, { worker: 'behind' })]);
    ring.sent(6, START + 8 * STEP, START + 9 * STEP);
    const { ended: counts, sent } = told(ring, START + 10 * STEP);
    expect(counts.reduce<number>((sum, one) => sum + (one ?? 0), 0)).toBe(2);
    expect([counts.at(-9), counts.at(-11)]).toEqual([1, 1]);
    expect(sent.reduce<number>((sum, one) => sum + (one ?? 0), 0)).toBe(6);
    expect(sent.at(-9)).toBe(6);
  });

  it('is the same whatever order it is told in', () => {
    const events = Array.from({ length: 200 }, (_, i) =>
      ended(START + i * 777, { user: `u${i % 7}`, attempt: 1 + (i % 2) }, (i * 7_919) % 30_000),
    );
    const documents = [events, events.toReversed()].map((order) => {
      now = START + 20 * STEP;
      const ring = new HistoryRing(clock);
      for (const event of order) ring.ended([event]);
      const { users, behindUser, ...rest } = told(ring, now);
      return { ...rest, behind: behindUser.map((place) => place === null || users[place]) };
    });
    expect(documents[1]).toEqual(documents[0]);
  });

  it('spreads what was sent over the time in which it was, and loses none of it', () => {
    const ring = new HistoryRing(clock);
    now = START + 3 * STEP;
    ring.sent(100, START + STEP / 2, START + 2 * STEP + STEP);
    const { sent } = told(ring, now);
    expect(sent.slice(-3)).toEqual([20, 40, 40]);
    ring.sent(1, START, START);
    expect(told(ring, now).sent.at(-3)).toBe(21);
  });

  it('says nothing of a step before it knew all', () => {
    const ring = new HistoryRing(clock);
    now = START + 3 * STEP;
    ring.counted(5);
    ring.ended([ended(START + 1), ended(START + STEP + 1)]);
    const history = told(ring, now, START + STEP);
    for (const column of ['sent', 'ended', 'failed', 'backlog', 'waitMostSeconds', 'behindUser'] as const)
      expect([column, history[column].slice(0, -2).every((one) => one === null)]).toEqual([column, true]);
    expect(history.ended.slice(-3)).toEqual([null, 1, 0]);
    expect(history.knownSince).toBe(new Date(START + STEP).toISOString());
  });
});

describe('the backlog of the last hour', () => {
  it('is reckoned back from what was counted: less what was sent since, plus what left', () => {
    const ring = new HistoryRing(clock);
    now = START + 3 * STEP + 5;
    ring.sent(10, START, START);
    ring.sent(4, START + 2 * STEP, START + 2 * STEP);
    ring.ended([
      ended(START + STEP),
      ended(START + STEP + 1),
      ended(START + 2 * STEP, { attempt: 2 }), // it came back to its queue unseen
      ended(START + 2 * STEP, { run: '' }), // of somebody who does not say when more is sent
      ended(START + 3 * STEP),
    ]);
    expect(told(ring, now).backlog.at(-1)).toBeNull();
    ring.counted(11);
    expect(told(ring, now).backlog.slice(-4)).toEqual([0, 10, 8, 12]);
    expect(ring.steps()[0]!.backlog).toBe(0);
  });

  it('goes by what was counted in each step where somebody looked: a purge is told by nobody', () => {
    const ring = new HistoryRing(clock);
    now = START + 1;
    ring.sent(1_000, START, START);
    ring.counted(1_000);
    ring.sent(3, now, now);
    now = START + 3 * STEP;
    ring.counted(0);
    expect(told(ring, now).backlog.slice(-4)).toEqual([0, 1_003, 0, 0]);
  });

  it('is reckoned on where nobody counts any more', () => {
    const ring = new HistoryRing(clock);
    now = START + 1;
    ring.counted(7);
    now = START + 2 * STEP;
    ring.ended([ended(START + STEP + 1)]);
    expect(told(ring, now).backlog.slice(-2)).toEqual([7, 6]);
  });
});

describe('what publishers say that they have sent', () => {
  const counting = (sinceMs = 0) => {
    const said: [count: number, from: number, to: number][] = [];
    const count = new SentCount((...one) => void (one[0] > 0 && said.push(one)), sinceMs);
    return { said, count };
  };
  const note = (tasks: number, record = 'p') => ({ record, spanMs: 2_000, tasks: new Map([['A', tasks]]) });
  const record = (tasks: number, from: number, to: number, name = 'p') => ({
    run: 'r',
    record: name,
    started: from * 1_000,
    finished: to * 1_000,
    tasks: new Map([['A', tasks]]),
  });

  it('counts once: the record at the end says all of it again', () => {
    const { said, count } = counting();
    count.noted(note(10), 2_000);
    count.noted(note(20), 4_000);
    count.recorded(record(33, 0, 5_000));
    expect(said).toEqual([
      [10, 0, 2_000],
      [20, 2_000, 4_000],
      [3, 4_000, 5_000],
    ]);
  });

  it('counts what no note told for the time that none told of', () => {
    const { said, count } = counting();
    count.recorded(record(5, 100, 900, 'short'));
    count.noted(note(10), 6_000);
    count.recorded(record(40, 0, 8_000));
    expect(said).toEqual([
      [5, 100, 900],
      [10, 4_000, 6_000],
      [20, 0, 4_000],
      [10, 6_000, 8_000],
    ]);
  });

  it('takes a record in parts for one', () => {
    const { said, count } = counting();
    count.noted(note(10), 2_000);
    count.recorded(record(6, 0, 3_000, 'p.1'));
    count.recorded(record(6, 0, 3_000, 'p.2'));
    expect(said.slice(1)).toEqual([[2, 2_000, 3_000]]);
  });

  it('waits with a record until notes are known that were written before it began to listen', () => {
    const { said, count } = counting(4_000);
    count.noted(note(20), 6_000);
    count.recorded(record(33, 2_000, 7_000));
    expect(said.length).toBe(1);
    count.noted(note(10), 4_000); // read again
    count.allIsKnown();
    expect(said.slice(1)).toEqual([
      [10, 2_000, 4_000],
      [3, 6_000, 7_000],
    ]);
  });

  it('forgets publishers that never end', () => {
    const { said, count } = counting();
    for (let i = 0; i < 10_001; i++) count.noted(note(1, `p${i}`), 2_000);
    said.length = 0;
    count.recorded(record(1, 0, 2_000, 'p1'));
    expect(said).toEqual([]);
    count.recorded(record(1, 0, 2_000, 'p0'));
    expect(said.length).toBe(1);
  });
});

describe('waits that are counted', () => {
  it.each([0, 0.4, 1, 7, 333, 60_000, 3_600_000])('are told to a tenth: %s ms', (ms) => {
    const waits = new WaitCounts();
    for (let i = 0; i < 10; i++) waits.add(ms);
    waits.add(1e12);
    for (const percent of [50, 90]) {
      const said = waits.percentile(percent)!;
      expect(Math.abs(said - ms)).toBeLessThanOrEqual(Math.max(0.5, ms * 0.1));
    }
    expect(waits.longest).toBe(1e12);
  });

  it('are never said to be longer than the longest', () => {
    const waits = new WaitCounts();
    expect([waits.percentile(50), waits.longest]).toEqual([null, null]);
    waits.add(1.01);
    expect(waits.percentile(95)).toBe(1.01);
  });
});
