import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeText,
  delayOfQueue,
  delayQueueOf,
  encodeText,
  grantQueue,
  isReserved,
  namesFor,
  ownQueue,
  routingKeyOf,
  spreadQueue,
  spreadQueueOf,
  userQueueOf,
} from '../../../../src/core/queues/names.js';

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
      'fairq.starts',
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

describe('queues of permits and tokens', () => {
  it('tell whose they are, and are no work', () => {
    const found = (queue: string) => {
      const { kind, of, name } = grantQueue(names, queue) ?? {};
      expect([isReserved(names, queue), ownQueue(names, queue)]).toEqual([true, undefined]);
      return [kind, of, name];
    };
    expect(found('fairq.permits.A%2Fb')).toEqual(['permits', 'user', 'A/b']);
    expect(found('fairq.tokens.tenant')).toEqual(['tokens', 'user', 'tenant']);
    expect(found('fairq.tokens.tenant/acme')).toEqual(['tokens', 'tenant', 'acme']);
    expect(found('fairq.permits.user.A')).toEqual(['permits', 'user', 'user.A']);
    expect(found('fairq.permits.a/b')).toEqual([undefined, undefined, undefined]);
    expect(grantQueue(names, 'fairq.user.permits.A')).toBeUndefined();
  });
});

describe('spread queues', () => {
  it('tell how many there are and which one it is', () => {
    const queue = { count: 64, index: 17 };
    expect(spreadQueueOf(names, queue)).toBe('fairq.spread.64.17');
    expect(spreadQueue(names, 'fairq.spread.64.17')).toEqual(queue);
    expect(ownQueue(names, 'fairq.spread.64.17')).toBeUndefined();
    expect(isReserved(names, 'fairq.spread.64.17')).toBe(false);
  });

  it.each([
    'fairq.spread',
    'fairq.spread.64',
    'fairq.spread.64.64',
    'fairq.spread.064.1',
    'fairq.spread.64.01',
    'fairq.user.64.1',
  ])('are none of a name such as %s', (queue) => {
    expect(spreadQueue(names, queue)).toBeUndefined();
  });
});

describe('two prefixes', () => {
  const WORDS = [
    ...['user', 'group', 'control', 'events', 'results', 'dead', 'retry', 'replies', 'prune', 'shared'],
    ...[
      'priority',
      'direct',
      'doctor',
      'starts',
      'permits',
      'tokens',
      'policy',
      'lock',
      'other',
      'users',
      'user-x',
      'x',
    ],
  ];
  const longer = WORDS.flatMap((word) => [`fairq.${word}`, `fairq.${word}.x`, `fairq.x.${word}`]);
  const isTaken = (prefix: string) => {
    try {
      return namesFor(prefix) !== undefined;
    } catch {
      return false;
    }
  };

  it.each([
    ...['fairq.user', 'fairq.user.x', 'fairq.group', 'fairq.x.group.y', 'fairq.retry', 'fairq.control'],
    ...['fairq.permits', 'fairq.permits.x', 'fairq.tokens', 'fairq.lock', 'fairq.policy'],
  ])('are refused where one reads like a name of the other: %s', (prefix) => {
    expect(() => namesFor(prefix)).toThrow(
      `the prefix "${prefix}" reads like a name under the prefix "fairq`,
    );
  });

  it.each(['user', 'fairq-user', 'fairq.users', 'group.fairq', 'fairq.test', 'a.b.c'])(
    'go together otherwise: %s',
    (prefix) => {
      expect(namesFor(prefix).prefix).toBe(prefix);
    },
  );

  it('that are taken never share an exchange, a user queue or a queue of retries', () => {
    const taken = ['fairq', 'fairq.x', ...longer].filter(isTaken);
    expect(taken.length).toBeGreaterThan(30);
    const mistaken: string[] = [];
    for (const one of taken.map(namesFor)) {
      for (const other of taken.map(namesFor)) {
        if (one.prefix === other.prefix) continue;
        const queues = [
          ...[other.eventStream, other.resultStream, other.deadLetterQueue, other.pruneLock],
          ...[other.sharedQueue, other.priorityQueue, other.directSenders, delayQueueOf(other, 5)],
          ...['A', 'x', 'user.A', '5ms'].map((user) => userQueueOf(other, user)),
        ];
        const isMistaken = (queue: string) =>
          ownQueue(one, queue) !== undefined || queue.startsWith(one.retryQueuePrefix);
        const exchanges = [one.taskExchange, one.controlExchange];
        const shared = [other.taskExchange, other.controlExchange].filter((name) => exchanges.includes(name));
        const wrong = [...queues.filter(isMistaken), ...shared];
        if (wrong.length > 0) mistaken.push(`${one.prefix} and ${other.prefix}: ${wrong.join()}`);
      }
    }
    expect(mistaken).toEqual([]);
  });
});
