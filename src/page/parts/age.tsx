import { useEffect, useState } from 'preact/hooks';
import { formatDuration } from '../../render/parts/numbers.js';

const TICK_MS = 1_000;

/** Milliseconds of `Date.now()`, a second at a time. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) setNow(Date.now());
    }, TICK_MS);
    return () => clearInterval(timer);
  }, []);
  return now;
}

/** How long ago something was: `4 s ago`. @param at milliseconds of `Date.now()` */
export function Ago({ at }: { readonly at: number }) {
  const now = useNow();
  return <>{agoText(now - at)}</>;
}

export function agoText(ms: number): string {
  return ms < 1_000 ? 'now' : `${formatDuration(Math.floor(ms / 1_000) * 1_000)} ago`;
}

/** A moment that the server says, in the time of who looks: `14:03:22`, with its day where that is another. */
export function Moment({ at }: { readonly at: string }) {
  const date = new Date(at);
  const isToday = date.toDateString() === new Date().toDateString();
  const text = isToday ? date.toLocaleTimeString() : date.toLocaleString();
  return (
    <time dateTime={at} title={at}>
      {text}
    </time>
  );
}
