import type { RepublishableProperties } from '../../core/message/republishable.js';

/** What a message says of itself when it is sent, and what the broker is to do with it. amqplib takes it as it is. */
export interface PublishProperties extends RepublishableProperties {
  /** The broker returns the message where it finds no queue for it. */
  readonly mandatory?: boolean;
  /** The broker writes the message to disk. */
  readonly persistent?: boolean;
  readonly messageId?: string;
  /** Milliseconds until the broker drops the message. */
  readonly expiration?: string | number;
  readonly appId?: string;
  /** The broker takes it from a connection of this user alone. */
  readonly userId?: string;
  readonly headers?: Readonly<Record<string, unknown>>;
}
