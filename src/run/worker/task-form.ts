import type { ConsumeMessage } from 'amqplib';
import { carriedText } from '../../core/carried.js';
import type { Payload } from './handlers.js';
import type { RunFailure } from './runner.js';
import type { HeldTask } from './task.js';

/** A result for who waits for it. */
export interface Answer {
  readonly queue: string;
  readonly body: string;
  readonly correlationId: string;
}

/** How a message says what task it is. */
export interface TaskForm {
  /** Undefined where it has none. */
  idOf(message: ConsumeMessage): string | undefined;
  /** When it is to start, microseconds since the epoch; undefined: as soon as it can. */
  dueAt(message: ConsumeMessage): number | undefined;
  /**
   * The task's name, and what its handler is given.
   *
   * @param now microseconds since the epoch
   * @throws Unrunnable where no attempt would run it
   */
  read(message: ConsumeMessage, now: number): { readonly type: string; readonly payload: Payload };
  /** What to send when an attempt has ended. */
  answer(task: HeldTask, failure: RunFailure | undefined, value: unknown): Answer | undefined;
}

/** fairq's own: the properties say everything, and the body is the payload. */
export const OWN_FORM: TaskForm = {
  idOf: ({ properties }) => carriedText(properties.messageId) || undefined,
  dueAt: () => undefined,
  read: ({ properties, content }) => ({
    type: typeof properties.type === 'string' ? properties.type : '',
    payload: {
      bytes: content,
      contentType: typeof properties.contentType === 'string' ? properties.contentType : '',
    },
  }),
  answer: () => undefined,
};
