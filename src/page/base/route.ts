import { useLayoutEffect, useState } from 'preact/hooks';

/** Where one is, after the `#` of the address: `#/users/alice?tab=policy`. */
export interface Route {
  /** The parts of the path, decoded; none for the overview. */
  readonly parts: readonly string[];
  readonly query: URLSearchParams;
}

export function routeOf(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split(/\?(.*)/s, 2);
  const parts = path === '' ? [] : path.split('/').map(decoded);
  return { parts, query: new URLSearchParams(query) };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // typed by hand
  }
}

/** An address for `href`. What is undefined or empty is left out of the query. */
export function addressOf(
  parts: readonly string[],
  query: Readonly<Record<string, string | undefined>> = {},
): string {
  const said = Object.entries(query).filter((pair): pair is [string, string] => Boolean(pair[1]));
  const text = said.length === 0 ? '' : `?${new URLSearchParams(said)}`;
  return `#/${parts.map(encodeURIComponent).join('/')}${text}`;
}

export function go(parts: readonly string[], query?: Readonly<Record<string, string | undefined>>): void {
  location.hash = addressOf(parts, query);
}

/** The same view with another query; "back" leads out of the view. */
export function replaceQuery(route: Route, changes: Readonly<Record<string, string | undefined>>): void {
  const query = { ...Object.fromEntries(route.query), ...changes };
  history.replaceState(null, '', addressOf(route.parts, query));
  dispatchEvent(new HashChangeEvent('hashchange'));
}

export function useRoute(): Route {
  const [route, setRoute] = useState(() => routeOf(location.hash));
  useLayoutEffect(() => {
    const onChange = () => setRoute(routeOf(location.hash));
    addEventListener('hashchange', onChange);
    // The address may have changed between the first look at it and this moment.
    onChange();
    return () => removeEventListener('hashchange', onChange);
  }, []);
  return route;
}
