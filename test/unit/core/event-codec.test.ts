import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CompletionBatch,
  decodeCompletions,
  decodeRunRecord,
  encodeRunRecords,
} from '../../../src/core/event-codec.js';
import type { TaskEvent } from '../../../src/core/task-event.js';

const micros = fc.integer({ min: 1_600_000_000_000_000, max: 1_900_000_000_000_000 });
const event: fc.Arbitrary<TaskEvent> = fc.record({
  id: fc.uuid(),
  user: fc.string({ minLength: 1, unit: 'binary' }).filter((text) => text.isWellFormed()),
  run: fc.string(),
  sequence: fc.nat(),
  attempt: fc.integer({ min: 1, max: 20 }),
  outcome: fc.constantFrom('done', 'failed'),
  worker: fc.constant('worker-1'),
  enqueued: micros,
  started: micros,
  finished: micros,
  redelivered: fc.boolean(),
  sentLate: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 10_000_000 })),
});

describe('completions in the event stream', () => {
  it('come back as they were written', () => {
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 30 }), (events) => {
        const batch = new CompletionBatch('worker-1');
        for (const one of events) batch.add(one);
        expect(decodeCompletions(batch.take())).toEqual(events);
        expect(batch.size).toBe(0);
      }),
    );
  });

  it.each([
    '',
    '{',
    'null',
    '[]',
    '{"v":2}',
    '{"v":1,"worker":"w","base":0,"users":[],"runs":[],"id":["x"]}',
  ])('are not read from a body that fairq did not write: %s', (body) => {
    expect(decodeCompletions(body)).toBeUndefined();
    expect(decodeRunRecord(body)).toBeUndefined();
  });
});

describe('run records in the event stream', () => {
  it('are split into small messages that add up to the whole', () => {
    const tasks = new Map(Array.from({ length: 4_500 }, (_, i) => [`user-${i}`, i + 1]));
    const bodies = encodeRunRecords({ run: 'r', record: 'x', started: 1, finished: 2, tasks });
    const records = bodies.map((body) => decodeRunRecord(body)!);
    expect(records).toHaveLength(3);
    expect(new Set(records.map(({ record }) => record)).size).toBe(3);
    expect(new Map(records.flatMap((record) => [...record.tasks]))).toEqual(tasks);
  });
});
