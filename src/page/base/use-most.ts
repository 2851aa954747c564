import { useRef } from 'preact/hooks';

/** The most that a count has come to: a place of that size never shrinks, and what stands below stays where it is. */
export function useMost(count: number): number {
  const most = useRef(0);
  most.current = Math.max(most.current, count);
  return most.current;
}
