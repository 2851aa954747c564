import { useEffect, useRef, useState } from 'preact/hooks';

/** Nobody is asked before a pause of so long in typing. */
const TYPED_AFTER_MS = 300;

/** What is typed counts after a pause. What the address says comes in where nobody types. */
export function Search({ text, onSearch }: { readonly text: string; onSearch(search: string): void }) {
  const [typed, setTyped] = useState(text);
  const asked = useRef(text);
  useEffect(() => {
    if (text !== asked.current) setTyped(text);
    asked.current = text;
  }, [text]);
  useEffect(() => {
    if (typed === text) return;
    const timer = setTimeout(() => {
      asked.current = typed;
      onSearch(typed);
    }, TYPED_AFTER_MS);
    return () => clearTimeout(timer);
  }, [typed, text, onSearch]);
  return (
    <label>
      <span class="unseen">a part of the name</span>
      <input
        type="search"
        placeholder="search by a part of the name"
        value={typed}
        maxLength={1_000}
        onInput={({ currentTarget }) => setTyped(currentTarget.value)}
      />
    </label>
  );
}
