import { safeText } from '../../render/parts/safe-text.js';

/** A text of several lines from outside, as text. One that is wide or long is scrolled, by keys too. */
export function TextBlock({ text, label }: { readonly text: string; readonly label: string }) {
  const shown = text.split('\n').map((line) => safeText(line.replace(/\r$/, '').replaceAll('\t', '    ')));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keys
    <section class="text-block" tabIndex={0} aria-label={label}>
      <pre>{shown.join('\n')}</pre>
    </section>
  );
}
