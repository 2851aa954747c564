/** Figures over time, in steps of the same length. */
export interface TimedSeries {
  readonly label: string;
  /** One for each step; null where there is none. */
  readonly values: readonly (number | null)[];
}

/** When a step begins, and how long each is; milliseconds since the epoch, and milliseconds. */
export interface Steps {
  readonly fromMs: number;
  readonly stepMs: number;
  readonly count: number;
}

const MINUTE_MS = 60_000;

/** A line through the values, with a hole wherever there is none. A value between two holes is a point. */
export function pathOf(
  values: readonly (number | null)[],
  x: (step: number) => number,
  y: (value: number) => number,
): string {
  let path = '';
  let isDown = false;
  for (const [step, value] of values.entries()) {
    if (value === null) {
      isDown = false;
      continue;
    }
    const at = `${tenth(x(step))} ${tenth(y(value))}`;
    path += isDown ? `L${at}` : `M${at}h0`;
    isDown = true;
  }
  return path;
}

/** Round moments of the clock of who looks, with enough room for each. */
export function clockMarks({ fromMs, stepMs, count }: Steps, most: number): number[] {
  const toMs = fromMs + count * stepMs;
  const minutes = [5, 10, 15, 20, 30].find((one) => (toMs - fromMs) / (one * MINUTE_MS) <= most) ?? 60;
  const every = minutes * MINUTE_MS;
  const marks: number[] = [];
  for (let at = Math.ceil(fromMs / every) * every; at <= toMs; at += every) marks.push(at);
  return marks;
}

export function clockText(ms: number, withSeconds = false): string {
  const digits = '2-digit';
  return new Date(ms).toLocaleTimeString([], {
    hour: digits,
    minute: digits,
    hourCycle: 'h23', // short, on an axis
    ...(withSeconds && { second: digits }),
  });
}

/** The last step that has a value of any series; undefined where none has. */
export function lastKnown(series: readonly TimedSeries[]): number | undefined {
  const last = Math.max(-1, ...series.map(({ values }) => values.findLastIndex((value) => value !== null)));
  return last < 0 ? undefined : last;
}

/** The step with the largest value; undefined where there is none. */
export function mostOf(values: readonly (number | null)[]): number | undefined {
  let most: number | undefined;
  for (const [step, value] of values.entries()) {
    if (value !== null && (most === undefined || value > values[most]!)) most = step;
  }
  return most;
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10;
}
