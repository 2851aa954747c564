import { useRef } from 'preact/hooks';

/** The last value that was there, where there is none now: what is shown stays until something newer comes. */
export function useLast<T>(value: T | undefined): T | undefined {
  const last = useRef(value);
  if (value !== undefined) last.current = value;
  return last.current;
}
