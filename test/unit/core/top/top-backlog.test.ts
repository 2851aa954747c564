import { describe, expect, it } from 'vitest';
import { decodeSentNote, SentNotes } from '../../../../src/core/events/sent-notes.js';
import { TopBacklog } from '../../../../src/core/top/top-backlog.js';
import { taskEvent } from '../../../support/synthetic-run.js';

const queue = (user: string, ready: number, unacknowledged = 0) => ({
  user,
  ready,
  unacknowledged,
  consumers: 1,
});
const ended = (user: string, count: number, more = {}) =>
  Array.from({ length: count }, () => taskEvent({ id: 'x', user, run: 'r', ...more }));
const note = (tasks: Record<string, number>, spanMs = 2_000, record = 'p') => ({
  record,
  spanMs,
  tasks: new Map(Object.entries(tasks)),
});

function listedAt(at: number, ...queues: ReturnType<typeof queue>[]): TopBacklog {
  const backlog = new TopBacklog();
  backlog.listed(queues, at, at);
  return backlog;
}

const waiting = (backlog: TopBacklog, now: number) =>
  Object.fromEntries((backlog.queues(now) ?? []).map(({ user, ready }) => [user, ready]));

describe('the backlog between two listings', () => {
  it('is less what ended, which workers replace by what waits, until nothing does', () => {
    const backlog = listedAt(0, queue('A', 10, 4));
    backlog.ended(ended('A', 6));
    expect(backlog.queues(1_000)).toMatchObject([{ ready: 4, unacknowledged: 4 }]);
    backlog.ended(ended('A', 6));
    expect(backlog.queues(1_000)).toMatchObject([{ ready: 0, unacknowledged: 2 }]);
    backlog.ended(ended('A', 9));
    expect(backlog.queues(1_000)).toMatchObject([{ ready: 0, unacknowledged: 0 }]);
  });

  it('has what publishers say that they sent, of new users as well, and says it once', () => {
    const backlog = listedAt(0, queue('A', 10));
    backlog.sent(note({ A: 5, B: 7 }), 4_000);
    expect(waiting(backlog, 4_000)).toEqual({ A: 15, B: 7 });
    const tasks = new Map([
      ['A', 6],
      ['B', 7],
    ]);
    backlog.recorded({ run: 'r', record: 'p.0', started: 0, finished: 4_000_000, tasks }, 4_100);
    expect(waiting(backlog, 4_100)).toEqual({ A: 16, B: 7 });
    backlog.ended(ended('B', 7));
    expect(waiting(backlog, 4_200)).toEqual({ A: 16 });
  });

  it('counts of what was sent while it was listed the part that came after', () => {
    const backlog = listedAt(3_000, queue('A', 10));
    backlog.sent(note({ A: 100 }, 4_000), 4_000);
    expect(waiting(backlog, 4_000)).toEqual({ A: 35 });
  });

  it('leaves out what moved until the answer came: that is counted already, or with the next one', () => {
    const backlog = listedAt(0, queue('A', 10));
    backlog.ended(ended('A', 3));
    expect(waiting(backlog, 5_100)).toEqual({ A: 7 });
    backlog.listed([queue('A', 6)], 5_000, 6_000);
    expect(waiting(backlog, 6_000)).toEqual({ A: 6 });
    backlog.sent(note({ A: 100 }), 7_000);
    expect(waiting(backlog, 7_000)).toEqual({ A: 56 });
    expect(backlog.ageMs(7_000)).toBe(2_000);
  });

  it('takes nothing away for tasks of which nobody says how many are sent, and for later attempts', () => {
    const backlog = listedAt(0, queue('A', 10));
    backlog.ended([...ended('A', 3, { run: '' }), ...ended('A', 3, { attempt: 2 })]);
    expect(waiting(backlog, 1_000)).toEqual({ A: 10 });
  });

  it('is not known before a listing, nor when that is older than what may be shown', () => {
    expect(new TopBacklog().queues(0)).toBeUndefined();
    const backlog = listedAt(0, queue('A', 10));
    expect(backlog.queues(10_000)).toBeDefined();
    expect(backlog.queues(10_001)).toBeUndefined();
    expect([...backlog.listedUsers]).toEqual(['A']);
  });
});

describe('queues that light users share', () => {
  const shared = { queues: 4, ready: 20, unacknowledged: 5 };
  const at = () => {
    const backlog = new TopBacklog();
    backlog.listed([queue('A', 10)], 0, 0, shared);
    return backlog;
  };

  it('have what was listed, and what moved since of users without a queue', () => {
    const backlog = at();
    backlog.sent(note({ A: 7, light: 4, other: 1 }), 2_000);
    backlog.ended(ended('light', 2));
    backlog.ended(ended('A', 1));
    expect(backlog.shared(2_000)).toEqual({ queues: 4, ready: 23, unacknowledged: 5 });
    expect(waiting(backlog, 2_000)).toEqual({ A: 16 });
  });

  it('are not known to have anything where the listing is old, or there are none', () => {
    expect(at().shared(60_000)).toBeUndefined();
    expect(at().sharedQueues).toBe(4);
    const without = listedAt(0, queue('A', 10));
    expect([without.shared(0), without.sharedQueues]).toEqual([undefined, 0]);
    without.sent(note({ light: 4 }), 2_000);
    expect(waiting(without, 2_000)).toEqual({ A: 10, light: 4 });
  });
});

describe('the note of a publisher', () => {
  it('says what is new since the last, in parts', () => {
    const counts = new Map<string, number>(Array.from({ length: 2_001 }, (_, i) => [`u${i}`, 2]));
    const notes = new SentNotes('p', counts);
    const first = notes.take(2_000, 7).map(decodeSentNote);
    expect(first.map((one) => one?.tasks.size)).toEqual([2_000, 1]);
    expect(notes.take(2_000, 7)).toEqual([]);
    counts.set('u7', 5);
    expect(notes.take(1_999.7, 8).map(decodeSentNote)).toEqual([
      { record: 'p', at: 8, spanMs: 2_000, tasks: new Map([['u7', 3]]) },
    ]);
  });

  it('is none where some of it went to other queues, or its body makes no sense', () => {
    expect(new SentNotes('p', new Map([['A', 1]]), new Set(['reports'])).take(1, 1)).toEqual([]);
    for (const body of [
      '',
      '{}',
      '{"v":1,"record":"p","spanMs":-1,"tasks":[]}',
      '{"v":1,"record":"p","spanMs":1,"tasks":[["A"]]}',
    ])
      expect(decodeSentNote(body)).toBeUndefined();
  });
});

describe('a queue that is counted by itself, between two listings', () => {
  it('has what it said, and what moved from then on', () => {
    const backlog = listedAt(0, queue('A', 10), queue('B', 10));
    backlog.ended(ended('A', 6));
    backlog.counted('A', { ready: 7, consumers: 1 }, 5_000);
    expect(waiting(backlog, 5_000)).toEqual({ A: 7, B: 10 });
    backlog.ended(ended('A', 2));
    expect(waiting(backlog, 5_000)).toEqual({ A: 5, B: 10 });
  });

  it('counts once what a publisher says later that it sent before', () => {
    const backlog = listedAt(0, queue('A', 10));
    backlog.counted('A', { ready: 30, consumers: 1 }, 5_000);
    backlog.sent(note({ A: 20, B: 20 }, 2_000), 5_000);
    expect(waiting(backlog, 5_000)).toEqual({ A: 30, B: 20 });
    backlog.sent(note({ A: 20 }, 2_000), 6_000);
    expect(waiting(backlog, 6_000)).toEqual({ A: 40, B: 20 });
  });

  it('is not told of any more where it has gone, until all are listed', () => {
    const backlog = listedAt(0, queue('A', 10), queue('B', 1));
    backlog.counted('A', undefined, 1_000);
    expect(waiting(backlog, 1_000)).toEqual({ B: 1 });
    backlog.listed([queue('A', 3)], 2_000, 2_000);
    backlog.sent(note({ A: 4 }, 2_000), 3_000);
    expect(waiting(backlog, 3_000)).toEqual({ A: 5 });
  });

  it('is known for as long as whoever asks says', () => {
    const backlog = listedAt(0, queue('A', 10));
    expect(backlog.queues(60_000)).toBeUndefined();
    expect(backlog.queues(60_000, 90_000)).toMatchObject([{ user: 'A', ready: 10 }]);
  });
});
