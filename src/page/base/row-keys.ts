import { useLayoutEffect, useRef } from 'preact/hooks';

/** The link that stands for a row. */
const ROW_LINKS = 'tbody th a';

/**
 * Up and down lead from row to row, and from a search box to the first one; Enter follows the link, as it does anyway.
 * The focus stays with its row where the row moves to another place.
 *
 * @returns for what is around the search box and the table
 */
export function useRowKeys<T extends HTMLElement>() {
  const around = useRef<T>(null);
  const focused = useRef<string | undefined>(undefined);
  useLayoutEffect(() => {
    const box = around.current;
    if (box === null) return;
    const links = () => [...box.querySelectorAll<HTMLAnchorElement>(ROW_LINKS)];
    const onKey = (event: KeyboardEvent) => {
      const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
      const { target, altKey, ctrlKey, metaKey } = event;
      if (step === 0 || altKey || ctrlKey || metaKey || !(target instanceof HTMLElement)) return;
      const isSearch = target.matches('input[type=search]');
      if (!isSearch && target.matches('input, select, textarea')) return;
      const all = links();
      const at = all.indexOf(target as HTMLAnchorElement);
      if (at < 0 && !isSearch) return;
      const next = at + step;
      if (next < 0) box.querySelector<HTMLElement>('input[type=search]')?.focus();
      else all[next]?.focus();
      event.preventDefault();
    };
    const onFocus = ({ target }: FocusEvent) => {
      const link = target instanceof HTMLAnchorElement && target.matches(ROW_LINKS) ? target : undefined;
      focused.current = link?.getAttribute('href') ?? undefined;
    };
    const onPointer = () => {
      focused.current = undefined;
    };
    box.addEventListener('keydown', onKey);
    document.addEventListener('focusin', onFocus);
    document.addEventListener('pointerdown', onPointer);
    return () => {
      box.removeEventListener('keydown', onKey);
      document.removeEventListener('focusin', onFocus);
      document.removeEventListener('pointerdown', onPointer);
    };
  }, []);
  // A row that is moved loses the focus. It has the focus again before a key could go elsewhere.
  useLayoutEffect(() => {
    const wanted = focused.current;
    if (wanted === undefined || document.activeElement !== document.body) return;
    const links = around.current?.querySelectorAll<HTMLAnchorElement>(ROW_LINKS) ?? [];
    for (const link of links) {
      if (link.getAttribute('href') === wanted) link.focus({ preventScroll: true });
    }
  });
  return around;
}
