import type { Delivery } from '../../../broker/connection/delivery.js';
import { NonRetryableError } from '../../../core/message/non-retryable-error.js';
import { republishableText } from '../../../core/message/republishable.js';
import type { Payload } from '../handlers/handlers.js';
import type { DeliveredTask } from './delivered-task.js';
import type { RunFailure } from './run-failure.js';

/** A result for who waits for it. */
export interface Answer {
  readonly queue: string;
  readonly body: string;
  readonly correlationId: string;
}

/** How a message says what task it is. */
export interface MessageFormat {
  /** The task's id; undefined where the message has none. */
  idOf(message: Delivery): string | undefined;
  /** When the task is to start, microseconds since the epoch; undefined: as soon as it can. */
  dueAt(message: Delivery): number | undefined;
  /**
   * The task's name, and what its handler is given.
   *
   * @param now microseconds since the epoch
   * @throws NonRetryableError where no attempt would run the task
   */
  read(message: Delivery, now: number): { readonly type: string; readonly payload: Payload };
  /** What to send when an attempt has ended. */
  answers(task: DeliveredTask, failure: RunFailure | undefined, value: unknown): readonly Answer[];
}

const NO_ANSWERS: readonly Answer[] = [];

/** fairq's own messages: the properties say everything, and the body is the payload. */
export const OWN_FORMAT: MessageFormat = {
  idOf: ({ properties: { messageId, headers } }) =>
    republishableText(messageId) || (isCelery(headers) && republishableText(headers?.id)) || undefined,
  dueAt: () => undefined,
  read: ({ properties, content }) => {
    const { type, contentType, headers } = properties;
    if (isCelery(headers)) {
      throw new NonRetryableError(
        `it is a task of a Celery client, ${JSON.stringify(headers?.task)}: start the worker with --celery, and send it back`,
      );
    }
    return {
      type: typeof type === 'string' ? type : '',
      payload: { bytes: content, contentType: typeof contentType === 'string' ? contentType : '' },
    };
  },
  answers: () => NO_ANSWERS,
};

/** Celery's protocol 2: a name of a task alone anybody may have among the headers. */
function isCelery(headers: Readonly<Record<string, unknown>> | undefined): boolean {
  return typeof headers?.task === 'string' && typeof headers.lang === 'string';
}
