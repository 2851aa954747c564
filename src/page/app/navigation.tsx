import { addressOf } from '../base/route.js';

const VIEWS = [
  ['', 'Overview'],
  ['users', 'Users'],
  ['workers', 'Workers'],
  ['dead', 'Dead letters'],
  ['runs', 'Runs'],
  ['changes', 'Changes'],
] as const;

/** @param at the first part of the address */
export function Navigation({ at }: { readonly at: string }) {
  return (
    <nav aria-label="views">
      <b>fairq</b>
      {VIEWS.map(([view, title]) => (
        <a
          key={view}
          href={addressOf(view === '' ? [] : [view])}
          aria-current={at === view || (at === 'tenants' && view === 'users') ? 'page' : undefined}
        >
          {title}
        </a>
      ))}
    </nav>
  );
}
