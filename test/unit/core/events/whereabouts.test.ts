import { describe, expect, it } from 'vitest';
import {
  type FoundTasks,
  OtherRuns,
  unknownInsteadOfMissing,
  whereaboutsOf,
} from '../../../../src/core/events/whereabouts.js';
import { runRecord, taskEvent } from '../../../support/synthetic-run.js';

function where(
  outstanding: Record<string, { tasks: number; retrying?: number }>,
  found: Partial<FoundTasks>,
  ofOthers: (user: string) => number = () => 0,
) {
  const places = { ready: new Map(), shared: 0, retry: 0, atWorkers: [], allAnswered: true, ...found };
  const all = Object.entries(outstanding).map(([user, one]) => [user, { retrying: 0, ...one }] as const);
  return Object.fromEntries(whereaboutsOf(new Map(all), places, (run) => run === 'run', ofOthers));
}

const held = { run: 'run', user: 'A', running: 0, ended: 0, prefetched: 0, retrying: 0 };

describe('where the tasks of a run are', () => {
  it('is its queue, a worker, a retry, or nowhere', () => {
    const atWorkers = [
      { ...held, running: 2, prefetched: 3, retrying: 1 },
      { ...held, running: 1 },
      { ...held, run: 'another', running: 9, prefetched: 9 },
    ];
    const found = { ready: new Map([['A', 10]]), atWorkers, retry: 2 };
    expect(where({ A: { tasks: 25, retrying: 4 } }, found)).toEqual({
      A: { running: 3, waiting: 13, retrying: 3, missing: 6, unknown: 0 },
    });
  });

  it('never comes to more than what is outstanding', () => {
    const found = { ready: new Map([['A', 100]]), atWorkers: [{ ...held, prefetched: 100 }], shared: 9 };
    expect(where({ A: { tasks: 7 } }, found)).toEqual({
      A: { running: 0, waiting: 7, retrying: 0, missing: 0, unknown: 0 },
    });
  });

  it('is unknown where others have tasks in the same queue, but for what must be its own', () => {
    const ready = new Map([['A', 10]]);
    expect(where({ A: { tasks: 9 } }, { ready }, () => 6).A).toMatchObject({
      waiting: 4,
      unknown: 5,
      missing: 0,
    });
    expect(where({ A: { tasks: 12 } }, { ready }, () => Number.POSITIVE_INFINITY).A).toMatchObject({
      waiting: 0,
      unknown: 10,
      missing: 2,
    });
  });

  it('is unknown and not missing where a queue may have them that does not answer', () => {
    const nowhere = { waiting: 1, running: 0, retrying: 0, missing: 4, unknown: 2 };
    const found = new Map(['A', 'B'].map((user) => [user, nowhere]));
    expect(unknownInsteadOfMissing(found, new Set(['A']))).toEqual(
      new Map([
        ['A', { ...nowhere, missing: 0, unknown: 6 }],
        ['B', nowhere],
      ]),
    );
  });

  it('is unknown and not missing where a worker has not answered', () => {
    expect(where({ A: { tasks: 5 } }, { allAnswered: false }).A).toMatchObject({ missing: 0, unknown: 5 });
  });

  it('takes what events say of retries for true where nobody knows their queues', () => {
    expect(where({ A: { tasks: 5, retrying: 3 } }, { retry: null }).A).toMatchObject({
      retrying: 3,
      missing: 2,
    });
  });
});

describe('what other runs have in queues', () => {
  it('is what they published less what completed, and anything while a publisher is at work', () => {
    const others = new OtherRuns();
    const record = { ...runRecord({ A: 5 }), record: '01932a7c-8a3e-7c00-9f3a-2f6d1c0b7e55.0' };
    const series = '-9f3a-2f6d1c0b7e55';
    others.publisherSpoke({ series, at: 100 });
    expect(others.ofUser('A', 50)).toBe(Number.POSITIVE_INFINITY);
    expect(others.ofUser('A', 150)).toBe(0); // it was killed: it would have spoken again
    others.publisherEnded(record);
    others.publisherSpoke({ series, at: 100 });
    others.publisherSpoke({ series, at: 110, ended: true });
    expect(others.ofUser('A', 50)).toBe(0);
    others.addRecord(record);
    others.addRecord(record);
    others.add(taskEvent({ id: '1', user: 'A' }));
    others.add(taskEvent({ id: '2', user: 'A', outcome: 'retrying' }));
    others.add(taskEvent({ id: '1', user: 'A', redelivered: true }));
    expect(others.ofUser('A', 50)).toBe(4);
    const again = new OtherRuns(others.redelivered);
    again.addRecord(record);
    for (const id of ['1', '1', '2']) again.add(taskEvent({ id, user: 'A', redelivered: id === '1' }));
    expect(again.ofUser('A', 50)).toBe(3);
    expect(others.ofUser('B', 50)).toBe(0);
    others.add(taskEvent({ id: '3', user: 'B' })); // of a publisher that says nothing
    expect(others.ofUser('B', 50)).toBe(Number.POSITIVE_INFINITY);
  });
});
