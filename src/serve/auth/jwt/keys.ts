import type { FindKey } from './key-set.js';

/** Where the keys come from that check tokens. */
export interface Keys {
  readonly find: FindKey;
  close(): void;
}
