import { ENVELOPE_HEADER, type Envelope, encodeEnvelope } from '../../core/message/envelope.js';
import { type RepublishableProperties, republishableProperties } from '../../core/message/republishable.js';
import type { SentProperties } from '../../core/message/saved-message.js';
import type { PublishProperties } from '../connection/publish-properties.js';

export interface OutgoingTask {
  readonly id: string;
  /** The task's name: which handler runs it. */
  readonly type: string;
  readonly contentType: string;
  readonly payload: Buffer;
  readonly envelope: Envelope;
  /** The queue that it goes to, if not that of its user. */
  readonly toQueue?: string;
  /** To send beside the envelope. */
  readonly headers?: Readonly<Record<string, unknown>>;
  /** To send beside its type and content type: who waits for its result, for one. */
  readonly properties?: RepublishableProperties & SentProperties;
  /** Somebody else's message, to be sent as it was: without the envelope. */
  readonly isBare?: boolean;
  /** Where it was read, for messages. */
  readonly line?: number;
}

/** What a task that is sent on says of itself in its message's properties. */
export function outgoingProperties(
  properties: Parameters<typeof republishableProperties>[0],
): Pick<OutgoingTask, 'type' | 'contentType' | 'properties'> {
  const republishable = republishableProperties(properties);
  const { type = '', contentType = '' } = republishable;
  return { type, contentType, properties: republishable };
}

export function optionsOf(task: OutgoingTask): PublishProperties {
  return task.isBare === true ? bareOptions(task) : ownOptions(task);
}

function ownOptions(task: OutgoingTask): PublishProperties {
  return {
    ...task.properties,
    mandatory: true,
    persistent: true,
    messageId: task.id,
    type: task.type,
    contentType: task.contentType,
    timestamp: Math.floor(task.envelope.sentAt / 1e6),
    headers: { ...task.headers, [ENVELOPE_HEADER]: encodeEnvelope(task.envelope) },
  };
}

/** What is not said is not there: an empty text is another message. */
function bareOptions({ id, type, contentType, headers, properties }: OutgoingTask): PublishProperties {
  return {
    ...properties,
    mandatory: true,
    persistent: true,
    messageId: id,
    headers: headers ?? {},
    ...(type !== '' && { type }),
    ...(contentType !== '' && { contentType }),
  };
}
