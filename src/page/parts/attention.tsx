import type { Attention } from '../../serve/overview/attention.js';

/** What is said of a user in a word or two, and which of the three tones that has. */
const WORDS: Readonly<Record<Attention, readonly [text: string, tone: 'bad' | 'warn' | 'set']>> = {
  unserved: ['no worker', 'bad'],
  'waits-long': ['waits long', 'bad'],
  failing: ['failing', 'bad'],
  'over-share': ['over its share', 'warn'],
  'under-share': ['under its share', 'warn'],
  paused: ['paused', 'set'],
  'at-cap': ['at its cap', 'set'],
  capped: ['capped', 'set'],
  rated: ['rate', 'set'],
};

/** All that may be said, the most important first. */
export const ATTENTION_WORDS = Object.entries(WORDS).map(
  ([one, [text]]) => [one as Attention, text] as const,
);

export function attentionText(one: Attention): string {
  return WORDS[one][0];
}

export function attentionTone(one: Attention): 'bad' | 'warn' | 'set' {
  return WORDS[one][1];
}

/** Small labels. They differ by their text, and by colour beside that. */
export function Labels({ of }: { readonly of: readonly Attention[] }) {
  return (
    <span class="labels">
      {of.map((one) => (
        <span key={one} class={`label ${WORDS[one][1]}`}>
          {WORDS[one][0]}
        </span>
      ))}
    </span>
  );
}
