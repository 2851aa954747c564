import { useLayoutEffect } from 'preact/hooks';
import { go } from './route.js';

/** Keys of the whole page, for the help that `?` shows. A view has keys of its own beside them. */
export const PAGE_KEYS: readonly (readonly [key: string, does: string])[] = [
  ['/', 'search for a user'],
  ['o', 'overview'],
  ['u', 'users'],
  ['w', 'workers'],
  ['d', 'dead letters'],
  ['r', 'runs'],
  ['c', 'changes of the policy'],
  ['?', 'these keys'],
  ['↑ ↓', 'from row to row, in lists of users and tenants'],
  ['Enter', 'open the row'],
  ['Esc', 'close what is open'],
];

const VIEWS: Readonly<Record<string, readonly string[]>> = {
  o: [],
  u: ['users'],
  w: ['workers'],
  d: ['dead'],
  r: ['runs'],
  c: ['changes'],
};

/** A key of the page counts where nobody types a text, and nothing stands before the page. */
export function useKeys(onHelp: () => void): void {
  useLayoutEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const { key, target, altKey, ctrlKey, metaKey } = event;
      if (altKey || ctrlKey || metaKey || isTyping(target) || document.querySelector('dialog[open]')) return;
      const view = Object.hasOwn(VIEWS, key) ? VIEWS[key] : undefined;
      if (view !== undefined) go(view);
      else if (key === '?') onHelp();
      else if (key === '/') {
        const search = searchBox();
        if (search !== null) search.focus();
        else {
          addEventListener('hashchange', () => requestAnimationFrame(focusSearch), { once: true });
          go(['users']);
        }
      } else return;
      event.preventDefault();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [onHelp]);
}

function searchBox(): HTMLInputElement | null {
  return document.querySelector<HTMLInputElement>('input[type=search]');
}

function focusSearch(): void {
  searchBox()?.focus();
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (target.matches('input, textarea, select') || target.isContentEditable)
  );
}
