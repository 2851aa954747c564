import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { LiveState } from './live.js';

export type Role = 'user' | 'viewer' | 'operator';

export interface Session {
  readonly user: string | null;
  readonly roles: readonly Role[];
  readonly signIn: 'token' | 'name' | 'proxy';
  readonly suggested: string | null;
}

/** What every view may use. */
export interface PageContext {
  readonly user: string;
  /** Whether who is signed in may act, and not only look on. */
  readonly isOperator: boolean;
  readonly live: LiveState;
  /** Shows a sentence for some seconds, and tells it to screen readers. */
  say(text: string, isBad?: boolean): void;
}

export const Page = createContext<PageContext | undefined>(undefined);

export function usePage(): PageContext {
  const page = useContext(Page);
  if (page === undefined) throw new Error('there is no page around this view');
  return page;
}
