import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeCommand,
  decodeReply,
  encodeCommand,
  encodeReply,
} from '../../../../src/core/celery/pidbox.js';

const replyTo = { exchange: 'reply.celery.pidbox', routingKey: 'me', ticket: '1' };

describe("Celery's remote control", () => {
  it('understands what it would say itself', () => {
    const command = encodeCommand({ method: 'add_consumer', queue: 'q', destination: ['w@h'] }, replyTo);
    expect(decodeCommand(command)).toEqual({
      method: 'add_consumer',
      queue: 'q',
      destination: ['w@h'],
      replyTo,
      exchange: 'q',
      exchangeType: 'direct',
      routingKey: 'q',
    });
    expect(decodeReply(encodeReply('w@h', { ok: 'add consumer q' }))).toEqual({
      worker: 'w@h',
      error: undefined,
      queues: [],
    });
  });

  it('tells refusals and lists of queues from an ok', () => {
    expect(decodeReply('{"w@h":{"error":"no"}}')).toMatchObject({ error: 'no' });
    expect(decodeReply('{"w@h":[{"name":"a","exchange":{}},{"name":"b"},7]}')).toMatchObject({
      queues: ['a', 'b'],
    });
  });

  it('leaves alone what is for others by a pattern, and lives through whatever is said', () => {
    expect(decodeCommand('{"method":"add_consumer","pattern":"x*","matcher":"glob"}')).toBeUndefined();
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        decodeCommand(text);
        decodeReply(text);
      }),
    );
  });
});
