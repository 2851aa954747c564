/** What the terminal (or the file) that a text goes to can show. */
export interface TextStyle {
  readonly columns: number;
  readonly color: boolean;
  readonly unicode: boolean;
}

/**
 * No pair here is red against green: cyan, yellow and magenta stay apart for every kind of colour
 * vision, and nothing is said by colour alone.
 */
const CODES = {
  strong: [1, 22],
  quiet: [2, 22],
  alarm: ['1;31', '22;39'],
  good: [36, 39],
  cyan: [36, 39],
  yellow: [33, 39],
  magenta: [35, 39],
} as const;

export type Tone = keyof typeof CODES;

/** Takes the tones of neighbouring lanes from the front, round and round. */
export const LANE_TONES: readonly Tone[] = ['cyan', 'yellow', 'magenta'];

/** The text in that tone, or as it is where there is no colour. */
export function paint(tone: Tone, text: string, style: Pick<TextStyle, 'color'>): string {
  if (!style.color || text === '') return text;
  const [on, off] = CODES[tone];
  return `\u001b[${on}m${text}\u001b[${off}m`;
}
