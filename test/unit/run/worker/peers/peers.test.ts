import { describe, expect, it } from 'vitest';
import { WORKER_GONE_AFTER_MS, type WorkerPresence } from '../../../../../src/broker/control/control.js';
import { namesFor } from '../../../../../src/core/queues/names.js';
import { Peers, type Serving } from '../../../../../src/run/worker/peers/peers.js';

const names = namesFor('fairq');
const ALL = { include: [], exclude: [], also: [] };

function presence(id: string, globs: Partial<Serving> = {}, free = 0): WorkerPresence {
  const rest = { name: id, slots: 10, busy: undefined, longest: undefined, ready: true };
  return { ...rest, ...ALL, ...globs, id, free };
}

/** A worker that has taken up these queues. */
class Own {
  readonly peers: Peers;

  constructor(globs: Partial<Serving>, ...queues: string[]) {
    this.peers = new Peers({ ...ALL, ...globs, id: 'm' }, names);
    for (const queue of queues) this.take(queue);
  }

  take(queue: string): void {
    this.peers.took(queue);
  }

  drop(queue: string): void {
    this.peers.dropped(queue);
  }
}

describe('the workers that share the load', () => {
  it('are those that serve a queue of this one, by whatever globs', () => {
    const { peers } = new Own({ include: ['a-*'] }, 'a-1', 'a-2');
    peers.heard(presence('other', { include: ['b-*'] }), 0);
    peers.heard(presence('users'), 0);
    peers.heard(presence('excludes', { include: ['*'], exclude: ['a-*'] }), 0);
    expect(peers.count).toBe(1);
    peers.heard(presence('one of them', { include: ['*-2'] }), 0);
    peers.heard(presence('also', { also: ['a-1'] }), 0);
    expect(peers.count).toBe(3);
  });

  it('are those with the same globs, before a queue is found', () => {
    const { peers } = new Own({});
    peers.heard(presence('alike'), 0);
    peers.heard(presence('other', { include: ['fairq.user.A*'] }), 0);
    expect(peers.count).toBe(2);
  });

  it('change with the queues', () => {
    const own = new Own({ include: ['*'] });
    own.peers.heard(presence('a', { include: ['a-*'] }), 0);
    own.peers.heard(presence('b', { include: ['b-*'] }), 0);
    own.take('a-1');
    own.take('a-2');
    expect(own.peers.count).toBe(2);
    own.take('b-1');
    expect(own.peers.count).toBe(3);
    own.drop('a-1');
    expect(own.peers.count).toBe(3);
    own.drop('a-2');
    expect(own.peers.count).toBe(2);
    // Being heard again changes nothing.
    own.peers.heard(presence('a', { include: ['a-*'] }), 1);
    expect(own.peers.count).toBe(2);
  });

  it('change with who comes and goes', () => {
    const { peers } = new Own({}, 'fairq.user.A');
    for (const id of ['x', 'y', 'z']) peers.heard(presence(id), 0);
    expect(peers.count).toBe(4);
    peers.gone('x');
    peers.heard(presence('y'), WORKER_GONE_AFTER_MS);
    peers.forgetSilent(WORKER_GONE_AFTER_MS + 1);
    expect(peers.count).toBe(2);
  });

  it('alone are left tasks, and stand before or behind this one; all count for a common start', () => {
    const { peers } = new Own({ include: ['a-*'] }, 'a-1');
    peers.heard(presence('b', { include: ['b-*'] }, 9), 0);
    peers.heard(presence('c', { include: ['a-*'] }, 3), 0);
    peers.heard(presence('d', { include: ['a-1'] }, 2), 0);
    expect([peers.count, peers.rank, peers.ready, peers.freeSlots]).toEqual([3, 2, 3, 5]);
    peers.left(4);
    expect(peers.freeSlots).toBe(1);
    expect([peers.wants('a-1'), peers.wants('b-1')]).toEqual([true, true]);
  });
});

describe('a worker that is silent', () => {
  it('is known for how long, also when it counts no more, until it speaks or says goodbye', () => {
    const { peers } = new Own({});
    peers.heard(presence('a'), 0);
    peers.heard(presence('b'), 0);
    expect(peers.silent(1_000)).toEqual([]);
    expect(peers.silent(6_000)).toEqual([
      { id: 'a', name: 'a', forMs: 6_000 },
      { id: 'b', name: 'b', forMs: 6_000 },
    ]);
    peers.heard(presence('b'), 8_000);
    const now = WORKER_GONE_AFTER_MS + 5_000;
    peers.forgetSilent(now);
    expect(peers.silent(now)).toEqual([
      { id: 'b', name: 'b', forMs: 7_000 },
      { id: 'a', name: 'a', forMs: now },
    ]);
    peers.heard(presence('a'), now);
    peers.gone('b');
    expect(peers.silent(now)).toEqual([]);
  });
});
