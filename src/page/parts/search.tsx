import { useLayoutEffect, useState } from 'preact/hooks';

/** Nobody is asked before a pause of so long in typing. */
const TYPED_AFTER_MS = 300;

/** What is typed counts after a pause. Until then the field shows it in place of what the address says. */
export function Search({ text, onSearch }: { readonly text: string; onSearch(search: string): void }) {
  const [typed, setTyped] = useState<string>();
  // At once: the timer of what was typed before must not end what is typed now.
  useLayoutEffect(() => {
    if (typed === undefined) return;
    const timer = setTimeout(() => {
      onSearch(typed);
      setTyped(undefined);
    }, TYPED_AFTER_MS);
    return () => clearTimeout(timer);
  }, [typed, onSearch]);
  return (
    <label>
      <span class="unseen">a part of the name</span>
      <input
        type="search"
        placeholder="search by a part of the name"
        value={typed ?? text}
        maxLength={1_000}
        onInput={({ currentTarget }) => setTyped(currentTarget.value)}
      />
    </label>
  );
}
