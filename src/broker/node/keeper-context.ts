import type { KeeperMessage, KeeperSettings } from './keeper-protocol.js';

/** What the two kinds of keeper need of the process they are. */
export interface KeeperContext {
  readonly settings: KeeperSettings;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  /** Aborts when the node is to be stopped. */
  readonly stop: AbortSignal;
  /** Resolves when the message is on its way, and at once when the parent has gone. */
  tell(message: KeeperMessage): Promise<void>;
}

/** Resolves with null when the node is to be stopped. */
export function stopRequest(stop: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    if (stop.aborted) resolve(null);
    else stop.addEventListener('abort', () => resolve(null), { once: true });
  });
}
