import { useEffect, useState } from 'preact/hooks';
import type { Live } from '../../serve/live/live-views.js';

/** A stream that the server has refused is asked for again after so long. */
const AGAIN_MS = 3_000;

/** What is told of all users and workers, and how fresh it is. */
export interface LiveState {
  /** The last look; undefined before the first. It stays where nothing more comes. */
  readonly look: Live | undefined;
  /** When it came; milliseconds of `Date.now()`. */
  readonly lookedAt: number;
  /** Looks so far: what is asked again with each look goes by it. */
  readonly looks: number;
  /** Why nothing comes; undefined where something does. */
  readonly trouble: string | undefined;
}

const NOTHING: LiveState = { look: undefined, lookedAt: 0, looks: 0, trouble: undefined };

/**
 * Follows `v1/live` while the page is seen. A browser comes again by itself where the connection is lost.
 *
 * @param onRefused the server does not let this page follow: who is signed in has to be asked
 */
export function useLive(onRefused: () => void): LiveState {
  const [state, setState] = useState(NOTHING);
  useEffect(() => {
    let source: EventSource | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const open = () => {
      clearTimeout(timer);
      if (source !== undefined || document.hidden) return;
      const opened = new EventSource('v1/live');
      source = opened;
      opened.addEventListener('look', ({ data }) => {
        const look = JSON.parse(data) as Live;
        setState(({ looks }) => ({ look, lookedAt: Date.now(), looks: looks + 1, trouble: undefined }));
      });
      opened.addEventListener('trouble', ({ data }) => {
        const { title, detail } = JSON.parse(data) as { title: string; detail?: string };
        setState((before) => ({ ...before, trouble: detail ?? title }));
      });
      opened.addEventListener('error', () => {
        setState((before) => ({ ...before, trouble: 'The server does not answer. It is asked again.' }));
        if (opened.readyState !== EventSource.CLOSED) return;
        close();
        onRefused();
        timer = setTimeout(open, AGAIN_MS);
      });
    };
    const close = () => {
      clearTimeout(timer);
      source?.close();
      source = undefined;
    };
    const onSeen = () => (document.hidden ? close() : open());
    document.addEventListener('visibilitychange', onSeen);
    open();
    return () => {
      document.removeEventListener('visibilitychange', onSeen);
      close();
    };
  }, [onRefused]);
  return state;
}
