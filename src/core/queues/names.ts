import { usageError } from '../errors/errors.js';

/** AMQP carries names and routing keys as short strings: at most 255 bytes. */
const MAX_NAME_BYTES = 255;
const SAFE = /^[A-Za-z0-9_.@:-]*$/;
const UNSAFE_BYTE = /[^A-Za-z0-9_.@:-]/;

const encoder = new TextEncoder();
/** A user may begin with U+FEFF: left to itself the decoder takes it for a mark of the encoding, and away. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Names under such a prefix are names under a shorter one too, with another meaning. Who uses the shorter one cannot know
 * of the longer, so it is refused whether or not somebody uses the shorter one at the moment.
 */
const WHAT_IT_READS_LIKE = {
  user: 'its queues would be taken for queues of users there, and be consumed and pruned',
  group: 'its queues would be taken for queues of groups there, and be consumed and pruned',
  retry: 'its queues would be taken for tasks there that wait for their next attempt',
  control: 'it would be one exchange for tasks and for what processes say to each other',
  permits: 'its queues would be taken for permits of users there',
  tokens: 'its queues would be taken for tokens of users there',
  spread: 'its queues would be taken for queues of light users there, and be consumed and pruned',
  policy: 'its queues would be taken for what is set for users there, and never be worked on',
  lock: 'its queues would be taken for locks there',
} as const;
const READS_LIKE_A_NAME = new RegExp(`^(.+?)\\.(${Object.keys(WHAT_IT_READS_LIKE).join('|')})(?:\\.|$)`);
type Part = keyof typeof WHAT_IT_READS_LIKE;

/** What a worker calls its connection begins with this. */
export const WORKER_CONNECTION = 'fairq worker ';
/** The same of the connection on which a worker hears the broker's own events; the worker's name follows. */
export const EVENTS_CONNECTION = 'fairq hears new queues for ';
/** The same of the connection on which a worker tells Celery's monitors its events. */
export const MONITORS_CONNECTION = "fairq tells Celery's monitors of ";

/** The names of everything that fairq keeps on the broker, under one prefix. */
export interface Names {
  readonly prefix: string;
  /** Direct exchange; the routing key is the encoded user. */
  readonly taskExchange: string;
  /** Fanout; every process has an exclusive queue on it. */
  readonly controlExchange: string;
  /** Stream of completions and run records. */
  readonly eventStream: string;
  /** Stream of what tasks returned, and why they failed. */
  readonly resultStream: string;
  /** Stream of what workers note before they start what was delivered before. */
  readonly startStream: string;
  /** Stream of which requests with a key were carried out by which server. */
  readonly keyStream: string;
  /** What the name of a queue starts with that says, as long as it is there, that a server lives. */
  readonly serverQueuePrefix: string;
  /** Tasks that failed for good. */
  readonly deadLetterQueue: string;
  /** What the name of every queue starts with in which tasks wait for their next attempt. */
  readonly retryQueuePrefix: string;
  /** What the name of every queue starts with in which Celery's workers answer a publisher that waits. */
  readonly replyQueuePrefix: string;
  /** What the name of every queue starts with that the doctor makes for a moment. */
  readonly doctorQueuePrefix: string;
  /** Exclusive to the pruner that is at work: while it is there, an unbound queue is in good hands. */
  readonly pruneLock: string;
  /** Consumed by each publisher that sends past the exchange; always empty. */
  readonly directSenders: string;
  /** The one queue of strategy `fifo`. */
  readonly sharedQueue: string;
  /** The one queue of strategy `priority`. */
  readonly priorityQueue: string;
  /** Stream of what operators have set for users: whole documents, the newest counts. */
  readonly policyStream: string;
  /** Exclusive to who changes what is set. */
  readonly policyLock: string;
  /** Exclusive to who sets up spread queues, or changes how many there are. */
  readonly unitsLock: string;
  /** What the name of every queue starts with that holds the permits of a capped user. */
  readonly permitQueuePrefix: string;
  /** The same of the tokens of a user whose starts have a rate. */
  readonly tokenQueuePrefix: string;
  /** What every user queue's name starts with. */
  readonly userQueuePrefix: string;
  /** The same for the queues that a group of users shares. */
  readonly groupQueuePrefix: string;
  /** Consistent-hash exchange: what finds no queue of its user's own gets from here to a spread queue. */
  readonly spreadExchange: string;
  /** What the name of every spread queue starts with: the light users share these. */
  readonly spreadQueuePrefix: string;
}

/** Whether a prefix reads like a name under a shorter one. */
export function readsLikeAName(prefix: string): boolean {
  return READS_LIKE_A_NAME.test(prefix);
}

/** There can be no names under this prefix. */
export class BadPrefix extends Error {
  override readonly name = 'BadPrefix';

  /** @param instead a prefix that would do; undefined where this one is no name at all */
  constructor(
    message: string,
    readonly instead: string | undefined,
  ) {
    super(message);
  }
}

/** @throws BadPrefix */
export function namesFor(prefix: string): Names {
  if (!/^[A-Za-z0-9_.:-]{1,60}$/.test(prefix)) {
    throw new BadPrefix(`"${prefix}" cannot be a prefix`, undefined);
  }
  const [, shorter, part] = READS_LIKE_A_NAME.exec(prefix) ?? [];
  if (shorter !== undefined) {
    throw new BadPrefix(
      `the prefix "${prefix}" reads like a name under the prefix "${shorter}": ${WHAT_IT_READS_LIKE[part as Part]}`,
      prefix.replaceAll('.', '-'),
    );
  }
  return {
    prefix,
    taskExchange: prefix,
    controlExchange: `${prefix}.control`,
    eventStream: `${prefix}.events`,
    resultStream: `${prefix}.results`,
    startStream: `${prefix}.starts`,
    keyStream: `${prefix}.keys`,
    serverQueuePrefix: `${prefix}.server.`,
    deadLetterQueue: `${prefix}.dead`,
    retryQueuePrefix: `${prefix}.retry.`,
    replyQueuePrefix: `${prefix}.replies.`,
    doctorQueuePrefix: `${prefix}.doctor.`,
    pruneLock: `${prefix}.prune`,
    directSenders: `${prefix}.direct`,
    sharedQueue: `${prefix}.shared`,
    priorityQueue: `${prefix}.priority`,
    policyStream: `${prefix}.policy`,
    policyLock: `${prefix}.lock.policy`,
    unitsLock: `${prefix}.lock.units`,
    permitQueuePrefix: `${prefix}.permits.`,
    tokenQueuePrefix: `${prefix}.tokens.`,
    userQueuePrefix: `${prefix}.user.`,
    groupQueuePrefix: `${prefix}.group.`,
    spreadExchange: `${prefix}.spread`,
    spreadQueuePrefix: `${prefix}.spread.`,
  };
}

/** RabbitMQ takes line breaks out of the name of a queue that is declared, and not out of a routing key. */
export function hasLineBreak(name: string): boolean {
  return /[\r\n]/.test(name);
}

/** How many bytes a name has that is too long for AMQP; undefined for one that is not. */
export function tooLong(name: string): number | undefined {
  // No character of UTF-16 takes more than three bytes: most names need not be encoded to know.
  if (name.length * 3 <= MAX_NAME_BYTES) return undefined;
  const bytes = encoder.encode(name).length;
  return bytes > MAX_NAME_BYTES ? bytes : undefined;
}

/** Where tasks wait so long for their next attempt: one queue for each delay, so that they are due in its order. */
export function delayQueueOf(names: Names, delayMs: number): string {
  return `${names.retryQueuePrefix}${delayMs}ms`;
}

/** The delay of such a queue, milliseconds, or undefined for any other queue. */
export function delayOfQueue(names: Names, queue: string): number | undefined {
  if (!queue.startsWith(names.retryQueuePrefix)) return undefined;
  const delay = /^(\d{1,9})ms$/.exec(queue.slice(names.retryQueuePrefix.length))?.[1];
  return delay === undefined ? undefined : Number(delay);
}

/** Names of queues that are never work; neither is one whose name goes on after a dot. */
const RESERVED = [
  'eventStream',
  'resultStream',
  'startStream',
  'deadLetterQueue',
  'controlExchange',
  'pruneLock',
  'directSenders',
  'policyStream',
  'policyLock',
  'unitsLock',
] as const satisfies readonly (keyof Names)[];
/** What names of queues start with that are never work. */
const RESERVED_PREFIXES = [
  'retryQueuePrefix',
  'replyQueuePrefix',
  'doctorQueuePrefix',
  'permitQueuePrefix',
  'tokenQueuePrefix',
] as const satisfies readonly (keyof Names)[];

/** Whether fairq keeps this queue for itself: it is never work, whatever a glob says. */
export function isReserved(names: Names, queue: string): boolean {
  return (
    RESERVED_PREFIXES.some((prefix) => queue.startsWith(names[prefix])) ||
    RESERVED.some((name) => queue === names[name] || queue.startsWith(`${names[name]}.`))
  );
}

/**
 * A text, such as a user, as part of a name: percent-encoded but for `[A-Za-z0-9_.@:-]`, so that two
 * users never share a name and a user can hold any character.
 */
export function encodeText(text: string): string {
  if (SAFE.test(text)) return text;
  let encoded = '';
  for (const byte of encoder.encode(text)) {
    const character = String.fromCharCode(byte);
    encoded += UNSAFE_BYTE.test(character)
      ? `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
      : character;
  }
  return encoded;
}

/** Whose a message is that other programs send without any user: people see this in its row. */
export const NO_USER = '(no user)';

/** The inverse of `encodeText`, or undefined for text that it cannot have made. */
export function decodeText(encoded: string): string | undefined {
  if (!encoded.includes('%')) return SAFE.test(encoded) ? encoded : undefined;
  const bytes: number[] = [];
  for (let i = 0; i < encoded.length; i++) {
    if (encoded[i] !== '%') {
      bytes.push(encoded.charCodeAt(i));
      continue;
    }
    const hex = encoded.slice(i + 1, i + 3);
    if (!/^[0-9A-F]{2}$/.test(hex)) return undefined;
    bytes.push(Number.parseInt(hex, 16));
    i += 2;
  }
  try {
    const text = decoder.decode(Uint8Array.from(bytes));
    return encodeText(text) === encoded ? text : undefined;
  } catch {
    return undefined; // not UTF-8: some other program's name
  }
}

/** The routing key of a user, refused where the queue's name would not fit into AMQP's 255 bytes. */
export function routingKeyOf(names: Names, user: string): string {
  if (user === '') {
    throw usageError('EMPTY_USER', 'a user cannot be empty', {
      hint: 'Name the user whose tasks these are.',
    });
  }
  if (!user.isWellFormed()) {
    throw usageError('BAD_USER', `user ${JSON.stringify(user)} is not valid Unicode`, {
      hint: 'A user is any non-empty UTF-8 text.',
    });
  }
  const key = encodeText(user);
  const bytes = tooLong(names.userQueuePrefix + key);
  if (bytes !== undefined) {
    throw usageError(
      'USER_TOO_LONG',
      `the user ${JSON.stringify(`${user.slice(0, 24)}…`)} would need a queue name of ${bytes} bytes; AMQP allows ${MAX_NAME_BYTES}`,
      {
        hint: `Use a shorter user: at most ${MAX_NAME_BYTES - names.userQueuePrefix.length} bytes once encoded.`,
      },
    );
  }
  return key;
}

export function userQueueOf(names: Names, user: string): string {
  return names.userQueuePrefix + routingKeyOf(names, user);
}

/**
 * The queue that a group of users shares; `group` is what `core/queues/grouping.ts` calls it. Refused where its name would
 * not fit into AMQP's 255 bytes.
 */
export function groupQueueOf(names: Names, group: string): string {
  const queue = names.groupQueuePrefix + encodeText(group);
  const bytes = tooLong(queue);
  if (bytes === undefined) return queue;
  throw usageError(
    'GROUP_TOO_LONG',
    `the group ${JSON.stringify(`${group.slice(0, 24)}…`)} would need a queue name of ${bytes} bytes; AMQP allows ${MAX_NAME_BYTES}`,
    { hint: 'Use a shorter name, or a shorter prefix.' },
  );
}

/** One of the queues that light users share. */
export interface SpreadQueue {
  /** How many there are. */
  readonly count: number;
  /** From 0. */
  readonly index: number;
}

/** The name of a spread queue: `fairq.spread.64.17`. */
export function spreadQueueOf(names: Names, { count, index }: SpreadQueue): string {
  return `${names.spreadQueuePrefix}${count}.${index}`;
}

/**
 * An exchange without bindings that says by being there how many spread queues are in force. Over AMQP nobody can ask for
 * the bindings of an exchange.
 */
export function spreadMarkerOf(names: Names, count: number): string {
  return `${names.spreadQueuePrefix}${count}`;
}

/** Which spread queue this is; undefined for any other queue. */
export function spreadQueue(names: Names, queue: string): SpreadQueue | undefined {
  if (!queue.startsWith(names.spreadQueuePrefix)) return undefined;
  const [, count, index] =
    /^([1-9]\d{0,4})\.(0|[1-9]\d{0,4})$/.exec(queue.slice(names.spreadQueuePrefix.length)) ?? [];
  if (count === undefined || Number(index) >= Number(count)) return undefined;
  return { count: Number(count), index: Number(index) };
}

/** A queue of numbered permits or tokens. */
export interface GrantQueueName {
  readonly queue: string;
  readonly kind: 'permits' | 'tokens';
  readonly of: 'user' | 'tenant';
  /** Whose cap or rate it keeps. */
  readonly name: string;
}

/** Undefined for any other queue. A user's name has no slash here: it is percent-encoded. */
export function grantQueue(names: Names, queue: string): GrantQueueName | undefined {
  const { permitQueuePrefix, tokenQueuePrefix } = names;
  const kind = queue.startsWith(permitQueuePrefix) ? 'permits' : 'tokens';
  const prefix = kind === 'permits' ? permitQueuePrefix : tokenQueuePrefix;
  const tenant = decodedAfter(`${prefix}tenant/`, queue);
  if (tenant !== undefined) return { queue, kind, of: 'tenant', name: tenant };
  const user = decodedAfter(prefix, queue);
  return user === undefined ? undefined : { queue, kind, of: 'user', name: user };
}

/** One of the queues that fairq makes for tasks, and binds to its exchange. */
export interface OwnQueue {
  readonly kind: 'user' | 'group';
  /** Whose it is: the user or the group, who takes turns with the others. */
  readonly name: string;
  /** Its routing key on the task exchange. */
  readonly key: string;
}

/** What is known of one of fairq's own queues by its name; undefined for any other queue. */
export function ownQueue(names: Names, queue: string): OwnQueue | undefined {
  const user = decodedAfter(names.userQueuePrefix, queue);
  if (user !== undefined) return { kind: 'user', name: user, key: queue.slice(names.userQueuePrefix.length) };
  const group = decodedAfter(names.groupQueuePrefix, queue);
  if (group === undefined) return undefined;
  // No user has such a key: a slash is percent-encoded in theirs.
  return { kind: 'group', name: group, key: `group/${queue.slice(names.groupQueuePrefix.length)}` };
}

function decodedAfter(prefix: string, queue: string): string | undefined {
  return queue.startsWith(prefix) && queue.length > prefix.length
    ? decodeText(queue.slice(prefix.length))
    : undefined;
}
