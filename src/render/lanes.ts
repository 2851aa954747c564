import type { CompletionOrder } from '../core/report.js';
import { roundUp } from './axis.js';
import { chooseLanes, type LaneGroup, userSpans } from './lane-choice.js';
import { LaneStrips, laneGlyphs, type StripGroup } from './lane-strip.js';
import { formatCount, formatTasks } from './numbers.js';
import { paint, type TextStyle } from './style.js';
import { wrapParts } from './text.js';

/** More do not fit on a screen together with the rest of a report. */
const MAX_LANES = 12;
const MAX_LANES_OF_ALL = 18;
/** A first finish within this part of the picture is drawn again, larger. */
const ZOOM_BELOW = 0.2;

/**
 * Who was served when: a lane for each user, and from left to right the completions of the run. The
 * height of a cell is the user's share of the completions there. A lane stops at the user's last task.
 */
export function renderLanes(order: CompletionOrder, style: TextStyle): string {
  return draw([{ label: '', order }], MAX_LANES, style);
}

/** The same for several runs, one under the other on a common axis. */
export function renderComparison(groups: readonly LaneGroup[], style: TextStyle): string {
  return draw(groups, Math.max(2, Math.floor(MAX_LANES_OF_ALL / Math.max(1, groups.length))), style);
}

function draw(lanes: readonly LaneGroup[], mostUsers: number, style: TextStyle): string {
  const groups = lanes.map((group) => ({ ...group, spans: userSpans(group.order) }));
  const positions = Math.max(0, ...groups.map(({ order }) => order.order.length));
  if (positions === 0) return paint('quiet', 'No task has completed yet.', style);
  const all = [...new Set(groups.flatMap(({ order }) => order.users))];
  const choice = chooseLanes(
    groups.map(({ spans }) => spans),
    all,
    mostUsers,
  );

  const strips = new LaneStrips(groups, choice, style);
  const whole = `${formatTasks(positions)} in the order of completion`;
  const lines = strips.render((scale) => `${whole} (${scale})`, positions);
  const zoom = choice.hidden === 0 ? zoomTo(groups, positions) : null;
  if (zoom !== null) {
    lines.push('', ...strips.render((scale) => `The first ${formatCount(zoom)} of them (${scale})`, zoom));
  }
  const { density, waiting, end, later } = laneGlyphs(style);
  const legend = [
    `${density.at(-1)} every task here`,
    `${density[3]} half of them`,
    `${waiting} its tasks come later`,
    `${end} its last task`,
    ...(zoom === null ? [] : [`${later} its last task, further on`]),
  ];
  if (choice.hidden > 0)
    legend.push('users: whose last task came latest, and earliest, for their number of tasks');
  lines.push(...wrapParts(legend, '   ', style).map((line) => paint('quiet', line, style)));
  return lines.join('\n');
}

/** Twice as far as the first user to finish, where that is too early to be seen on the whole. */
function zoomTo(groups: readonly StripGroup[], positions: number): number | null {
  const firstFinish = Math.min(...groups.flatMap(({ spans }) => [...spans.values()].map(({ last }) => last)));
  const zoom = roundUp(2 * firstFinish);
  return zoom <= positions * ZOOM_BELOW ? zoom : null;
}
