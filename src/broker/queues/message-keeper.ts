import type { Message } from '../connection/delivery.js';

export type TakenMessage = Pick<Message, 'properties' | 'content'>;

/** Where the messages go that are taken out. */
export interface MessageKeeper {
  add(batch: readonly TakenMessage[]): Promise<void>;
  /** Resolves when all that was added is safe: it leaves the queue then. */
  keep(): Promise<void>;
}
