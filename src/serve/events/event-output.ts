import { type Deferred, deferred } from '../../core/values/deferred.js';

/** A client that is so far behind is cut off, and may resume; bytes. */
const MOST_BUFFERED = 1024 * 1024;
/** All together hold so much at most: beyond that whoever has more than a little is cut off. */
const MOST_BUFFERED_BY_ALL = 64 * 1024 * 1024;
const A_LITTLE = 64 * 1024;
/** While a stream is read for somebody, reading stops here. */
const FULL = 128 * 1024;
const RETRY_MS = 3_000;
/** Another server is there at once. */
const RETRY_AFTER_END_MS = 1_000;
const HEARTBEAT_MS = 15_000;

export interface EventFrame {
  readonly event: string;
  /** As `eventIdText` writes it; undefined: a client resumes as if it had not been sent. */
  readonly id?: string | undefined;
  /** Without a line break. */
  readonly data: string;
}

/** What clients have not read. */
export interface Unread {
  bytes: number;
}

export interface EventOutputDeps {
  /** Of all clients. */
  readonly unread: Unread;
  /** Ends the connection in the middle. */
  readonly cutOff: () => void;
  /** Nothing more can be written. */
  readonly onEnd: () => void;
}

/** Server-sent events, to one client. */
export class EventOutput {
  readonly body: ReadableStream<Uint8Array>;
  readonly #encoder = new TextEncoder();
  readonly #heartbeat: NodeJS.Timeout;
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  #hasEnded = false;
  #drained: Deferred<void> | undefined;
  /** What of `unread` is of this client. */
  #counted = 0;

  /** @param id that whoever comes again before the first event resumes after */
  constructor(
    private readonly deps: EventOutputDeps,
    id: string | undefined,
  ) {
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => {
          this.#count();
          this.#drained?.resolve();
        },
        cancel: () => this.#ended(),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: MOST_BUFFERED }),
    );
    this.#heartbeat = setInterval(() => this.#write(':\n\n'), HEARTBEAT_MS);
    this.#write(`retry: ${RETRY_MS}\n${id === undefined ? '' : `id: ${id}\n`}\n`);
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  get isFull(): boolean {
    return this.#buffered > FULL;
  }

  send({ event, id, data }: EventFrame): void {
    this.#write(`event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${data}\n\n`);
  }

  /** Resolves when what was written has been read, or nobody reads any more. */
  async drained(): Promise<void> {
    while (this.#buffered > 0 && !this.#hasEnded) {
      this.#drained = deferred();
      await this.#drained.promise;
    }
  }

  /** @param isServers the server ends, and another one may be asked */
  end({ isServers = false } = {}): void {
    if (isServers) this.#write(`retry: ${RETRY_AFTER_END_MS}\n\n`);
    if (this.#hasEnded) return;
    this.#controller.close();
    this.#ended();
  }

  /** Ends it in the middle: whoever reads is to come again. */
  cutOff(): void {
    if (this.#hasEnded) return;
    this.#ended();
    this.deps.cutOff();
  }

  get #buffered(): number {
    return MOST_BUFFERED - (this.#controller.desiredSize ?? MOST_BUFFERED);
  }

  #write(text: string): void {
    if (this.#hasEnded) return;
    this.#controller.enqueue(this.#encoder.encode(text));
    this.#count();
    const isTooMuch = this.deps.unread.bytes > MOST_BUFFERED_BY_ALL && this.#buffered > A_LITTLE;
    if (isTooMuch || this.#buffered > MOST_BUFFERED) this.cutOff();
  }

  #count(): void {
    const bytes = this.#hasEnded ? 0 : this.#buffered;
    this.deps.unread.bytes += bytes - this.#counted;
    this.#counted = bytes;
  }

  #ended(): void {
    this.#hasEnded = true;
    this.#count();
    clearInterval(this.#heartbeat);
    this.#drained?.resolve();
    this.deps.onEnd();
  }
}
