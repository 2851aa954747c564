import type { Channel } from './channel.js';

/** Class 20, methods 40 and 41 of AMQP 0-9-1, as amqplib numbers them. */
const CHANNEL_CLOSE = (20 << 16) | 40;
const CHANNEL_CLOSE_OK = (20 << 16) | 41;
/** What the broker still has to say of the channel comes right after its own request. */
const ANSWER_WITHIN_MS = 1_000;

/** What amqplib's channel has for this, though its types do not say so. */
interface Accepting {
  accept(frame: { readonly id?: number }): void;
}

/**
 * Ends a channel that both sides have asked to close, where the broker does not answer. Each request tells the other side
 * that nothing more is sent. amqplib answers the broker's request and waits for the answer to its own, without end.
 * RabbitMQ 4.0 was seen to have forgotten the channel by then: a stream was deleted while it got a consumer.
 *
 * @param channel that has asked the broker to close it just now
 */
export function endCrossedClose(channel: Channel): void {
  const closing = channel as unknown as Accepting;
  const acceptAnswer = closing.accept;
  const accept: Accepting['accept'] = (frame) => {
    acceptAnswer.call(channel, frame);
    if (frame.id !== CHANNEL_CLOSE) return;
    setTimeout(() => {
      const isClosed = closing.accept !== accept;
      if (!isClosed) acceptAnswer.call(channel, { id: CHANNEL_CLOSE_OK });
    }, ANSWER_WITHIN_MS).unref();
  };
  closing.accept = accept;
}
