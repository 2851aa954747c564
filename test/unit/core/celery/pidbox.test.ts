import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeCommand,
  decodeReply,
  encodeCommand,
  encodeReply,
  queueToConsume,
} from '../../../../src/core/celery/pidbox.js';

const replyTo = { exchange: 'reply.celery.pidbox', routingKey: 'me', ticket: '1' };

describe("Celery's remote control", () => {
  it('understands what it would say itself', () => {
    const command = encodeCommand({ method: 'add_consumer', queue: 'q', destination: ['w@h'] }, replyTo);
    const decoded = decodeCommand(command);
    expect(decoded).toMatchObject({ method: 'add_consumer', destination: ['w@h'], replyTo });
    expect(queueToConsume(decoded?.arguments ?? {})).toEqual({
      queue: 'q',
      binding: { exchange: 'q', exchangeType: 'direct', routingKey: 'q' },
    });
    expect(decodeReply(encodeReply('w@h', { ok: 'add consumer q' }))).toEqual({
      worker: 'w@h',
      error: undefined,
      queues: [],
    });
  });

  it('finds no queue where none is named, or one whose name the broker does not take', () => {
    for (const queue of [undefined, '', 7, 'x'.repeat(256)])
      expect(queueToConsume({ queue })).toBeUndefined();
    expect(queueToConsume({ queue: 'q', exchange: null })).toEqual({ queue: 'q', binding: {} });
  });

  it('is for all where nobody is named', () => {
    const decoded = decodeCommand('{"method":"ping","destination":[],"pattern":null,"matcher":null}');
    expect(decoded).toMatchObject({ destination: undefined, pattern: undefined, matcher: undefined });
  });

  it('tells refusals and lists of queues from an ok', () => {
    expect(decodeReply('{"w@h":{"error":"no"}}')).toMatchObject({ error: 'no' });
    expect(decodeReply('{"w@h":[{"name":"a","exchange":{}},{"name":"b"},7]}')).toMatchObject({
      queues: ['a', 'b'],
    });
  });

  it('lives through whatever is said', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        decodeCommand(text);
        decodeReply(text);
      }),
    );
  });
});
