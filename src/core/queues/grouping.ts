import { usageError } from '../errors/errors.js';

/** What shares a queue: every user has one, or groups of users do. */
export interface Grouping {
  /** As it was given: `hash:64`. */
  readonly text: string;
  /** What the names of all its groups start with, such as `hash:64:`; undefined where every user is alone. */
  readonly groupsStartWith: string | undefined;
  /** The user's group, such as `hash:64:17`; undefined for one that has a queue to itself. */
  groupOf(user: string): string | undefined;
}

const encoder = new TextEncoder();

/** Every user has a queue. */
export const BY_USER: Grouping = { text: 'user', groupsStartWith: undefined, groupOf: () => undefined };

/** Users whose first `count` characters (Unicode code points) are the same; a shorter user is a group alone. */
export function byPrefix(count: number): Grouping {
  const start = `prefix:${count}:`;
  return {
    text: `prefix:${count}`,
    groupsStartWith: start,
    groupOf: (user) => {
      // No code point takes more than two units: what comes later need not be looked at.
      const head = [...user.slice(0, 2 * count)].slice(0, count).join('');
      return start + head;
    },
  };
}

/** `count` groups, by a hash of the user that is the same everywhere and in every version. */
export function byHash(count: number): Grouping {
  const start = `hash:${count}:`;
  return {
    text: `hash:${count}`,
    groupsStartWith: start,
    groupOf: (user) => `${start}${stableHash(user) % count}`,
  };
}

/** @param groups members by group, each user in one of them at most; see `checkedGroups` */
export function byMap(file: string, groups: ReadonlyMap<string, readonly string[]>): Grouping {
  const groupOf = new Map(
    [...groups].flatMap(([group, users]) => users.map((user) => [user, `map:${group}`])),
  );
  return { text: `map:${file}`, groupsStartWith: 'map:', groupOf: (user) => groupOf.get(user) };
}

/**
 * What a file of groups holds, checked: `{"gold": ["A", "B"]}`.
 *
 * @param where what to name in an error
 */
export function checkedGroups(document: unknown, where: string): Map<string, string[]> {
  const bad = (reason: string) =>
    usageError('BAD_GROUPS', `${where}: ${reason}`, {
      hint: 'Write a line for each group, such as: gold = ["A", "B"] (or a JSON object, in a file named *.json).',
    });
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw bad('it is not an object of groups and their users');
  }
  const groups = new Map<string, string[]>();
  const seen = new Map<string, string>();
  for (const [group, users] of Object.entries(document)) {
    const name = JSON.stringify(group);
    if (group === '' || !group.isWellFormed()) throw bad(`${name} cannot be the name of a group`);
    if (!Array.isArray(users)) throw bad(`the group ${name} is not a list of users`);
    if (users.length === 0) throw bad(`the group ${name} is empty`);
    for (const user of users as unknown[]) {
      if (typeof user !== 'string' || user === '' || !user.isWellFormed()) {
        throw bad(`the group ${name} holds ${JSON.stringify(user)}, which is not a user`);
      }
      const other = seen.get(user);
      if (other !== undefined && other !== group) {
        throw bad(`the user ${JSON.stringify(user)} is in two groups, ${JSON.stringify(other)} and ${name}`);
      }
      seen.set(user, group);
    }
    groups.set(group, [...new Set<string>(users)]);
  }
  if (groups.size === 0) throw bad('it holds no group');
  return groups;
}

/**
 * 32-bit FNV-1a (Fowler, Noll, Vo) of the text in UTF-8, and over that the last step of MurmurHash3, since the low
 * bits of FNV-1a depend on the low bits of each byte alone, and a remainder would be of those. Queues are named by
 * it: it must never change.
 */
export function stableHash(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of encoder.encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
