/**
 * A message as the broker hands it out. amqplib's own has this shape, so nothing is copied. Anybody may have
 * written the message: each property but the table of headers is unknown until it is looked at.
 */
export interface Message {
  readonly content: Buffer;
  readonly fields: {
    /** Counts up from 1 on each channel, and is what an acknowledgement names. */
    readonly deliveryTag: number;
    /** It may have been delivered before: to anybody, and whether or not anybody began with it. */
    readonly redelivered: boolean;
    readonly exchange: string;
    readonly routingKey: string;
  };
  readonly properties: MessageProperties;
}

/** A message that a consumer is given. */
export interface Delivery extends Message {
  readonly fields: Message['fields'] & { readonly consumerTag: string };
}

export interface MessageProperties {
  readonly headers: Readonly<Record<string, unknown>> | undefined;
  readonly messageId: unknown;
  readonly type: unknown;
  readonly contentType: unknown;
  readonly contentEncoding: unknown;
  readonly correlationId: unknown;
  readonly replyTo: unknown;
  readonly timestamp: unknown;
  readonly priority: unknown;
  readonly expiration: unknown;
  readonly appId: unknown;
  readonly userId: unknown;
}
