import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeText,
  delayOfQueue,
  delayQueueOf,
  encodeText,
  namesFor,
  ownQueue,
  routingKeyOf,
  userQueueOf,
} from '../../../src/core/names.js';

const names = namesFor('fairq');
const anyUser = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 40 })
  .filter((user) => user.isWellFormed());

describe('names on the broker', () => {
  it('give back any user unchanged', () => {
    fc.assert(
      fc.property(anyUser, (user) => {
        expect(decodeText(encodeText(user))).toBe(user);
      }),
    );
  });

  it('hold nothing but letters, digits and a few signs', () => {
    fc.assert(
      fc.property(anyUser, (user) => {
        expect(encodeText(user)).toMatch(/^[A-Za-z0-9_.@:%-]+$/);
      }),
    );
  });

  it('of delay queues say the delay, and no other name is one', () => {
    expect(delayOfQueue(names, delayQueueOf(names, 86_400_000))).toBe(86_400_000);
    for (const other of ['fairq.retry', 'fairq.retry.', 'fairq.retry.1e3ms', 'fairq.retry.5ms.making']) {
      expect(delayOfQueue(names, other)).toBeUndefined();
    }
    expect(delayOfQueue(namesFor('other'), delayQueueOf(names, 5))).toBeUndefined();
  });

  it.each(['../x', '%2F', 'a%41', '用户', '💥', 'a\u0000b', '\u001b[31m', ' ', '"quoted"', 'A'])(
    'tell the user %j from all others',
    (user) => {
      expect(ownQueue(names, userQueueOf(names, user))?.name).toBe(user);
    },
  );

  it('are not taken for a user when somebody else made them', () => {
    for (const queue of [
      'fairq.events',
      'fairq.user.',
      'fairq.user.a%2f',
      'fairq.user.%FF',
      'fairq.user.a%41',
      'other',
    ]) {
      expect(ownQueue(names, queue)).toBeUndefined();
    }
  });

  it('refuse an empty user, a broken one and one too long for AMQP', () => {
    expect(() => routingKeyOf(names, '')).toThrow('cannot be empty');
    expect(() => routingKeyOf(names, '\ud800')).toThrow('not valid Unicode');
    expect(routingKeyOf(names, 'x'.repeat(244))).toHaveLength(244);
    expect(() => routingKeyOf(names, 'x'.repeat(245))).toThrow('AMQP allows 255');
    expect(() => routingKeyOf(names, '用'.repeat(82))).toThrow('AMQP allows 255');
  });

  it('refuse a prefix that could not be told apart', () => {
    expect(() => namesFor('')).toThrow('cannot be a prefix');
    expect(() => namesFor('a b')).toThrow('cannot be a prefix');
  });
});
