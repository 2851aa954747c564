import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CompletionBatch,
  decodeCompletions,
  decodePublishedIds,
  decodeRunRecord,
  encodePublishedIds,
  encodeRunRecords,
} from '../../../../src/core/events/event-codec.js';
import type { TaskEvent } from '../../../../src/core/events/task-event.js';

const micros = fc.integer({ min: 1_600_000_000_000_000, max: 1_900_000_000_000_000 });
const hex = (length: number) =>
  fc
    .bigInt({ min: 1n, max: 16n ** BigInt(length) - 1n })
    .map((number) => number.toString(16).padStart(length, '0'));
const traceparent = fc.tuple(hex(32), hex(16)).map(([trace, span]) => `00-${trace}-${span}-01`);
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
  hasResult: fc.boolean(),
  sentLate: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 10_000_000 })),
  traceparent: fc.option(traceparent, { nil: undefined }),
});

function bodyOf(events: readonly TaskEvent[]): string {
  const batch = new CompletionBatch('worker-1');
  for (const one of events) batch.add(one);
  return batch.take();
}

describe('the ids of a publisher', () => {
  it('are a series, and those that were given to it', () => {
    const at = 1_700_000_000_000_000;
    const all = { run: 'r', user: 'A', task: 'mail', queue: 'fairq.user.A' };
    const tasks = Array.from({ length: 2_500 }, (_, i) => ({
      id: `id-${i}`,
      user: `user-${i % 7}`,
      run: 'r',
      ...(i % 3 === 0 && { queue: 'reports' }),
    }));
    const said = { series: '-9f3a-2f6d1c0b7e55', at, all, tasks };
    const [first, ...rest] = encodePublishedIds(said).map(decodePublishedIds);
    expect(first).toEqual({ series: '-9f3a-2f6d1c0b7e55', at, all });
    expect(rest.flatMap((body) => body?.tasks)).toEqual(tasks);
    const last = { series: '-9f3a-2f6d1c0b7e55', at, all, ended: true };
    expect(encodePublishedIds(last).map(decodePublishedIds)).toEqual([last]);
    // Older publishers have written ids alone.
    expect(decodePublishedIds('{"v":1,"ids":["a"]}')).toEqual({ tasks: [{ id: 'a' }] });
    const due = { at: 5, tasks: [{ id: 'a', due: 7_000_000 }, { id: 'b' }] };
    expect(encodePublishedIds(due).map(decodePublishedIds)).toEqual([due]);
    expect(decodePublishedIds('{"v":1,"ids":["a"],"due":["soon"]}')).toEqual({ tasks: [{ id: 'a' }] });
    for (const body of ['', '[]', '{}', '{"v":2,"series":"x"}'])
      expect(decodePublishedIds(body)).toBeUndefined();
    expect(decodePublishedIds('{"v":1,"series":7,"ids":[7]}')).toEqual({});
  });
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

  it('have a traceparent in a column of its own, which older readers do not look at', () => {
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 30 }), (events) => {
        const untraced = events.map((one) => ({ ...one, traceparent: undefined }));
        const { trace, ...others } = JSON.parse(bodyOf(events));
        // Without one nothing is written, and what is written then is what older versions have written.
        expect(JSON.stringify(others)).toBe(bodyOf(untraced));
        expect(decodeCompletions(JSON.stringify(others))).toEqual(untraced);
        expect(trace).toEqual(
          events.some((one) => one.traceparent !== undefined)
            ? events.map((one) => one.traceparent ?? '')
            : undefined,
        );
      }),
    );
  });

  it.each([
    ['is no list', 'x'],
    ['is too short', []],
    ['holds anything', [7]],
    ['holds another text', ['<script>']],
  ])('are read without their traceparents where that column %s', (_, trace) => {
    const events = fc.sample(event, 1).map((one) => ({ ...one, traceparent: undefined }));
    const body = JSON.stringify({ ...JSON.parse(bodyOf(events)), trace });
    expect(decodeCompletions(body)).toEqual(events);
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
