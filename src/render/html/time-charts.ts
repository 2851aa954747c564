import type { RunTimeline, Spread } from '../../core/measures/run-timeline.js';
import { formatCount } from '../parts/numbers.js';
import { COLORS, colorOf, framed, LEFT, legend, points, RIGHT, round, TOP, WIDTH } from './frame.js';
import { html, type Markup } from './markup.js';
import { clockScale, countScale, type Scale, timeScale } from './scales.js';

const HEIGHT = 150;
const PIECES = 60;
/** Of the largest lag: who is less behind is not named. */
const NAMED_FROM = 0.15;

export interface TimedResult {
  /** Empty where there is one alone. */
  readonly label: string;
  readonly timeline: RunTimeline;
  /** Microseconds since the epoch, where its axis is a clock; otherwise time counts from the first start. */
  readonly begin?: number | undefined;
}

function timeAxis(seconds: number, begin: number | undefined): Scale {
  return begin === undefined
    ? timeScale(seconds, LEFT, WIDTH - RIGHT)
    : clockScale(begin, seconds, LEFT, WIDTH - RIGHT);
}

/** How far users were ahead of their fair share or behind it: of many, what most of them come to, and the ends. */
export function spreadChart({ label, timeline, begin }: TimedResult): Markup {
  const { ends, spread } = timeline;
  const x = timeAxis(ends.at(-1) ?? 0, begin);
  const least = Math.min(0, ...spread.map((one) => one.least));
  const most = Math.max(0, ...spread.map((one) => one.most));
  const reach = Math.max(1, -least, most) * 1.05;
  const half = countScale(reach, TOP + HEIGHT / 2, TOP, 2);
  const at = (value: number) => half.at(value);
  const y: Scale = {
    at,
    ticks: [
      ...half.ticks.slice(1).map(({ at, label }) => ({ at: TOP + HEIGHT - (at - TOP), label: `-${label}` })),
      ...half.ticks,
    ],
  };
  const band = (low: (one: Spread) => number, high: (one: Spread) => number) =>
    points([
      ...spread.map((one, bin): [number, number] => [x.at(ends[bin]!), at(high(one))]),
      ...spread.map((one, bin): [number, number] => [x.at(ends[bin]!), at(low(one))]).reverse(),
    ]);
  const description = `${label} tasks that users were ahead of their fair share, or behind it: from ${least} to ${most}`;
  const all = band(
    (one) => one.least,
    (one) => one.most,
  );
  const nearly = band(
    (one) => one.p5,
    (one) => one.p95,
  );
  const middle = points(spread.map((one, bin): [number, number] => [x.at(ends[bin]!), at(one.p50)]));
  return html`<figure>${label === '' ? null : html`<figcaption>${label}</figcaption>`}
${framed(
  { description, height: HEIGHT, x, y },
  html`<polygon class="c-rest faint" points="${all}"/><polygon class="c4" points="${nearly}"/><polyline class="line ink" points="${middle}"/>`,
)}
${legend([
  { label: 'the user in the middle', color: 'ink', isLine: true },
  { label: 'nine in ten users', color: 'c4' },
  { label: 'all users', color: 'c-rest faint' },
])}</figure>`;
}

/** What part of the service each user had, and what would have been fair: everything that was started, from bottom to top. */
export function sharesChart({ label, timeline, begin }: TimedResult): Markup {
  const { ends, users, all } = inPiecesOfWork(timeline);
  const x = timeAxis(ends.at(-1) ?? 0, begin);
  const bottom = TOP + HEIGHT;
  const y: Scale = {
    at: (share) => bottom - share * HEIGHT,
    ticks: [0, 0.25, 0.5, 0.75, 1].map((share) => ({
      at: bottom - share * HEIGHT,
      label: `${share * 100} %`,
    })),
  };
  const shown = users.slice(0, COLORS);
  const below = ends.map(() => 0);
  const fairBelow = ends.map(() => 0);
  const areas: Markup[] = [];
  const lines: Markup[] = [];
  for (const [i, user] of shown.entries()) {
    const low = [...below];
    for (const [bin, total] of all.served.entries()) {
      if (total === 0) continue;
      below[bin]! += user.served[bin]! / total;
      fairBelow[bin]! += user.due[bin]! / total;
    }
    areas.push(
      html`<polygon class="${colorOf(i)}" points="${area(low, below, ends, x, y)}"><title>${user.user}</title></polygon>`,
    );
    if (i < shown.length - 1 || users.length > shown.length) {
      lines.push(
        html`<polyline class="fair" points="${points(
          steps(
            fairBelow.map((share) => Math.min(1, share)),
            ends,
            x,
            y,
          ),
        )}"/>`,
      );
    }
  }
  const rest = all.served.map((total) => (total === 0 ? 0 : 1));
  const others = below.some((share, bin) => rest[bin]! - share > 0.001);
  if (others)
    areas.push(
      html`<polygon class="c-rest" points="${area(below, rest, ends, x, y)}"><title>all other users</title></polygon>`,
    );
  const description = `${label} share of what was started over time`;
  return html`<figure>${label === '' ? null : html`<figcaption>${label}</figcaption>`}
${framed({ description, height: HEIGHT, x, y }, html`${areas}${lines}`)}
${legend([
  ...shown.map(({ user }, i) => ({ label: user, color: colorOf(i) })),
  ...(others ? [{ label: 'all other users', color: 'c-rest' }] : []),
  { label: 'where a fair share would end', color: 'fair', isLine: true },
])}</figure>`;
}

/**
 * Intervals put together until in each there is some work: tasks of no time come in bursts, and a share of
 * nothing is none.
 */
function inPiecesOfWork({ ends, users, all }: RunTimeline): Pick<RunTimeline, 'ends' | 'users' | 'all'> {
  const enough = all.served.reduce((sum, count) => sum + count, 0) / (2 * PIECES);
  const lasts: number[] = [];
  let sofar = 0;
  for (const [bin, count] of all.served.entries()) {
    sofar += count;
    if (sofar < enough && bin < ends.length - 1) continue;
    lasts.push(bin);
    sofar = 0;
  }
  const sums = (values: readonly number[]) =>
    lasts.map((last, i) => {
      const from = i === 0 ? 0 : lasts[i - 1]! + 1;
      return values.slice(from, last + 1).reduce((sum, value) => sum + value, 0);
    });
  return {
    ends: lasts.map((last) => ends[last]!),
    users: users.map((user) => ({ ...user, served: sums(user.served), due: sums(user.due) })),
    all: { ...all, served: sums(all.served) },
  };
}

function steps(values: readonly number[], ends: readonly number[], x: Scale, y: Scale): [number, number][] {
  return values.flatMap((value, bin): [number, number][] => [
    [x.at(bin === 0 ? 0 : ends[bin - 1]!), y.at(value)],
    [x.at(ends[bin]!), y.at(value)],
  ]);
}

function area(
  low: readonly number[],
  high: readonly number[],
  ends: readonly number[],
  x: Scale,
  y: Scale,
): string {
  return points([...steps(high, ends, x, y), ...steps(low, ends, x, y).reverse()]);
}

interface Series {
  readonly label: string;
  readonly color: string;
  readonly ends: readonly number[];
  readonly values: readonly number[];
}

/** Tasks that wait, of all users, or of some of them. */
export function backlogChart(results: readonly TimedResult[]): Markup {
  const series = results.flatMap(({ label, timeline }, i): Series[] =>
    results.length > 1
      ? [{ label, color: colorOf(i), ends: timeline.ends, values: timeline.all.backlog }]
      : [
          { label: 'all users', color: 'c-rest', ends: timeline.ends, values: timeline.all.backlog },
          ...timeline.users.slice(0, COLORS).map(({ user, backlog }, at) => ({
            label: user,
            color: colorOf(at),
            ends: timeline.ends,
            values: backlog,
          })),
        ],
  );
  return lineChart(series, { description: 'tasks that wait, over time', begin: results[0]?.begin });
}

/** What is known of lag over time. */
export interface LagResult extends Pick<TimedResult, 'label' | 'begin'> {
  readonly timeline: Pick<RunTimeline, 'ends' | 'lag' | 'lagUser'>;
  /** Which of all results it is, where not all are drawn. */
  readonly color?: number;
}

/** How far the user who is furthest behind its fair share is behind. */
export function lagChart(results: readonly LagResult[]): Markup {
  const series = results.map(({ label, timeline, color }, i) => ({
    label: label === '' ? 'largest lag' : label,
    color: colorOf(color ?? i),
    ends: timeline.ends,
    values: timeline.lag,
  }));
  const worst = results.map(({ timeline, color }, i) => ({
    ...worstOf(timeline),
    color: colorOf(color ?? i),
  }));
  const most = Math.max(0, ...worst.map(({ value }) => value));
  // At the bottom names would lie over each other.
  const marks = worst.filter(({ value }) => value >= NAMED_FROM * most);
  return lineChart(series, {
    description: 'largest lag of any user, in tasks, over time',
    begin: results[0]?.begin,
    marks,
  });
}

interface Mark {
  readonly seconds: number;
  readonly value: number;
  readonly text: string;
  readonly color: string;
}

function worstOf({ ends, lag, lagUser }: LagResult['timeline']): Omit<Mark, 'color'> {
  const most = Math.max(0, ...lag);
  const bin = lag.indexOf(most);
  const text = most < 10 ? most.toFixed(1) : formatCount(most);
  return { seconds: ends[bin] ?? 0, value: most, text: `${text}${lagUser[bin] ? ` (${lagUser[bin]})` : ''}` };
}

interface LineChart {
  readonly description: string;
  readonly begin: number | undefined;
  readonly marks?: readonly Mark[];
}

function lineChart(series: readonly Series[], { description, begin, marks = [] }: LineChart): Markup {
  const x = timeAxis(Math.max(0, ...series.map(({ ends }) => ends.at(-1) ?? 0)), begin);
  const y = countScale(Math.max(0, ...series.flatMap(({ values }) => values)) * 1.05, TOP + HEIGHT, TOP);
  const lines = series.map(
    ({ label, color, ends, values }) =>
      html`<polyline class="line ${color}" points="${points(values.map((value, bin): [number, number] => [x.at(ends[bin]!), y.at(value)]))}"><title>${label}</title></polyline>`,
  );
  const dots = marks
    .filter(({ value }) => value > 0)
    .map(({ seconds, value, text, color }) => {
      const at = x.at(seconds);
      const isRight = at > (LEFT + WIDTH - RIGHT) / 2;
      return html`<circle class="${color}" cx="${round(at)}" cy="${round(y.at(value))}" r="4"/>
<text class="mark" x="${round(at + (isRight ? -8 : 8))}" y="${round(Math.max(TOP + 10, y.at(value) + 4))}" text-anchor="${isRight ? 'end' : 'start'}">${text}</text>`;
    });
  return html`<figure>${framed({ description, height: HEIGHT, x, y }, html`${lines}${dots}`)}
${series.length > 1 ? legend(series.map(({ label, color }) => ({ label, color, isLine: true }))) : null}</figure>`;
}
