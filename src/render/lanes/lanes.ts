import type { CompletionOrder } from '../../core/reports/run-report.js';
import { formatCount, formatTasks } from '../parts/numbers.js';
import { paint, type TextStyle } from '../parts/style.js';
import { wrapParts, wrapText } from '../parts/text.js';
import { CHOSEN_LANES, type LaneGroup, viewLanes } from './lane-choice.js';
import { LaneStrips, laneGlyphs } from './lane-strip.js';

/** More do not fit on a screen together with the rest of a report. */
const MAX_LANES = 12;
const MAX_LANES_OF_ALL = 18;

/**
 * Who was served when: a lane for each user, and from left to right the completions of the run. The
 * height of a cell is the user's share of the completions there. A lane stops at the user's last task.
 */
export function renderLanes(
  order: CompletionOrder,
  style: TextStyle,
  { users, failing }: Pick<LaneGroup, 'users' | 'failing'> = {},
): string {
  return draw([{ label: '', order, users, failing }], MAX_LANES, style);
}

/** The same for several runs, one under the other on a common axis. */
export function renderComparison(groups: readonly LaneGroup[], style: TextStyle): string {
  return draw(groups, Math.max(2, Math.floor(MAX_LANES_OF_ALL / Math.max(1, groups.length))), style);
}

function draw(lanes: readonly LaneGroup[], mostUsers: number, style: TextStyle): string {
  const { groups, choice, positions, zoom } = viewLanes(lanes, mostUsers);
  if (positions === 0) return paint('quiet', 'No task has completed yet.', style);
  const strips = new LaneStrips(groups, choice, style);
  const whole = `${formatTasks(positions)} in the order of completion`;
  const lines = strips.render((scale) => `${whole} (${scale})`, positions);
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
  const chosen = choice.hidden > 0 ? wrapText(`Users shown: ${CHOSEN_LANES}.`, style) : [];
  const below = [...wrapParts(legend, '   ', style), ...chosen];
  lines.push(...below.map((line) => paint('quiet', line, style)));
  return lines.join('\n');
}
