import { formatCount, formatDuration } from '../../../render/parts/numbers.js';
import type { Recent } from '../../../serve/overview/recent-schema.js';

/** How many tasks waited for how long: a bar for each step, with its number. */
export function Waits({ waits }: { readonly waits: Recent['waits'] }) {
  const most = Math.max(1, ...waits.map(({ tasks }) => tasks));
  return (
    <table class="waits">
      <caption class="unseen">tasks by how long they had waited</caption>
      <thead>
        <tr>
          <th scope="col">waited</th>
          <th scope="col">
            <span class="unseen">as a bar</span>
          </th>
          <th scope="col">tasks</th>
        </tr>
      </thead>
      <tbody>
        {waits.map(({ fromMs, belowMs, tasks }) => (
          <tr key={belowMs}>
            <th scope="row">
              {fromMs === 0 ? 'less than ' : `${formatDuration(fromMs)} to `}
              {formatDuration(belowMs)}
            </th>
            <td class="bars">
              <svg class="bar got" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
                <rect width={Math.round((1_000 * tasks) / most) / 10} height="8" />
              </svg>
            </td>
            <td>{formatCount(tasks)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
