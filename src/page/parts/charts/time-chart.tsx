import type { ComponentChildren, TargetedKeyboardEvent, TargetedPointerEvent } from 'preact';
import { useId, useState } from 'preact/hooks';
import type { Scale } from '../../../render/html/scales.js';
import { clockMarks, clockText, lastKnown, mostOf, pathOf, type Steps, type TimedSeries } from './timed.js';
import { useWidth } from './use-width.js';

const FIRST_WIDTH = 336;
const HEIGHT = 150;
const LEFT = 66;
const RIGHT = 10;
const TOP = 8;
const BOTTOM = 22;
/** Room for the time below the chart. */
const MARK_WIDTH = 48;
/** Steps of a larger move. */
const PAGE = 6;

interface TimeChartProps {
  readonly title: string;
  readonly steps: Steps;
  /** Two at most: the second is drawn in dashes. */
  readonly series: readonly TimedSeries[];
  readonly scaleOf: (most: number, from: number, to: number) => Scale;
  readonly textOf: (value: number) => string;
  /** Steps before this one are not known. */
  readonly knownFrom: number;
  /** What is to be said of a step beside its figures: as it is shown, and as text. */
  readonly more?: (step: number) => { readonly shown: ComponentChildren; readonly text: string } | undefined;
}

/** Lines over time. A pointer, or the keys ← and →, choose a step; the figures of it stand above. */
export function TimeChart({ title, steps, series, scaleOf, textOf, knownFrom, more }: TimeChartProps) {
  const [box, width] = useWidth<HTMLDivElement>(FIRST_WIDTH);
  const [chosen, setChosen] = useState<number>();
  const summary = useId();
  const { fromMs, stepMs, count } = steps;
  const last = lastKnown(series);
  const at = Math.min(chosen ?? last ?? count - 1, count - 1);
  const most = Math.max(0, ...series.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const bottom = HEIGHT - BOTTOM;
  const y = scaleOf(most * 1.05, bottom, TOP);
  const right = Math.max(LEFT + 1, width - RIGHT);
  const x = (step: number) => LEFT + ((right - LEFT) * (step + 0.5)) / count;
  const said = (step: number, value: number | null | undefined) =>
    value === null || value === undefined ? (step < knownFrom ? 'not known' : 'none') : textOf(value);
  const texts = series.map(({ label, values }) => `${label} ${said(at, values[at])}`);
  const extra = more?.(at);
  const when = clockText(fromMs + at * stepMs, true);
  const move = (event: TargetedPointerEvent<HTMLDivElement>) => {
    const { left } = event.currentTarget.getBoundingClientRect();
    const step = Math.floor(((event.clientX - left - LEFT) / (right - LEFT)) * count);
    setChosen(Math.max(0, Math.min(count - 1, step)));
  };
  const press = (event: TargetedKeyboardEvent<HTMLDivElement>) => {
    const to = moved(event.key, at, count);
    if (to === undefined) return;
    event.preventDefault();
    setChosen(to);
  };
  return (
    <figure class="chart">
      <figcaption>
        <h3>{title}</h3>
        <p class="readout">
          <time class="piece quiet">{when}</time>
          {series.map(({ label }, i) => (
            <span class="piece" key={label}>
              <svg class="sample" viewBox="0 0 20 8" aria-hidden="true">
                <path class={`line s${i}`} d="M1 4H19" />
              </svg>{' '}
              {texts[i]}
            </span>
          ))}
          {extra && <span class="piece">{extra.shown}</span>}
        </p>
      </figcaption>
      <div
        ref={box}
        class="plot"
        role="slider"
        tabIndex={0}
        aria-label={`${title}: moments of the last hour`}
        aria-valuemin={0}
        aria-valuemax={count - 1}
        aria-valuenow={at}
        aria-valuetext={[when, ...texts, ...(extra ? [extra.text] : [])].join(', ')}
        aria-describedby={summary}
        onPointerMove={move}
        onPointerDown={move}
        onPointerLeave={() => setChosen(undefined)}
        onKeyDown={press}
        onBlur={() => setChosen(undefined)}
      >
        <svg width={width} height={HEIGHT} viewBox={`0 0 ${width} ${HEIGHT}`} aria-hidden="true">
          {y.ticks.map(({ at, label }) => (
            <g key={label}>
              <path class="grid" d={`M${LEFT} ${at}H${right}`} />
              <text x={LEFT - 6} y={at + 4} text-anchor="end">
                {label}
              </text>
            </g>
          ))}
          {clockMarks(steps, (right - LEFT) / MARK_WIDTH).map((ms) => {
            const mark = LEFT + ((right - LEFT) * (ms - fromMs)) / (count * stepMs);
            return (
              <g key={ms}>
                <path class="grid" d={`M${mark} ${bottom}v4`} />
                <text x={mark} y={HEIGHT - 5} text-anchor="middle">
                  {mark + MARK_WIDTH / 2 > width ? '' : clockText(ms)}
                </text>
              </g>
            );
          })}
          <Unknown from={LEFT} to={LEFT + ((right - LEFT) * knownFrom) / count} bottom={bottom} />
          {series.map(({ label, values }, i) => (
            <path key={label} class={`line s${i}`} d={pathOf(values, x, y.at)} />
          ))}
          {chosen !== undefined && (
            <g>
              <path class="cursor" d={`M${x(at)} ${TOP}V${bottom}`} />
              {series.map(({ label, values }, i) => {
                const value = values[at];
                return value === null || value === undefined ? null : (
                  <circle key={label} class={`s${i}`} cx={x(at)} cy={y.at(value)} r="4" />
                );
              })}
            </g>
          )}
        </svg>
      </div>
      <p id={summary} class="summary">
        {series.map(({ label, values }) => summaryOf(label, values, steps, textOf)).join(' ')}
      </p>
    </figure>
  );
}

/** The part of the time of which nothing is known. */
function Unknown({
  from,
  to,
  bottom,
}: {
  readonly from: number;
  readonly to: number;
  readonly bottom: number;
}) {
  if (to - from < 1) return null;
  return (
    <g>
      <rect class="unknown" x={from} y={TOP} width={to - from} height={bottom - TOP} />
      {to - from > 90 && (
        <text x={(from + to) / 2} y={(TOP + bottom) / 2} text-anchor="middle">
          not known
        </text>
      )}
    </g>
  );
}

function moved(key: string, at: number, count: number): number | undefined {
  const to = {
    ArrowLeft: at - 1,
    ArrowRight: at + 1,
    PageUp: at + PAGE,
    PageDown: at - PAGE,
    Home: 0,
    End: count - 1,
  }[key];
  return to === undefined ? undefined : Math.max(0, Math.min(count - 1, to));
}

/** What the line says, in words. */
function summaryOf(
  label: string,
  values: readonly (number | null)[],
  { fromMs, stepMs }: Steps,
  textOf: (value: number) => string,
): string {
  const most = mostOf(values);
  if (most === undefined) return `${label}: nothing yet.`;
  const last = values[lastKnown([{ label, values }])!]!;
  return `${label}: ${textOf(last)} at last, at most ${textOf(values[most]!)} at ${clockText(fromMs + most * stepMs)}.`;
}
