import type { PolicyChangeReport } from '../../core/reports/run-report.js';
import { formatCount } from '../parts/numbers.js';
import { safeText } from '../parts/safe-text.js';

/** Those that come first; what is beyond is in --json. */
const MOST_SHOWN = 5;

/** What operators changed during a run, each in a line of its own; nothing where they changed nothing. */
export function describePolicyChanges(changes: readonly PolicyChangeReport[], unicode: boolean): string[] {
  if (changes.length === 0) return [];
  const more = changes.length - MOST_SHOWN;
  return [
    'The policy changed during the run. Shares go by the weights and pauses that counted when; a user that a cap or a rate held back counts as behind.',
    ...changes.slice(0, MOST_SHOWN).map(({ revision, at, by, what }) => {
      const when = new Date(at / 1000).toISOString().slice(0, 19).replace('T', ' ');
      return `- revision ${formatCount(revision)}, ${when} UTC, by ${safeText(by, unicode)}: ${safeText(what, unicode)}`;
    }),
    ...(more > 0 ? [`${formatCount(more)} more ${more === 1 ? 'is' : 'are'} in --json.`] : []),
  ];
}
