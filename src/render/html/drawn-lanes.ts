import { type Scale as Buckets, bucketOf } from '../lanes/axis.js';
import { laneShares } from '../lanes/lane-cells.js';
import { CHOSEN_LANES, type LaneGroup, type LaneView, viewLanes } from '../lanes/lane-choice.js';
import { formatCount, formatTasks } from '../parts/numbers.js';
import { framed, LEFT, laneName, RIGHT, round, TOP, WIDTH } from './frame.js';
import { html, type Markup } from './markup.js';
import { countScale } from './scales.js';

const LANE = 16;
const GAP = 5;
const GROUP_GAP = 14;
const MOST_BUCKETS = 240;
const FEWEST_BUCKETS = 24;
/** A user that gets its turns shows in every cell, and the height of it says something. */
const TURNS_IN_A_BUCKET = 4;
const MOST_LANES = 40;

/** Who completed when: a lane for each user, one result under the other, and the beginning once more, larger. */
export function lanesSection(groups: readonly LaneGroup[]): Markup {
  const view = viewLanes(groups, Math.max(4, Math.floor(MOST_LANES / groups.length)));
  if (view.positions === 0) return html`<p>No task has completed.</p>`;
  const hidden =
    view.choice.hidden === 0
      ? ''
      : ` ${formatCount(view.choice.hidden)} more users have no lane here. Shown are ${CHOSEN_LANES}.`;
  return html`<p class="note">A lane for each user, from the first completion on the left to the last on the right. The height is the
user's part of what completed there; a lane ends with its last task.${hidden}</p>
<h3>${formatTasks(view.positions)} in the order of completion</h3>
${strip(view, view.positions)}
${view.zoom === null ? null : html`<h3>The first ${formatCount(view.zoom)} of them</h3>${strip(view, view.zoom)}`}`;
}

function strip({ groups, choice, positions: longest }: LaneView, positions: number): Markup {
  const { users, hidden, gapAt } = choice;
  const turns = Math.max(...groups.map(({ spans }) => spans.size)) * TURNS_IN_A_BUCKET;
  const cells = Math.max(FEWEST_BUCKETS, Math.min(MOST_BUCKETS, Math.floor(positions / turns)));
  const buckets: Buckets = { positions, buckets: Math.min(cells, positions), bucketColumns: 1 };
  const x = countScale(positions, LEFT, WIDTH - RIGHT, 6);
  const lanes: Markup[] = [];
  const drawn = groups.map((group) => {
    const shares = laneShares(group.order, users, buckets);
    return { ...group, shares, most: shares.reduce((most, lane) => Math.max(most, ...lane), 0) };
  });
  let y = TOP;
  for (const { label, spans, shares, most } of drawn) {
    if (label !== '') {
      lanes.push(html`<text class="group" x="4" y="${y + 12}">${label}</text>`);
      y += LANE;
    }
    for (const [i, user] of users.entries()) {
      if (hidden > 0 && i === gapAt) {
        lanes.push(
          html`<text class="tick" x="${LEFT - 8}" y="${y + 11}" text-anchor="end">… ${formatCount(hidden)} more</text>`,
        );
        y += LANE;
      }
      const span = spans.get(user);
      const end = span === undefined ? 0 : Math.min(span.last, positions);
      const last =
        span === undefined
          ? 'none completed'
          : `${formatCount(span.last)}${span.last > positions ? ' ▸' : ''}`;
      const tasks =
        span === undefined
          ? ''
          : `, ${formatTasks(span.tasks)}, the last as number ${formatCount(span.last)}`;
      lanes.push(html`<g><title>${user}${tasks}</title>
<rect class="lane" x="${LEFT}" y="${y}" width="${round(x.at(end) - LEFT)}" height="${LANE - 2}"/>
<path class="c${i % 3}" d="${lanePath(
        shares[i]!.map((share) => share / (most || 1)),
        end,
        buckets,
        x.at,
        y,
      )}"/>
<text class="name" x="${LEFT - 8}" y="${y + 11}" text-anchor="end">${laneName(user)}</text>
<text class="tick" x="${round(x.at(end) + 5)}" y="${y + 11}">${last}</text></g>`);
      y += LANE + GAP;
    }
    y += GROUP_GAP;
  }
  const description = groups
    .flatMap(({ label, spans }) =>
      users
        .slice(0, 6)
        .map(
          (user) =>
            `${label} ${user}: last of ${formatCount(longest)} completions at ${spans.get(user)?.last ?? 'none'}`,
        ),
    )
    .join('; ');
  const cell = formatTasks(positions / buckets.buckets);
  const heights = drawn
    .filter(({ most }) => most > 0 && most < 0.995)
    .map(
      ({ label, most }) => `${label === '' ? '' : `${label} `}${(most * 100).toFixed(most < 0.1 ? 1 : 0)} %`,
    );
  const scale = `A cell is about ${cell}${heights.length === 0 ? '' : `; of these the full height is ${heights.join(', ')}`}.`;
  return html`${framed({ description, height: y - TOP - GROUP_GAP, x }, html`${lanes}`)}<p class="note">${scale}</p>`;
}

/** One outline over all cells that are next to each other. */
function lanePath(
  shares: Float64Array,
  end: number,
  buckets: Buckets,
  at: (position: number) => number,
  top: number,
): string {
  const bottom = top + LANE - 2;
  const last = end === 0 ? -1 : bucketOf(end, buckets);
  let path = '';
  let isOpen = false;
  for (let bucket = 0; bucket <= last; bucket++) {
    const share = shares[bucket]!;
    const from = (bucket * buckets.positions) / buckets.buckets;
    if (share === 0) {
      if (isOpen) path += `V${bottom}Z`;
      isOpen = false;
      continue;
    }
    // However small a share is, it is something.
    const height = round(bottom - Math.max(1.5, share * (LANE - 2)));
    if (!isOpen) path += `M${round(at(from))} ${bottom}`;
    isOpen = true;
    const to = Math.min(end, ((bucket + 1) * buckets.positions) / buckets.buckets);
    path += `V${height}H${round(at(to))}`;
  }
  return isOpen ? `${path}V${bottom}Z` : path;
}
