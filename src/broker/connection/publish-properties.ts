/** What a message says of itself when it is sent, and what the broker is to do with it. amqplib takes it as it is. */
export interface PublishProperties {
  /** The broker returns the message where it finds no queue for it. */
  readonly mandatory?: boolean;
  /** The broker writes the message to disk. */
  readonly persistent?: boolean;
  readonly messageId?: string;
  /** The task's name. */
  readonly type?: string;
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly correlationId?: string;
  /** The queue that waits for the result. */
  readonly replyTo?: string;
  /** Seconds since 1970. */
  readonly timestamp?: number;
  /** 0 to 255. */
  readonly priority?: number;
  /** Milliseconds until the broker drops the message. */
  readonly expiration?: string | number;
  readonly appId?: string;
  /** The broker takes it from a connection of this user alone. */
  readonly userId?: string;
  readonly headers?: Readonly<Record<string, unknown>>;
}
