import type { CompletionOrder } from '../../core/reports/run-report.js';
import { formatCount } from '../parts/numbers.js';
import { safeText } from '../parts/safe-text.js';
import { LANE_TONES, paint, type TextStyle, type Tone } from '../parts/style.js';
import { fitText, padRight, textWidth } from '../parts/text.js';
import { bucketOf, describeScale, fitScale, renderAxis, type Scale } from './axis.js';
import { laneShares } from './lane-cells.js';
import type { LaneChoice, UserSpan } from './lane-choice.js';

export interface LaneGlyphs {
  /** From a small share of a column to all of it. */
  readonly density: string;
  readonly waiting: string;
  readonly end: string;
  readonly later: string;
}

const UNICODE: LaneGlyphs = { density: '▁▂▃▄▅▆▇█', waiting: '·', end: '◂', later: '▸' };
const ASCII: LaneGlyphs = { density: ':-=+*#%@', waiting: '.', end: '<', later: '>' };

export function laneGlyphs({ unicode }: TextStyle): LaneGlyphs {
  return unicode ? UNICODE : ASCII;
}

export interface StripGroup {
  readonly label: string;
  readonly order: CompletionOrder;
  readonly spans: ReadonlyMap<string, UserSpan>;
}

/** Completions from position 1 on: the same groups and users can be drawn on several scales. */
export class LaneStrips {
  readonly #groups: readonly StripGroup[];
  readonly #choice: LaneChoice;
  readonly #style: TextStyle;
  readonly #labels: readonly string[];
  readonly #users: readonly string[];
  readonly #room: number;

  constructor(groups: readonly StripGroup[], choice: LaneChoice, style: TextStyle) {
    const longest = Math.max(...groups.map(({ order }) => order.order.length));
    const name = (text: string): string =>
      fitText(safeText(text, style.unicode), Math.max(8, Math.floor(style.columns / 5)), style.unicode);
    this.#groups = groups;
    this.#choice = choice;
    this.#style = style;
    this.#labels = padAll(groups.map(({ label }) => name(label)));
    this.#users = padAll(choice.users.map(name));
    // An end mark, a space and the position follow the lane.
    this.#room = Math.max(8, style.columns - this.#leftColumns() - 2 - formatCount(longest).length);
  }

  /** @param heading what the strip shows; the scale is added to it */
  render(heading: (scale: string) => string, positions: number): string[] {
    const scale = fitScale(positions, this.#room);
    const lines = [
      paint(
        'strong',
        fitText(heading(describeScale(scale)), this.#style.columns, this.#style.unicode),
        this.#style,
      ),
    ];
    for (const i of this.#groups.keys()) lines.push(...this.#groupLines(i, scale));
    const indent = ' '.repeat(this.#leftColumns());
    for (const line of renderAxis(scale, this.#style.unicode)) {
      lines.push(paint('quiet', (indent + line).trimEnd(), this.#style));
    }
    return lines;
  }

  #groupLines(groupIndex: number, scale: Scale): string[] {
    const { order, spans } = this.#groups[groupIndex]!;
    const { users, hidden, gapAt } = this.#choice;
    const shares = laneShares(order, users, scale);
    const label = this.#labels[groupIndex]!;
    const lines: string[] = [];
    for (const [i, user] of users.entries()) {
      if (hidden > 0 && i === gapAt) lines.push(this.#gapLine());
      const tone = LANE_TONES[i % LANE_TONES.length]!;
      const left = this.#left(
        i === 0 ? paint('strong', label, this.#style) : ' '.repeat(textWidth(label)),
        this.#users[i]!,
      );
      lines.push(left + this.#lane(shares[i]!, spans.get(user), scale, tone));
    }
    return lines;
  }

  #lane(shares: Float64Array, span: UserSpan | undefined, scale: Scale, tone: Tone): string {
    if (span === undefined) return paint('quiet', '(none completed)', this.#style);
    const glyphs = laneGlyphs(this.#style);
    const ends = span.last <= scale.positions;
    const lastBucket = ends ? bucketOf(span.last, scale) : scale.buckets - 1;
    let cells = '';
    for (let bucket = 0; bucket <= lastBucket; ) {
      const waits = shares[bucket] === 0;
      let run = '';
      for (; bucket <= lastBucket && (shares[bucket] === 0) === waits; bucket++) {
        run += cell(shares[bucket]!, glyphs).repeat(scale.bucketColumns);
      }
      cells += paint(waits ? 'quiet' : tone, run, this.#style);
    }
    return `${cells}${ends ? glyphs.end : glyphs.later} ${formatCount(span.last)}`;
  }

  #gapLine(): string {
    const { unicode } = this.#style;
    const indent = this.#labels[0] === '' ? '' : ' '.repeat(textWidth(this.#labels[0]!) + 2);
    return paint(
      'quiet',
      `${indent}${unicode ? '…' : '...'} ${formatCount(this.#choice.hidden)} more users`,
      this.#style,
    );
  }

  #left(label: string, user: string): string {
    return label === '' ? `${user}  ` : `${label}  ${user}  `;
  }

  #leftColumns(): number {
    return textWidth(this.#left(this.#labels[0] ?? '', this.#users[0] ?? ''));
  }
}

function cell(share: number, { density, waiting }: LaneGlyphs): string {
  if (share === 0) return waiting;
  // However small a share is, it is something.
  return density[Math.max(1, Math.round(share * density.length)) - 1]!;
}

function padAll(texts: readonly string[]): string[] {
  const columns = Math.max(0, ...texts.map(textWidth));
  return texts.map((text) => padRight(text, columns));
}
