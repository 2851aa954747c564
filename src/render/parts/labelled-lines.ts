import { paint, type TextStyle } from './style.js';
import { padRight, wrapText } from './text.js';

const LABEL = 12;

/** A text beside its label, on as many lines as it takes. */
export function labelledLines(label: string, text: string, style: TextStyle, isStrong = false): string[] {
  const [first = '', ...rest] = wrapText(text, { ...style, columns: style.columns - LABEL });
  const tone = (line: string) => (isStrong ? paint('strong', line, style) : line);
  const head = `${paint('quiet', padRight(label, LABEL), style)}${tone(first)}`;
  return [head, ...rest.map((line) => ' '.repeat(LABEL) + tone(line))];
}
