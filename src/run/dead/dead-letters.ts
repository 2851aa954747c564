import { setImmediate } from 'node:timers/promises';
import type { Connection } from '../../broker/connection/connection.js';
import type { Delivery } from '../../broker/connection/delivery.js';
import { DeadLetterQueue } from '../../broker/dead-letters/dead-letter-queue.js';
import type { AskDefinition } from '../../broker/dead-letters/peek-without-loss.js';
import { type OutgoingTask, outgoingProperties, Publisher } from '../../broker/publishing/publisher.js';
import type { QueueKind } from '../../broker/queues/topology.js';
import { usageError } from '../../core/errors/errors.js';
import { encodePublishedIds, PUBLISHED_IDS } from '../../core/events/event-codec.js';
import { type DeadLetter, readDeadLetter, redriveHeaders } from '../../core/message/dead-letter.js';
import { type DeadLetterSelection, deadLetterFilter } from '../../core/message/dead-letter-filter.js';
import { newestFirst } from '../../core/message/dead-letter-groups.js';
import { completeEnvelope, decodeEnvelope } from '../../core/message/envelope.js';
import { republishableText } from '../../core/message/republishable.js';
import { type Names, ownQueue } from '../../core/queues/names.js';
import type { Clock } from '../../core/values/clock.js';
import { meant } from '../../core/values/starts-with.js';

export interface ListedDeadLetter extends DeadLetter {
  readonly id: string;
  /** The name of the task. */
  readonly type: string;
  readonly bytes: number;
}

export interface DeadLetterList {
  readonly letters: readonly ListedDeadLetter[];
  /** In the queue, chosen or not. */
  readonly total: number;
}

export interface DeadDeps {
  readonly connection: Connection;
  readonly names: Names;
  readonly clock: Clock;
  readonly definition: AskDefinition;
}

/** What became of the letters that were chosen. */
export interface DeadOutcome {
  readonly done: number;
  /** Left where they are, and why. */
  readonly kept: readonly { readonly id: string; readonly reason: string }[];
}

/** The newest first. Throws where an id is the start of several, or of none. */
export async function listDeadLetters(
  deps: DeadDeps,
  selection: DeadLetterSelection,
): Promise<DeadLetterList> {
  const letters: ListedDeadLetter[] = [];
  const total = await visitDeadLetters(deps, selection, (letter) => letters.push(letter));
  const { id } = selection;
  if (id === undefined) return { letters: newestFirst(letters), total };
  const whole = wholeId(
    id,
    letters.map((letter) => letter.id),
  );
  return { letters: newestFirst(letters.filter((letter) => letter.id === whole)), total };
}

/**
 * Shows each letter that is chosen, as they come, to who does not keep them all.
 *
 * @returns how many there are, chosen or not
 */
export async function visitDeadLetters(
  { connection, names, definition }: DeadDeps,
  selection: DeadLetterSelection,
  visit: (letter: ListedDeadLetter) => void,
): Promise<number> {
  const chosen = deadLetterFilter(selection);
  const queue = await DeadLetterQueue.open(connection, names, definition);
  try {
    await queue.walk((message) => {
      const letter = listed(message);
      if (chosen(letter.id, letter)) visit(letter);
      return undefined;
    });
  } finally {
    await queue.close();
  }
  return queue.size;
}

/** Which letter is meant by an id, or by its start. */
function wholeId(id: string, ids: Iterable<string>): string {
  const whole = meant(id, ids, "a dead letter's id");
  if (whole !== undefined) return whole;
  throw usageError('NO_SUCH_DEAD_LETTER', `there is no dead letter with the id ${JSON.stringify(id)}`, {
    hint: '"fairq dead list" names them.',
  });
}

/** One letter, whole. */
export interface FoundDeadLetter {
  readonly letter: ListedDeadLetter;
  readonly contentType: string;
  /** As they were written, by whoever wrote them. */
  readonly headers: Readonly<Record<string, unknown>>;
  readonly payload: Buffer;
}

/** By its id or the start of it. Throws where there is none. */
export async function findDeadLetter(
  { connection, names, definition }: DeadDeps,
  id: string,
): Promise<FoundDeadLetter> {
  const queue = await DeadLetterQueue.open(connection, names, definition);
  const candidates = new Map<string, Delivery>();
  try {
    await queue.walk((message) => {
      const own = idOf(message);
      if (own.startsWith(id)) candidates.set(own, message);
      return own === id ? 'stop' : undefined;
    });
  } finally {
    await queue.close();
  }
  const found = candidates.get(wholeId(id, candidates.keys()))!;
  const { contentType = '', headers = {} } = found.properties;
  return { letter: listed(found), contentType: String(contentType), headers, payload: found.content };
}

/** Takes letters out of the queue, for good. */
export async function discardDeadLetters(
  { connection, names, definition }: DeadDeps,
  selection: DeadLetterSelection,
  onDone: () => void,
): Promise<DeadOutcome> {
  const chosen = deadLetterFilter(selection);
  const queue = await DeadLetterQueue.open(connection, names, definition);
  let done = 0;
  try {
    await queue.walk((message, acknowledge) => {
      const letter = listed(message);
      if (!chosen(letter.id, letter)) return undefined;
      acknowledge();
      done++;
      onDone();
      return undefined;
    });
  } finally {
    await queue.close();
  }
  return { done, kept: [] };
}

/**
 * Sends letters back to the queues of their users, which are made where they are missing, or to the queue that
 * fairq did not make and that they came from, where it is still there. A letter leaves
 * the dead letters only when its task is safe in its queue: in between it may be in both, never in none.
 */
export async function redriveDeadLetters(
  { connection, names, clock, definition }: DeadDeps,
  selection: DeadLetterSelection,
  queueKind: QueueKind,
  onDone: () => void,
): Promise<DeadOutcome> {
  const chosen = deadLetterFilter(selection);
  const acknowledgements = new Map<OutgoingTask, () => void>();
  const kept: { id: string; reason: string }[] = [];
  let done = 0;
  const publisher = await Publisher.open(
    connection,
    names,
    {
      queueKind,
      onConfirmed: (task) => {
        acknowledgements.get(task)?.();
        acknowledgements.delete(task);
        done++;
        onDone();
      },
      onNotTaken: (task, { text }) => {
        acknowledgements.delete(task);
        kept.push({ id: task.id, reason: text });
      },
      onNoQueue: (task, queue) => {
        acknowledgements.delete(task);
        kept.push({ id: task.id, reason: `its queue ${JSON.stringify(queue)} is no longer there` });
      },
    },
    clock.now,
  );
  const sender = new MarkedSender(publisher, names, clock);
  const queue = await DeadLetterQueue.open(connection, names, definition);
  try {
    await queue.walk((message, acknowledge) => {
      const letter = listed(message);
      if (!chosen(letter.id, letter)) return undefined;
      const task = taskOf(names, message, letter, clock.epochMicros());
      if (typeof task === 'string') {
        kept.push({ id: letter.id, reason: task });
        return undefined;
      }
      acknowledgements.set(task, acknowledge);
      sender.send(task);
      return undefined;
    });
    await sender.allSent();
    await publisher.settled();
  } finally {
    await queue.close();
  }
  return { done, kept };
}

/**
 * Writes down which tasks are on their way before they are, so that who asks after one that was dead hears that it
 * waits. One for a queue that fairq does not make may come back, and shows as dead until it runs.
 */
class MarkedSender {
  #batch: OutgoingTask[] = [];
  #sent: Promise<void> = Promise.resolve();

  constructor(
    private readonly publisher: Publisher,
    private readonly names: Names,
    private readonly clock: Clock,
  ) {}

  send(task: OutgoingTask): void {
    this.#batch.push(task);
    if (this.#batch.length > 1) return;
    // Those of one tick go together.
    this.#sent = this.#sent.then(() => setImmediate()).then(() => this.#sendBatch());
    this.#sent.catch(() => {}); // `allSent` awaits it
  }

  /** Rejects where something could not be written down: what was not sent is a dead letter still. */
  async allSent(): Promise<void> {
    await this.#sent;
  }

  async #sendBatch(): Promise<void> {
    const tasks = this.#batch;
    this.#batch = [];
    const sure = tasks.filter(({ toQueue }) => toQueue === undefined || ownQueue(this.names, toQueue));
    const bodies = encodePublishedIds({
      at: this.clock.epochMicros(),
      tasks: sure.map(({ id, type, toQueue, envelope: { user, run } }) => ({
        id,
        user,
        run,
        task: type,
        ...(toQueue !== undefined && { queue: toQueue }),
      })),
    });
    for (const body of bodies) await this.publisher.record(PUBLISHED_IDS, Buffer.from(body));
    for (const task of tasks) this.publisher.send(task);
  }
}

/**
 * The task to send, or why it cannot be sent.
 *
 * @param now microseconds since the epoch
 */
function taskOf(
  names: Names,
  message: Delivery,
  letter: ListedDeadLetter,
  now: number,
): OutgoingTask | string {
  const { headers } = message.properties;
  if (republishableText(letter.id) === undefined) return 'its id is too long to be sent again';
  const found = decodeEnvelope(headers);
  const { queue } = letter;
  if (queue !== undefined && republishableText(queue) === undefined)
    return 'no queue can have the name that it says';
  const user = queue === undefined ? found.user : (ownQueue(names, queue)?.name ?? '');
  if (user === undefined) return 'it does not say whose it is';
  const envelope = completeEnvelope(found, user, found.sentAt ?? letter.firstStartAt ?? now);
  return {
    id: letter.id,
    ...outgoingProperties(message.properties),
    payload: message.content,
    envelope: { ...envelope, attempt: envelope.attempt + 1 },
    ...(queue !== undefined && { toQueue: queue }),
    headers: redriveHeaders(headers, envelope.attempt),
  };
}

function listed(message: Delivery): ListedDeadLetter {
  return {
    id: idOf(message),
    // Celery's client says it in its headers.
    type: String(message.properties.type || (message.properties.headers?.task ?? '')),
    ...readDeadLetter(message.properties.headers),
    bytes: message.content.length,
  };
}

function idOf({ properties }: Delivery): string {
  return String(properties.messageId ?? '');
}
