import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { byHash, byMap, byPrefix, checkedGroups, stableHash } from '../../../../src/core/queues/grouping.js';
import {
  groupQueueOf,
  namesFor,
  ownQueue,
  routingKeyOf,
  userQueueOf,
} from '../../../../src/core/queues/names.js';
import { hostileName } from '../../../support/hostile-names.js';

const names = namesFor('fairq');

describe('groups by prefix', () => {
  it('count characters, however many units they take', () => {
    const { groupOf } = byPrefix(2);
    expect(groupOf('abc')).toBe('prefix:2:ab');
    expect(groupOf('💥💥b')).toBe('prefix:2:💥💥');
    expect(groupOf('用户一')).toBe('prefix:2:用户');
  });

  it('leave a shorter user alone', () => {
    const { groupOf } = byPrefix(2);
    expect(groupOf('a')).toBe('prefix:2:a');
    expect(groupOf('ab')).not.toBe(groupOf('a'));
  });
});

describe('groups by hash', () => {
  it('are the same in every version', () => {
    expect(['', 'A', 'user-1', '用户'].map(stableHash)).toEqual([
      2872998923, 1294499476, 2005895916, 92542928,
    ]);
    expect(byHash(64).groupOf('A')).toBe('hash:64:20');
  });

  it('are about as large as each other, whatever the names have in common', () => {
    for (const nameOf of [(i: number) => `user-${i}`, (i: number) => String.fromCodePoint(0x4e00 + i)]) {
      const { groupOf } = byHash(16);
      const sizes = new Map<string | undefined, number>();
      for (let i = 0; i < 16_000; i++) {
        const group = groupOf(nameOf(i));
        sizes.set(group, (sizes.get(group) ?? 0) + 1);
      }
      expect(sizes.size).toBe(16);
      for (const size of sizes.values()) expect(Math.abs(size - 1_000)).toBeLessThan(150);
    }
  });
});

describe('groups from a file', () => {
  it('hold their users, and leave others alone', () => {
    const groups = checkedGroups({ gold: ['A', 'B'], silver: ['C'] }, 'file');
    const { groupOf } = byMap('tiers.toml', groups);
    expect(['A', 'B', 'C', 'D'].map(groupOf)).toEqual(['map:gold', 'map:gold', 'map:silver', undefined]);
  });

  it.each<[unknown, string]>([
    [{}, 'no group'],
    [[], 'not an object'],
    [null, 'not an object'],
    [{ gold: [] }, '"gold" is empty'],
    [{ gold: 'A' }, '"gold" is not a list'],
    [{ gold: [7] }, 'holds 7'],
    [{ gold: [''] }, 'holds ""'],
    [{ '': ['A'] }, 'cannot be the name'],
    [{ gold: ['A'], silver: ['B', 'A'] }, 'the user "A" is in two groups, "gold" and "silver"'],
  ])('are refused as %j', (document, reason) => {
    expect(() => checkedGroups(document, '--group-by map:f')).toThrow(reason);
    expect(() => checkedGroups(document, '--group-by map:f')).toThrow('--group-by map:f: ');
  });
});

describe("a group's queue", () => {
  const wellFormed = hostileName.filter((name) => name.isWellFormed());

  it('is known again by its name, whatever the group is called', () => {
    fc.assert(
      fc.property(wellFormed, (name) => {
        const group = byPrefix(16).groupOf(name) ?? '';
        expect(ownQueue(names, groupQueueOf(names, group))).toMatchObject({ kind: 'group', name: group });
      }),
    );
  });

  it("never has a user's name or routing key", () => {
    fc.assert(
      fc.property(wellFormed, wellFormed, (user, group) => {
        if (user.length > 20) return;
        const queue = groupQueueOf(names, group.slice(0, 8).toWellFormed());
        expect(queue).not.toBe(userQueueOf(names, user));
        const key = ownQueue(names, queue)?.key ?? '';
        expect(key).not.toBe(routingKeyOf(names, user));
        expect(routingKeyOf(names, key)).not.toBe(key);
      }),
    );
  });

  it('is refused where AMQP has no room for its name', () => {
    expect(() => groupQueueOf(names, 'x'.repeat(250))).toThrow('262 bytes');
  });
});
