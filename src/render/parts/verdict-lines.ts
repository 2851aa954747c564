import { safeText } from './safe-text.js';
import { paint, type TextStyle } from './style.js';
import { wrapText } from './text.js';

/** Something that had to hold, and whether it did. */
export interface VerdictLine {
  readonly passed: boolean;
  /** It may have names in it, as they are. */
  readonly text: string;
}

/** Each on lines of its own, behind its mark. */
export function renderVerdicts(verdicts: readonly VerdictLine[], style: TextStyle): string {
  const [good, bad] = style.unicode ? ['✓ ', '✗ '] : ['ok     ', 'FAILED '];
  return verdicts
    .map(({ passed, text }) => {
      const mark = passed ? good : bad;
      return wrapText(safeText(text, style.unicode), { ...style, columns: style.columns - mark.length })
        .map((line, i) => (i === 0 ? mark : ' '.repeat(mark.length)) + line)
        .map((line) => paint(passed ? 'good' : 'alarm', line, style))
        .join('\n');
    })
    .join('\n');
}
