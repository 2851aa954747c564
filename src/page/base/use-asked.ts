import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { askWhole, Refused } from './ask.js';

export interface Asked<T> {
  /** The last answer; it stays where a later question is refused. */
  readonly value: T | undefined;
  readonly headers: Headers | undefined;
  /** When it came; milliseconds of `Date.now()`. */
  readonly answeredAt: number;
  /** Why the last question was refused. */
  readonly refused: Refused | undefined;
  /** Asks again now. */
  again(): void;
}

/**
 * What the server answers to a GET, asked again whenever `turn` is another: `live.looks` for what follows the others,
 * a constant for what is asked once.
 *
 * @param path undefined: nothing is asked
 */
export function useAsked<T>(path: string | undefined, turn: unknown = 0): Asked<T> {
  const [state, setState] = useState<Omit<Asked<T>, 'again'> & { readonly path: string | undefined }>({
    path: undefined,
    value: undefined,
    headers: undefined,
    answeredAt: 0,
    refused: undefined,
  });
  const [turns, setTurns] = useState(0);
  const again = useCallback(() => setTurns((count) => count + 1), []);
  /** One question at a time: a slow server is not asked again before it has answered. */
  const underWay = useRef<string | undefined>(undefined);
  const latest = useRef(path);
  latest.current = path;
  useEffect(() => {
    if (path === undefined || underWay.current === path) return;
    underWay.current = path;
    askWhole<T>(path)
      .then(
        ({ value, headers }) =>
          latest.current === path &&
          setState({ path, value, headers, answeredAt: Date.now(), refused: undefined }),
        (error) => {
          if (!(error instanceof Refused)) throw error;
          if (latest.current !== path) return;
          setState((before) =>
            before.path === path
              ? { ...before, refused: error }
              : { path, value: undefined, headers: undefined, answeredAt: 0, refused: error },
          );
        },
      )
      .finally(() => {
        if (underWay.current === path) underWay.current = undefined;
      });
  }, [path, turn, turns]);
  const isOfPath = state.path === path;
  return isOfPath
    ? { ...state, again }
    : { value: undefined, headers: undefined, answeredAt: 0, refused: undefined, again };
}
