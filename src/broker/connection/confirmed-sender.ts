import type { ConfirmChannel } from './channel.js';
import { type Connection, isNack } from './connection.js';
import type { PublishProperties } from './publish-properties.js';
import { ReconnectingChannel } from './reconnecting-channel.js';

const SETTLED_LOOK_MS = 20;

/** A message in the hands of a `ConfirmedSender`, which alone writes its fields. */
export interface Confirmable {
  /** Its `messageId`, which tells it from the others of its channel. */
  readonly id: string;
  /** It is on the present channel, and has no answer. */
  isSent: boolean;
  /** How often the broker has not taken it. */
  nacks: number;
}

/** Whose messages these are. It decides what becomes of one that was not taken: `send`, `renewSoon` or `drop`. */
export interface MessageOwner<M> {
  /** Runs before each channel is in use: makes what has to be there, or what somebody may have deleted. */
  prepare(isFirst: boolean): Promise<void>;
  /** A channel was lost. `reason`: the broker's, where it closed the channel alone. */
  onLost?(reason: string | undefined): void;
  /** A channel is in use, the first or another. Nothing is on it. */
  onOpen?(): void;
  /** The channel takes more again, after `isDrained` was false. */
  onDrain?(): void;
  /**
   * Called after `onOpen` for each message that is not confirmed, oldest first.
   *
   * @param wasSent the lost channel had it and has not answered: it may be on the broker already
   */
  sendAgain(message: M, wasSent: boolean): void;
  /** The broker has it: it is no longer among the unconfirmed. */
  onConfirmed(message: M): void;
  /** No queue is there for it. */
  onReturned(message: M): void;
  /** Its queue does not take it: it is full, or its leader is gone. */
  onNacked(message: M): void;
  /** The channel could not be opened or set up again. */
  onFailure(error: Error): void;
}

/**
 * Sends messages until the broker has confirmed each of them. It tells a message that came back, one that the broker
 * did not take, and one whose channel was lost before there was an answer. The last is sent again on the next channel:
 * it may then be there twice, never not at all.
 *
 * Its owners differ in what they do with a message that was not taken, so that is theirs to say:
 *
 * - A publisher keeps each user's order. Where one task waits, that user's other tasks wait behind it, and other users'
 *   go on (`Route`). A queue that takes nothing for long is given up, and its tasks are reported.
 * - A failed task or a dead letter has no order, and must not be lost. It stays unacknowledged and is tried for as long
 *   as its worker lives (`TaskMoves`).
 * - A stream has one writer and a channel of its own, which is given up where a message came back (`ConfirmedWriter`).
 */
export class ConfirmedSender<M extends Confirmable> {
  readonly #unconfirmed = new Set<M>();
  /** Ids of messages that came back, until they are answered: the broker returns one just before it confirms it. */
  readonly #returned = new Set<string>();
  #channel: ReconnectingChannel<ConfirmChannel> | undefined;
  #prepared = false;
  #generation = 0;
  #sentAgain = 0;
  #isDrained = true;
  #isRenewing = false;

  constructor(
    private readonly connection: Connection,
    private readonly owner: MessageOwner<M>,
  ) {}

  /** Resolves with the first channel, on which what was added before is sent. Its failures reach the caller; later ones `onFailure`. */
  async open(): Promise<void> {
    this.#channel = await ReconnectingChannel.open(
      () => this.connection.confirmChannel(),
      (channel) => this.#setUp(channel),
      {
        onLost: (_, reason) => {
          this.#generation++;
          this.owner.onLost?.(reason);
        },
        onOpen: () => this.#sendAll(),
        oldestUnanswered: () => this.#oldestUnanswered(),
        onFailure: (error) => this.owner.onFailure(error),
      },
    );
    for (const message of [...this.#unconfirmed]) this.owner.sendAgain(message, false);
  }

  /** Messages handed over, oldest first, but for those that are confirmed or dropped. */
  get unconfirmed(): ReadonlySet<M> {
    return this.#unconfirmed;
  }

  /** Counts the channels that were lost: what was begun under an earlier number is void. */
  get generation(): number {
    return this.#generation;
  }

  /** Messages that were sent again after a channel was lost; some of them may be on the broker twice. */
  get sentAgain(): number {
    return this.#sentAgain;
  }

  /** A channel is there, and is not to be renewed. */
  get isOpen(): boolean {
    return this.#channel?.current !== undefined && !this.#isRenewing;
  }

  /** False while what was sent waits in this process. */
  get isDrained(): boolean {
    return this.#isDrained;
  }

  /** Hands a message over. It is not sent yet. */
  add(message: M): void {
    this.#unconfirmed.add(message);
  }

  /** Nothing more becomes of the message. */
  drop(message: M): void {
    this.#unconfirmed.delete(message);
  }

  /** Does nothing while the channel is away: the next one begins with `sendAgain`. */
  send(message: M, exchange: string, key: string, body: Buffer, properties: PublishProperties): void {
    const channel = this.#channel?.current;
    if (channel === undefined) return;
    message.isSent = true;
    const onAnswer = (error: unknown) => this.#answered(message, error);
    this.#isDrained = channel.publish(exchange, key, body, properties, onAnswer) && this.#isDrained;
  }

  /**
   * Goes on with another channel in a while, where the present one is of no use: it asks a leader that is gone, or the
   * stream that it wrote to has been deleted. While the channel is away this does nothing.
   */
  renewSoon(): void {
    if (this.#channel?.current !== undefined) this.#channel.renewSoon();
  }

  /**
   * Goes on with another channel when all on the present one is answered, so that nothing is sent twice. Until then
   * `isOpen` is false.
   */
  renewWhenAnswered(): void {
    if (this.#isRenewing) return;
    this.#isRenewing = true;
    this.#renewIfAnswered(this.#generation);
  }

  /** Goes on with what becomes known, unless the channel is lost before: then each message is sent again anyway. */
  whileCurrent<T>(known: Promise<T>, goOn: (it: T) => void, onFailure: (error: Error) => void): void {
    const generation = this.#generation;
    const isCurrent = () => generation === this.#generation;
    known.then(
      (it) => {
        if (isCurrent()) goOn(it);
      },
      (error) => {
        if (isCurrent()) onFailure(error);
      },
    );
  }

  /** No other channel comes from here on. */
  close(): void {
    this.#channel?.close();
  }

  async #setUp(channel: ConfirmChannel): Promise<void> {
    const isFirst = !this.#prepared;
    this.#prepared = true;
    await this.owner.prepare(isFirst);
    channel.on('return', ({ properties }) => this.#returned.add(String(properties.messageId)));
    channel.on('drain', () => {
      this.#isDrained = true;
      this.owner.onDrain?.();
    });
  }

  #sendAll(): void {
    this.#returned.clear();
    this.#isDrained = true;
    this.#isRenewing = false;
    this.owner.onOpen?.();
    for (const message of [...this.#unconfirmed]) {
      const wasSent = message.isSent;
      message.isSent = false;
      if (wasSent) this.#sentAgain++;
      this.owner.sendAgain(message, wasSent);
    }
  }

  /** While the broker is blocked it answers nothing. */
  #oldestUnanswered(): M | undefined {
    if (this.connection.blocked) return undefined;
    for (const message of this.#unconfirmed) if (message.isSent) return message;
    return undefined;
  }

  #answered(message: M, error: unknown): void {
    // No answer, since the channel was lost: the message is sent again on the next.
    if (error && !isNack(error)) return;
    message.isSent = false;
    const isReturned = this.#returned.size > 0 && this.#returned.delete(message.id);
    if (!error && !isReturned) {
      if (this.#unconfirmed.delete(message)) this.owner.onConfirmed(message); // otherwise it was sent twice
      return;
    }
    if (error) message.nacks++;
    if (!this.#unconfirmed.has(message)) return;
    if (error) this.owner.onNacked(message);
    else this.owner.onReturned(message);
  }

  #renewIfAnswered(generation: number): void {
    if (generation !== this.#generation) return; // another channel is there
    if (this.#isSomethingSent()) setTimeout(() => this.#renewIfAnswered(generation), SETTLED_LOOK_MS);
    else this.#channel?.renewSoon();
  }

  #isSomethingSent(): boolean {
    for (const { isSent } of this.#unconfirmed) if (isSent) return true;
    return false;
  }
}
