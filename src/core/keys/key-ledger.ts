import type { KeyClaim, KeyNote } from './key-note.js';
import { KeyTable } from './key-table.js';

/** Where a request with a key stands. */
export type KeyState =
  | { readonly kind: 'new' }
  /** Some server carries it out, or has done so and has gone. */
  | { readonly kind: 'open'; readonly claim: KeyClaim }
  | { readonly kind: 'sent'; readonly digest: string; readonly at: number };

/**
 * Which requests with a key have been carried out, and which are under way, by what servers have written. Whoever reads
 * the same notes in the same order comes to the same, whatever its clock says.
 */
export class KeyLedger {
  readonly #sent = new KeyTable();
  readonly #open = new Map<string, KeyClaim>();

  get size(): number {
    return this.#sent.size + this.#open.size;
  }

  /** @param now milliseconds since the epoch */
  stateOf(key: string, now: number): KeyState {
    const open = this.#open.get(key);
    if (open !== undefined) return { kind: 'open', claim: open };
    const kept = this.#sent.find(bytesOf(key));
    if (kept === undefined || kept.until <= now) return { kind: 'new' };
    return { kind: 'sent', digest: textOf(kept.digest), at: kept.at };
  }

  take(note: KeyNote): void {
    const { key, by } = note;
    const open = this.#open.get(key);
    if (note.kind === 'claim') {
      const state = this.stateOf(key, note.at);
      if (state.kind === 'new' || (open !== undefined && note.after === open.by)) {
        this.#open.set(key, open === undefined ? note : { ...note, at: open.at });
      }
    } else if (note.kind === 'sent') {
      if (open?.by === by) this.#open.delete(key);
      const { digest, at, ttl } = note;
      this.#sent.add(bytesOf(key), { digest: bytesOf(digest), at, until: at + ttl });
    } else if (open?.by === by) {
      this.#open.delete(key);
    }
  }

  /** Forgets what counts no more. @param now milliseconds since the epoch */
  expire(now: number): void {
    this.#sent.expire(now);
    // A server that has gone left it so, and nobody has asked again.
    for (const [key, { at, ttl }] of this.#open) if (at + ttl <= now) this.#open.delete(key);
  }
}

function bytesOf(text: string): Uint8Array {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

function textOf(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}
