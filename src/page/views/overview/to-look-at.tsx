import type { Live } from '../../../serve/live/live-views.js';
import { addressOf } from '../../base/route.js';
import { useMost } from '../../base/use-most.js';
import { Labels } from '../../parts/attention.js';
import { countText, shareText } from '../../parts/figures.js';
import { UserLink } from '../../parts/name.js';
import { oldestText, waitingText } from '../../parts/waiting.js';

/** The others are a step away. */
const MOST_SHOWN = 10;
const ROW_PIXELS = 34;

/** Users to look at, whoever waits for longest first. Its place never shrinks: what stands below stays where it is. */
export function ToLookAt({ users }: { readonly users: Live['attention'] }) {
  const shown = users.slice(0, MOST_SHOWN);
  const most = useMost(shown.length === 0 ? 0 : shown.length + 2);
  return (
    <section aria-labelledby="attention" style={{ minHeight: most * ROW_PIXELS }}>
      <h2 id="attention">To look at</h2>
      {shown.length === 0 ? (
        <p class="good">Nobody waits for long, and nobody is over or under the fair share.</p>
      ) : (
        <div class="scroll">
          <table class="rows">
            <thead>
              <tr>
                <th scope="col">user</th>
                <th scope="col" class="text">
                  why
                </th>
                <th scope="col">oldest wait</th>
                <th scope="col">waiting</th>
                <th scope="col" class="wide">
                  running
                </th>
                <th scope="col" class="wide">
                  got
                </th>
                <th scope="col" class="wide">
                  fair
                </th>
              </tr>
            </thead>
            <tbody>
              {shown.map((row) => (
                <tr key={row.user}>
                  <th scope="row">
                    <UserLink user={row.user} />
                  </th>
                  <td class="text">
                    <Labels of={row.attention} />
                  </td>
                  <td>{oldestText(row)}</td>
                  <td>{waitingText(row)}</td>
                  <td class="wide">{countText(row.running)}</td>
                  <td class="wide">{shareText(row.share)}</td>
                  <td class="wide">{shareText(row.fairShare)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {users.length > MOST_SHOWN && (
        <p>
          <a href={addressOf(['users'], { sort: 'attention' })}>All users, these first</a>
        </p>
      )}
    </section>
  );
}
