import { encodeText, type Names } from '../../queues/names.js';

/** A byte of an encoded user: most are themselves, the others are a percent sign and two digits. */
const ANY = '(?:[A-Za-z0-9_.@:-]|%[0-9A-F]{2})';
const NEXT_BYTE = '%[89AB][0-9A-F]';
/** One character of a user, as it is encoded: up to four bytes of UTF-8. */
const ONE = `(?:[A-Za-z0-9_.@:-]|%[0-7][0-9A-F]|%[CD][0-9A-F]${NEXT_BYTE}|%E[0-9A-F](?:${NEXT_BYTE}){2}|%F[0-7](?:${NEXT_BYTE}){3})`;

/**
 * A regular expression of RabbitMQ's (PCRE) that matches the queues of those users whom a name or a glob means, and no
 * other queue.
 */
export function userQueuePattern({ userQueuePrefix }: Names, nameOrGlob: string): string {
  const [first = '', ...others] = nameOrGlob.split(/\*+/).map(literally);
  const start = `^${escaped(userQueuePrefix)}${first}`;
  const last = others.pop();
  if (last === undefined) return `${start}$`;
  // It is enough to go back to the last star. The groups are atomic: many stars cost no more than one.
  const between = others.map((part) => `(?>${ANY}*?${part})`).join('');
  return `${start}${between}${ANY}*${last}$`;
}

/**
 * The same for those of them that another policy's pattern matches, too. RabbitMQ looks for that one anywhere in a name.
 */
export function alsoMatching(pattern: string, other: string): string {
  return pattern.replace('^', () => `^(?=[\\s\\S]*?(?:${other}))`);
}

/** A part of a glob without stars. */
function literally(part: string): string {
  return part.split('?').map(encodeText).map(escaped).join(ONE);
}

/** Nothing else in a name means something to a regular expression. */
function escaped(name: string): string {
  return name.replaceAll('.', '\\.');
}
