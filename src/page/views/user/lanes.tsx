import { formatCount, formatDuration, formatShare, formatTasks } from '../../../render/parts/numbers.js';
import { safeText } from '../../../render/parts/safe-text.js';
import type { Recent } from '../../../serve/overview/recent-schema.js';
import { Moment } from '../../parts/age.js';
import { UserLink } from '../../parts/name.js';

const HEIGHT = 16;
/** However small a share is, it is something. */
const LEAST = 1.5;

interface LanesProps {
  readonly meanwhile: NonNullable<Recent['meanwhile']>;
  readonly firstAt: string;
  readonly lastAt: string;
}

/** A lane for each user, as in a report: the height is the user's part of what ended at that time. */
export function Lanes({ meanwhile: { lanes, all, cellMs, completions }, firstAt, lastAt }: LanesProps) {
  const shares = lanes.map(({ cells }) => cells.map((ended, i) => (all[i] ? ended / all[i] : 0)));
  const most = Math.max(...shares.flat(), 0.001);
  return (
    <>
      <table class="lanes">
        <caption class="unseen">
          parts of what ended, of {formatTasks(completions)}, in {all.length} steps of{' '}
          {formatDuration(cellMs)}
        </caption>
        <colgroup>
          <col class="whose" />
          <col />
          <col class="count" />
        </colgroup>
        <tbody>
          {lanes.map(({ user, completions: ended, cells }, i) => (
            <tr key={user}>
              <th scope="row">
                <UserLink user={user} />
              </th>
              <td class="drawn">
                <svg
                  class={`lane c${i % 3}`}
                  viewBox={`0 0 ${cells.length} ${HEIGHT}`}
                  preserveAspectRatio="none"
                  role="img"
                  aria-label={laneText(user, ended, completions, cells)}
                >
                  <path d={pathOf(shares[i]!, most)} />
                </svg>
              </td>
              <td>{formatCount(ended)}</td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <td />
            <td class="ends">
              <Moment at={firstAt} />
              <Moment at={lastAt} />
            </td>
            <td />
          </tr>
        </tfoot>
      </table>
      <p class="quiet">
        From the first task that ended of this user to the last. The full height is {formatShare(most)} of
        what ended in {formatDuration(cellMs)}.
      </p>
    </>
  );
}

function laneText(user: string, ended: number, all: number, cells: readonly number[]): string {
  const served = cells.filter((count) => count > 0).length;
  return `${safeText(user)}: ${formatTasks(ended)} of ${formatCount(all)}, in ${served} of ${cells.length} steps of the time`;
}

/** One outline over all cells that are next to each other. */
function pathOf(shares: readonly number[], most: number): string {
  let path = '';
  let isOpen = false;
  for (const [i, share] of shares.entries()) {
    if (share === 0) {
      if (isOpen) path += `V${HEIGHT}Z`;
      isOpen = false;
      continue;
    }
    if (!isOpen) path += `M${i} ${HEIGHT}`;
    isOpen = true;
    const top = HEIGHT - Math.max(LEAST, (share / most) * HEIGHT);
    path += `V${Math.round(10 * top) / 10}H${i + 1}`;
  }
  return isOpen ? `${path}V${HEIGHT}Z` : path;
}
