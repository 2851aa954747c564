import { isReserved, type Names, ownQueue, spreadQueue } from '../../../core/queues/names.js';
import { type KnownQueue, otherNames } from '../../../core/queues/not-work.js';
import type { QueueFilter } from './queue-filter.js';

/**
 * Which queues of a listing a worker takes tasks from. A stream keeps what was read, so it would never be empty; an
 * exclusive queue is its owner's; and what fairq keeps under another prefix is no work either.
 */
export class QueuesOfWork {
  /** Streams that somebody was told of. */
  readonly #streams = new Set<string>();
  /** Other prefixes on this vhost, by the last listing. */
  #others: readonly Names[] = [];

  constructor(
    private readonly names: Names,
    private readonly filter: QueueFilter,
    private readonly warn: (text: string) => void,
  ) {}

  among(queues: readonly KnownQueue[]): string[] {
    const wanted = queues.filter(({ name, exclusive }) => !exclusive && this.filter.matches(name));
    this.#others = wanted.length === 0 ? [] : otherNames(this.names, queues);
    const work = wanted.filter(({ name }) => !this.#isOthers(name));
    this.#tellOfStreams(work.filter(({ type }) => type === 'stream').map(({ name }) => name));
    return work.filter(({ type }) => type !== 'stream').map(({ name }) => name);
  }

  /** Whether a queue that was just made is a user's, by its name alone. What only a glob matches is to be listed first. */
  isUsers(queue: string): boolean {
    const isOurs = ownQueue(this.names, queue) !== undefined || spreadQueue(this.names, queue) !== undefined;
    return isOurs && !this.#isOthers(queue);
  }

  #isOthers(queue: string): boolean {
    return this.#others.some((other) => isReserved(other, queue));
  }

  /** It was found to be a stream. */
  isStream(queue: string): boolean {
    return this.#streams.has(queue);
  }

  #tellOfStreams(streams: readonly string[]): void {
    const fresh = streams.filter((stream) => !this.#streams.has(stream));
    for (const stream of fresh) this.#streams.add(stream);
    const [first] = fresh;
    if (first === undefined) return;
    const which =
      fresh.length === 1
        ? `${JSON.stringify(first)} is a stream and is left out`
        : `${fresh.length.toLocaleString('en-US')} streams are left out, such as ${JSON.stringify(first)}`;
    this.warn(`${which}: what is in a stream is not run as tasks`);
  }
}
