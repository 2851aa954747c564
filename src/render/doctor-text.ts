import type { Finding, Level } from '../core/reports/finding.js';
import { formatCount } from './parts/numbers.js';
import { safeText } from './parts/safe-text.js';
import { paint, type TextStyle, type Tone } from './parts/style.js';
import { padRight, wrapText } from './parts/text.js';

/** A word and a sign: nothing is said by colour alone. */
const MARKS: Readonly<Record<Level, { word: string; tone: Tone }>> = {
  ok: { word: 'ok', tone: 'good' },
  warning: { word: 'warning', tone: 'yellow' },
  problem: { word: 'PROBLEM', tone: 'alarm' },
  unknown: { word: 'unknown', tone: 'quiet' },
};
const MARK = 9;
const CHECK = 16;

export function renderDoctor(findings: readonly Finding[], style: TextStyle): string {
  const lines = findings.map((finding) => renderFinding(finding, style));
  const count = (level: Level) => findings.filter((finding) => finding.level === level).length;
  const parts = [
    `${formatCount(findings.length)} checks`,
    `${formatCount(count('problem'))} ${count('problem') === 1 ? 'problem' : 'problems'}`,
    `${formatCount(count('warning'))} ${count('warning') === 1 ? 'warning' : 'warnings'}`,
  ];
  return `${lines.join('\n')}\n\n${paint('strong', parts.join(', '), style)}`;
}

function renderFinding({ check, level, text, mend }: Finding, style: TextStyle): string {
  const { word, tone } = MARKS[level];
  const indent = ' '.repeat(MARK + CHECK);
  const room = { ...style, columns: style.columns - MARK - CHECK };
  const [first = '', ...rest] = wrapText(safeText(text, style.unicode), room);
  const head = `${paint(tone, padRight(word, MARK), style)}${padRight(check, CHECK)}${first}`;
  const arrow = style.unicode ? '→ ' : '-> ';
  const advice = mend === undefined ? [] : wrapText(`${arrow}${safeText(mend, style.unicode)}`, room);
  return [head, ...[...rest, ...advice].map((line) => indent + line)].join('\n');
}
