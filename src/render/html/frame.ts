import { safeText } from '../parts/safe-text.js';
import { fitText } from '../parts/text.js';
import { html, type Markup } from './markup.js';
import type { Scale } from './scales.js';

/** Units of the drawing: what is drawn is scaled to the width of the page. */
export const WIDTH = 960;
export const LEFT = 130;
export const RIGHT = 80;
export const TOP = 8;
const BOTTOM = 24;
const NAME_COLUMNS = 17;

export interface Frame {
  /** A sentence for those who do not see it. */
  readonly description: string;
  /** Without the axis. */
  readonly height: number;
  readonly x?: Scale;
  readonly y?: Scale;
}

/** A drawing with its axes, and thin lines where the marks are. */
export function framed({ description, height, x, y }: Frame, content: Markup): Markup {
  const bottom = TOP + height;
  const across = x?.ticks.map(
    ({
      at,
      label,
    }) => html`<line class="grid" x1="${round(at)}" x2="${round(at)}" y1="${TOP}" y2="${bottom}"/>
<text class="tick" x="${round(at)}" y="${bottom + 15}" text-anchor="middle">${label}</text>`,
  );
  const down = y?.ticks.map(
    ({
      at,
      label,
    }) => html`<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${round(at)}" y2="${round(at)}"/>
<text class="tick" x="${LEFT - 8}" y="${round(at + 4)}" text-anchor="end">${label}</text>`,
  );
  return html`<div class="drawing"><svg viewBox="0 0 ${WIDTH} ${bottom + (x ? BOTTOM : 4)}" role="img" aria-label="${description}">
${across ?? []}${down ?? []}${content}</svg></div>`;
}

/** A tenth of a unit is finer than any screen. */
export function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** A line through points; `0,0 5,1`. */
export function points(values: readonly (readonly [number, number])[]): string {
  return values.map(([x, y]) => `${round(x)},${round(y)}`).join(' ');
}

/** Of a user, as long as fits at the left of a drawing. */
export function laneName(user: string): string {
  return fitText(safeText(user), NAME_COLUMNS, true);
}

export interface LegendEntry {
  readonly label: string;
  /** A class that sets the colour. */
  readonly color: string;
  readonly isLine?: boolean;
}

export function legend(entries: readonly LegendEntry[]): Markup {
  const parts = entries.map(
    ({ label, color, isLine }) =>
      html`<li><svg class="key" viewBox="0 0 14 10" aria-hidden="true">${
        isLine
          ? html`<line class="line ${color}" x1="0" x2="14" y1="5" y2="5"/>`
          : html`<rect class="${color}" width="14" height="10"/>`
      }</svg>${label}</li>`,
  );
  return html`<ul class="legend">${parts}</ul>`;
}

/** Colours are told apart by every kind of colour vision (Okabe and Ito); the eighth is for all others. */
export const COLORS = 7;

export function colorOf(index: number): string {
  return index < 0 ? 'c-rest' : `c${index % COLORS}`;
}
